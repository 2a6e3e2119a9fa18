import { setTimeout as sleep } from "node:timers/promises";
import { fieldAt } from "../../config/json.ts";
import type { ControlPlaneApi } from "../../platforms/control-plane-api.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { controlPlaneOf } from "../control-plane/access.ts";
import type { WorkloadContext } from "../workload.ts";
import { secondsSince } from "./step.ts";
import { openWorkloadHttp } from "./workload-http.ts";

export interface Drained {
  /** Units of active work when the drain began. */
  active: number;
  seconds: number;
  /** Units that were still active when the budget was over. */
  cut: number;
}

/** Waits until no work is active, or the budget is over: then what is cut is said, not hidden. */
export async function drain(context: WorkloadContext): Promise<Drained> {
  const { workload } = context;
  if (workload.track === "control-plane") {
    return controlPlaneOf(context).open((api) => drainTasks(api, workload.drain.budget));
  }
  const reader = await activeWorkReader(context);
  if (reader === undefined) {
    return { active: 0, seconds: 0, cut: 0 };
  }
  try {
    return await drained(() => reader.read(), workload.drain.budget);
  } finally {
    await reader.close();
  }
}

/** What is under way in the control plane: at its next start it would take all of it for failed. */
export function drainTasks(api: Pick<ControlPlaneApi, "activeTasks">, budget: number): Promise<Drained> {
  return drained(async () => (await api.activeTasks()).length, budget);
}

/** Waits until nothing is active, `budget` seconds at most; what is still active then is said. */
async function drained(read: () => Promise<number>, budget: number): Promise<Drained> {
  const began = performance.now();
  const first = await read();
  let active = first;
  while (active > 0 && performance.now() - began < budget * 1000) {
    await sleep(500);
    active = await read();
  }
  return { active: first, seconds: secondsSince(began), cut: active };
}

export function describeDrain({ active, cut }: Drained): string {
  if (cut > 0) {
    return `${cut} of ${active} units of work were still active at the end of the budget and are cut`;
  }
  return active === 0 ? "no active work" : `${active} units of work ended`;
}

interface ActiveWorkReader {
  read(): Promise<number>;
  close(): Promise<void>;
}

async function activeWorkReader(context: WorkloadContext): Promise<ActiveWorkReader | undefined> {
  const { workload, platform } = context;
  const { http, command, budget } = workload.drain;
  const deadline = Math.max(5, budget);
  if (http !== undefined) {
    const client = await openWorkloadHttp(context);
    return {
      read: async () => {
        const answer = await client.get(http.path, workload.port, deadline);
        const value = answer.status === 200 ? fieldAt(JSON.parse(answer.body), http.field) : undefined;
        return asCount(
          value,
          `${http.path} answered HTTP ${answer.status} without a number at ${http.field}`,
        );
      },
      close: () => client.close(),
    };
  }
  if (command !== undefined) {
    return {
      read: async () => {
        const result = await platform.exec(workload.container, command.argv, { deadline });
        const group = new RegExp(command.output, "m").exec(result.stdout)?.[1];
        return asCount(
          group === undefined ? undefined : Number(group),
          `\`${command.argv.join(" ")}\` ended with exit code ${result.exitCode} and no number for /${command.output}/`,
        );
      },
      close: async () => {},
    };
  }
  return undefined;
}

function asCount(value: unknown, otherwise: string): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) {
    return value;
  }
  throw new OperationFailure(`the amount of active work can't be read: ${otherwise}. Correct \`drain\`.`);
}
