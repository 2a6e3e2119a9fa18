import { posix } from "node:path";
import type { StateLocation } from "../../config/rollout.ts";
import { compareKeys, configurationFile, keysOf } from "../checks/configuration.ts";
import { parsedJson5 } from "../checks/json5.ts";
import type { StateChanges } from "../evidence/rehearsal-parts.ts";
import { parseScriptReport } from "../snapshot/markers.ts";
import { runScript } from "../snapshot/repository.ts";
import type { WorkloadContext } from "../workload.ts";

/** By key path, see `keysOf`; undefined: there is none, or it can't be read. The values stay in memory. */
export type CopiedConfiguration = ReadonlyMap<string, string> | undefined;

const readDeadline = 60;

/** @param environment - of what is started on the copy, `NAME=value`: it may say where the configuration is. */
export async function readCopiedConfiguration(
  { platform, workload }: WorkloadContext,
  copy: StateLocation,
  environment: readonly string[],
): Promise<CopiedConfiguration> {
  const path = posix.relative(workload.mount, configurationFile(environment, workload.mount));
  if (workload.track === "control-plane" || path.startsWith("..")) return undefined;
  const { exitCode, stdout } = await platform.job({
    workload: workload.name,
    purpose: "look at the copied configuration",
    image: workload.snapshots.image,
    argv: ["cat", "--", `/state/${path}`],
    places: [{ from: copy, at: "/state", readOnly: true }],
    unlogged: true,
    deadline: readDeadline,
  });
  const content = exitCode === 0 ? parsedJson5(stdout) : undefined;
  return typeof content === "object" && content !== null ? keysOf(content) : undefined;
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
  copy: StateLocation,
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
      .filter((path) => path !== ""),
  };
}
