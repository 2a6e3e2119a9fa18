import type { StackConfig } from "../config/schema.ts";
import type { Situation } from "../lifecycle/update/situation.ts";
import { untouchedBy } from "../platforms/failure.ts";
import { platformOf } from "../platforms/of-stack.ts";
import type { Marked, Platform } from "../platforms/platform.ts";
import { lookAtIngress } from "../platforms/proxies/kamal/look.ts";
import type { IngressLook } from "../platforms/proxy.ts";
import { type Operation, operationsUnderWay } from "./operations-under-way.ts";
import { situationsOf } from "./situations.ts";

/** The container of a workload. */
export interface RunningContainer {
  id: string;
  /** The reference that it was created with. */
  image: string;
  state: string;
  /** Of its health check; undefined when it has none. */
  health: string | undefined;
  exitCode: number;
  /** ISO 8601: since when it is in this state. */
  since: string;
  restarts: number;
}

export interface LookedAtWorkload extends Situation {
  container: RunningContainer | undefined;
  /** What the ingress does with its requests; undefined without one. */
  ingress: IngressLook | undefined;
  /** What works for it at this moment. */
  operations: Operation[];
}

export interface Look {
  stack: string;
  host: string;
  workloads: LookedAtWorkload[];
  /** What bears this stack's mark, and the configuration does not know. */
  strays: Marked[];
}

/** Reads what the configuration wants, what is there and what is on record; changes nothing, needs no engine and no lock. */
export async function look(config: StackConfig, stack: string): Promise<Look> {
  const surveyed = await situationsOf(config, stack);
  const { host } = config.platform;
  const platform = platformOf(config);
  try {
    const operations = await operationsUnderWay(
      platform,
      stack,
      surveyed.map(({ input }) => input.name),
    );
    const ingress = await lookAtIngress(
      platform,
      surveyed.map(({ input }) => input),
    );
    const workloads = await Promise.all(
      surveyed.map(async (workload) => ({
        ...workload,
        container:
          workload.observed === undefined ? undefined : await containerOf(platform, workload.input.container),
        ingress: ingress.get(workload.input.name),
        operations: operations.filter(({ workload: name }) => name === workload.input.name),
      })),
    );
    const known = [...surveyed.map(({ input }) => input.container), config.ingress?.name];
    const marked = await platform.marked(stack);
    return { stack, host, workloads, strays: marked.filter(({ name }) => !known.includes(name)) };
  } catch (error) {
    throw untouchedBy(error);
  }
}

async function containerOf(platform: Platform, name: string): Promise<RunningContainer | undefined> {
  const found = await platform.unit(name);
  if (found === undefined) {
    return undefined;
  }
  const { id, image, status: state, health, exitCode, since, restarts } = found;
  return { id, image, state, health, exitCode, since, restarts };
}
