import { readFile } from "node:fs/promises";
import { OperationFailure } from "../../platforms/failure.ts";
import { statePlaces, type WorkloadContext } from "../workload.ts";
import { parseScriptReport } from "./markers.ts";
import { furtherPlace } from "./repository.ts";

const scripts = new URL("./scripts/", import.meta.url);

/**
 * Removes the locks that a killed gateway has left in its state, in whichever of its places: they name its process by a number that is alive again
 * in the next container, which then refuses to start. The caller has made sure that nothing has the state open. Returns
 * their paths.
 */
export async function dropGatewayLocks({
  platform,
  workload,
}: Pick<WorkloadContext, "platform" | "workload">): Promise<string[]> {
  const [main, ...further] = statePlaces(workload);
  const [library, script] = await Promise.all(
    ["library", "drop-locks"].map((part) => readFile(new URL(`${part}.sh`, scripts), "utf8")),
  );
  const { exitCode, stdout, stderr } = await platform.job({
    workload: `${workload.name}/locks`,
    purpose: "removal of left-over locks",
    image: workload.snapshots.image,
    argv: ["bash", "-c", `${library}\n${script}`, "drop-locks"],
    places: [
      { from: main.from, at: "/state", readOnly: false, onlyIfThere: true },
      ...further.map((place) => furtherPlace("/places", place, false)),
    ],
    environment: { STATE_MOUNT: workload.mount },
    deadline: 60,
  });
  if (exitCode !== 0) {
    throw new OperationFailure(`left-over locks in its state could not be removed: ${stderr.trim()}`);
  }
  return parseScriptReport(stdout).locks;
}

export function describeLocks(locks: readonly string[]): string {
  return `the gateway did not end by itself and has left ${locks.join(", ")} in its state: removed, else the next one would not start`;
}
