import { isObject, notKnown, propertiesOf, type Reached, read } from "./guarded-read.ts";
import { reportPlain } from "./plain-secrets.ts";
import { plainIn, plainLines } from "./plain-values.ts";
import { below, type Inspection } from "./privilege.ts";

/** Where a resource of Docker's has options by name, beside its environment. */
const optionMaps: Readonly<Record<string, readonly string[]>> = {
  "docker:index/container:Container": ["logOpts", "storageOpts", "mounts[].volumeOptions.driverOptions"],
  "docker:index/service:Service": [
    "taskSpec.logDriver.options",
    "taskSpec.containerSpec.mounts[].volumeOptions.driverOptions",
  ],
  "docker:index/volume:Volume": ["driverOpts"],
  "docker:index/network:Network": ["options", "ipamOptions"],
  "docker:index/buildxBuilder:BuildxBuilder": ["driverOptions"],
};

/** Where one has texts that stand in files of its containers. */
const fileTexts: Readonly<Record<string, readonly { path: string; isEncoded: boolean }[]>> = {
  "docker:index/serviceConfig:ServiceConfig": [
    { path: "data", isEncoded: true },
    { path: "dataRaw", isEncoded: false },
  ],
};

interface Judged {
  type: string;
  props: object;
  /** Whether the value at a path is a secret of the engine's. */
  isMarked: (path: string) => boolean;
  /** What to write instead. */
  write: string;
}

/** Secrets in plain in the options of drivers and in the files that the engine hands to a service. */
export function inspectPlainOptions(inspection: Inspection, judged: Judged): void {
  const whole = { path: "", value: judged.props };
  for (const path of optionMaps[judged.type] ?? [])
    for (const options of below(whole, path)) inspectOptions(inspection, judged, options);
  for (const { path, isEncoded } of fileTexts[judged.type] ?? [])
    for (const text of below(whole, path)) inspectFile(inspection, judged, text, isEncoded);
}

function inspectOptions(inspection: Inspection, judged: Judged, { path, value }: Reached): void {
  if (value === notKnown && !judged.isMarked(path)) inspection.reportUnknownEntry(path);
  if (!isObject(value)) return;
  for (const { key, ...option } of propertiesOf(value, path)) inspectOption(inspection, judged, key, option);
}

/** A mount's options are one text: `addr=10.0.0.1,username=ann,password=…`. */
function inspectOption(inspection: Inspection, judged: Judged, key: string, { path, value }: Reached): void {
  const { isMarked, write } = judged;
  if (isMarked(path)) return;
  if (value === notKnown) inspection.reportUnknownEntry(path);
  if (typeof value !== "string") return;
  const parts = key === "o" ? value.split(",").map(assigned) : [{ name: key, value }];
  for (const each of parts) {
    const part = plainIn(each);
    if (part !== undefined) reportPlain(inspection, path, { name: each.name, part, write });
  }
}

function assigned(text: string): { name: string; value: string } {
  const [name = "", ...value] = text.split("=");
  return { name, value: value.join("=") };
}

function inspectFile(
  inspection: Inspection,
  { isMarked }: Judged,
  { path, value }: Reached,
  isEncoded: boolean,
): void {
  if (isMarked(path)) return;
  if (value === notKnown) inspection.reportUnknownEntry(path);
  if (typeof value !== "string") return;
  const text = isEncoded ? Buffer.from(value, "base64").toString("utf8") : value;
  // Whoever may list the objects of a swarm reads its configs; a mark of the engine's does not reach it.
  for (const { line, key } of plainLines(text))
    reportPlain(inspection, `${path} line ${line}`, { name: key, part: "secret", write: asSwarmSecret });
}

const asSwarmSecret =
  "it into a Secret of the swarm, with a value that is a secret of the stack's configuration";

/** A secret of a swarm is none in the engine's state unless its own value is marked. */
export function plainSwarmSecret(props: object, isMarked: (path: string) => boolean): string[] {
  return ["data", "dataRaw"].filter((key) => (read(props, key) ?? "") !== "" && !isMarked(key));
}
