import { setTimeout as sleep } from "node:timers/promises";
import { OperationFailure } from "../../platforms/failure.ts";
import { fieldOf } from "../checks/judge.ts";
import { withControlPlane } from "../control-plane/access.ts";
import { drainTasks } from "../control-plane/baseline.ts";
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
    return withControlPlane(context, (client) => drainTasks(client, workload.drain.budget));
  }
  const began = performance.now();
  const reader = await activeWorkReader(context);
  if (reader === undefined) {
    return { active: 0, seconds: 0, cut: 0 };
  }
  try {
    const first = await reader.read();
    let active = first;
    while (active > 0 && performance.now() - began < workload.drain.budget * 1000) {
      await sleep(500);
      active = await reader.read();
    }
    return { active: first, seconds: secondsSince(began), cut: active };
  } finally {
    await reader.close();
  }
}

export function describeDrain(drained: Drained): string {
  if (drained.cut > 0) {
    return `${drained.cut} of ${drained.active} units of work were still active at the end of the budget and are cut`;
  }
  return drained.active === 0 ? "no active work" : `${drained.active} units of work ended`;
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
        const value = answer.status === 200 ? fieldOf(JSON.parse(answer.body), http.field) : undefined;
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
