import { readFile } from "node:fs/promises";
import type Docker from "dockerode";
import type { InstanceRoom, InstanceState } from "../control-plane.ts";
import { runOneShot } from "../docker/one-shot.ts";
import { OperationFailure } from "../failure.ts";
import { lookOf } from "../platform.ts";

/** Seconds; `du` reads a whole state. */
const deadline = 300;

export async function measureRoom(
  docker: Docker,
  instance: string,
  { statePath, tools }: InstanceState,
): Promise<InstanceRoom> {
  const script = await readFile(new URL("./room.sh", import.meta.url), "utf8");
  const { exitCode, stdout, stderr } = await runOneShot(docker, {
    workload: lookOf(instance),
    purpose: "look at free space",
    image: tools,
    argv: ["bash", "-c", script, "room", statePath],
    volumesFrom: [`${instance}:ro`],
    deadline,
  });
  const numbers = stdout.trim().split(/\s+/).map(Number);
  const [stateFree, stateDevice, dockerFree, dockerDevice, stateUsed] = numbers;
  if (
    exitCode !== 0 ||
    stateFree === undefined ||
    stateDevice === undefined ||
    dockerFree === undefined ||
    dockerDevice === undefined ||
    stateUsed === undefined
  ) {
    throw new OperationFailure(
      `how much room there is for the state of ${instance} could not be seen, and nothing was stopped: ${stderr.trim() || stdout.trim()}`,
    );
  }
  return {
    free: { state: stateFree, docker: dockerFree },
    device: { state: stateDevice, docker: dockerDevice },
    stateUsed,
  };
}
