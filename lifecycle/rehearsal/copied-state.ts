import { posix } from "node:path";
import type { StatePlace, StatePlaces } from "../../config/state-places.ts";
import { compareKeys, configurationFile, keysOf } from "../checks/configuration.ts";
import { parsedJson5 } from "../checks/json5.ts";
import type { StateChanges } from "../evidence/rehearsal-parts.ts";
import { parseScriptReport, pathInState } from "../snapshot/markers.ts";
import { runScript } from "../snapshot/repository.ts";
import type { WorkloadContext } from "../workload.ts";

/** By key path, see `keysOf`; undefined: there is none, or it can't be read. The values stay in memory. */
export type CopiedConfiguration = ReadonlyMap<string, string> | undefined;

const readDeadline = 60;

/** @param environment - of what is started on the copy, `NAME=value`: it may say where the configuration is. */
export async function readCopiedConfiguration(
  { platform, workload }: WorkloadContext,
  copy: StatePlaces,
  environment: readonly string[],
): Promise<CopiedConfiguration> {
  const file = configurationFile(environment, workload.mount);
  const place = placeWith(copy, file);
  if (workload.track === "control-plane" || place === undefined) return undefined;
  const path = posix.relative(place.at, file);
  const { exitCode, stdout } = await platform.job({
    workload: workload.name,
    purpose: "look at the copied configuration",
    image: workload.snapshots.image,
    argv: ["cat", "--", `/state/${path}`],
    places: [{ from: place.from, at: "/state", readOnly: true }],
    unlogged: true,
    deadline: readDeadline,
  });
  const content = exitCode === 0 ? parsedJson5(stdout) : undefined;
  return typeof content === "object" && content !== null ? keysOf(content) : undefined;
}

/** Of places one inside of the other, the inner one has it. */
function placeWith(places: StatePlaces, file: string): StatePlace | undefined {
  return places
    .filter(({ at }) => !posix.relative(at, file).startsWith(".."))
    .toSorted((one, other) => other.at.length - one.at.length)[0];
}

export function configurationChanges(
  before: CopiedConfiguration,
  after: CopiedConfiguration = new Map(),
): StateChanges["configuration"] {
  return before === undefined
    ? { gone: [], changed: [] }
    : compareKeys([...before.keys()], after, (path) => before.get(path) === after.get(path));
}

/** Against the snapshot that it was made from: all files of the copy in bytes, and the paths of those that are gone. */
export async function filesOf(
  context: WorkloadContext,
  copy: StatePlaces,
  snapshot: string,
): Promise<{ bytes: number; gone: string[] }> {
  const { stdout } = await runScript(context, {
    script: "what-changed",
    purpose: "look at what the new version has changed",
    state: "read-only",
    copy,
    arguments: [snapshot],
  });
  const gone = /^gone\t(.*)$/m.exec(stdout)?.[1] ?? "";
  return {
    bytes: parseScriptReport(stdout).numbers["state-bytes"] ?? 0,
    gone: Buffer.from(gone, "base64")
      .toString("utf8")
      .split("\n")
      .filter((path) => path !== "")
      .map(pathInState),
  };
}
