/*
 * What passes between the Pulumi program and the programs that its commands and hooks start: one list for those who write
 * it and those who read it. The task goes by standard input, because the system limits how long one environment variable
 * may be (128 KiB on Linux) and a task grows with its wave. Variables are for what is short.
 */

/** The programs in operations/ that resources run. */
export type OperationName =
  | "prepare"
  | "cut-over"
  | "replace"
  | "restore"
  | "make"
  | "gate"
  | "verify"
  | "serve"
  | "give-up-adoption"
  | "fall-back"
  | "tell-end"
  | "prepare-managed"
  | "move-managed"
  | "bake"
  | "default-image";

/** Relative to the project, so that a checkout elsewhere changes nothing. It stands in people's state. */
export function programPath(program: OperationName): string {
  return `operations/${program}.ts`;
}

/** What runs in place of a program whose inputs have changed and whose triggers have not. */
export const keepResultPath = "operations/keep-result.ts";

/** `<stack>/<workload>`: whose program a process is, for those who look at the processes of this machine. */
export const workloadVariable = "CLAWFORCE_WORKLOAD_OF";
export const passwordVariable = "CLAWFORCE_SNAPSHOT_PASSWORD";
export const tokenVariable = "CLAWFORCE_GATEWAY_TOKEN";
export const controlPlanePasswordVariable = "CLAWFORCE_CONTROL_PLANE_PASSWORD";
/** Names the file that programs add their events to: see lifecycle/events.ts. Unset: nobody watches. */
export const eventsVariable = "CLAWFORCE_EVENTS";

/** Whose task this is: enough to name it. */
export interface OwnedTask {
  workload: { stack: string; name: string };
}

export function ownerOf({ workload: { stack, name } }: OwnedTask): string {
  return `${stack}/${name}`;
}

export function inputText(task: OwnedTask): string {
  return JSON.stringify(task);
}
