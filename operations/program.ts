import { controlPlanePasswordVariable, passwordVariable, tokenVariable } from "../config/contract.ts";
import { refuseRehearsal } from "../lifecycle/clock.ts";
import { tellFailure, voiceOf } from "../lifecycle/events.ts";
import { EvidenceFailure } from "../lifecycle/evidence/failure.ts";
import { withManagedToken } from "../lifecycle/managed/gateway-token.ts";
import {
  logOf,
  type OperationSecrets,
  type WorkloadContext,
  type WorkloadTask,
} from "../lifecycle/workload.ts";
import { OperationFailure, reportOf } from "../platforms/failure.ts";
import { controlPlaneOf, platformOf } from "../platforms/of-stack.ts";
import type { Platform } from "../platforms/platform.ts";
import { KamalProxy } from "../platforms/proxies/kamal/proxy.ts";
import { startedByHand, taskOfInput } from "./task-input.ts";

export function contextOf(task: WorkloadTask, secrets: OperationSecrets): WorkloadContext {
  const { workload } = task;
  // The program of the stack has looked at all that runs before it has anything started.
  const platform = platformOf(workload, { answers: true });
  const access = workload.controlPlane && {
    ...workload.controlPlane,
    password: secrets.controlPlanePassword,
    image: workload.snapshots.image,
    workload: workload.name,
  };
  return {
    workload,
    secrets,
    platform,
    proxy: workload.ingress && new KamalProxy(platform, workload.ingress.container),
    controlPlane: access && controlPlaneOf(workload, access, platform),
    log: logOf(workload),
    ...voiceOf(workload.name, (line) => process.stderr.write(line)),
  };
}

/**
 * The main of an operation: its task by standard input, short secrets by environment, progress on standard error, one JSON document on standard output;
 * exit code 1 with a sentence when it fails.
 */
export async function runProgram(
  operation: (context: WorkloadContext, task: WorkloadTask) => Promise<unknown>,
): Promise<void> {
  outliveListener();
  let platform: Platform | undefined;
  let name = "";
  try {
    const task = await taskOfInput();
    ({ name } = task.workload);
    refuseRehearsal(task.workload.rehearsal === true);
    const context = contextOf(task, {
      snapshotPassword: required(passwordVariable),
      gatewayToken: required(tokenVariable),
      controlPlanePassword: process.env[controlPlanePasswordVariable] ?? "",
    });
    ({ platform } = context);
    const { putOff } = task;
    const result =
      putOff === undefined
        ? await operation(await withManagedToken(context), task)
        : passOver(context, putOff);
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } catch (error) {
    const reported = platform === undefined ? error : platform.explain(error);
    const sentence = reported instanceof EvidenceFailure ? reported.message : reportOf(reported);
    tellFailure(name, sentence);
    process.stderr.write(`${sentence}\n`);
    process.exitCode = 1;
  }
}

function passOver({ workload, progress }: WorkloadContext, putOff: string): object {
  progress(`nothing is checked in this run: it ${putOff}, and a way back waits for nothing else`);
  return { workload: workload.name, putOff };
}

/**
 * Whoever reads the output may be killed. The operation goes on to its end all the same: a write to a closed pipe would
 * end it at once, with the workload stopped and nobody to start it again.
 */
function outliveListener(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", () => {});
  }
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new OperationFailure(startedByHand(`${name} is not set`));
  }
  return value;
}
