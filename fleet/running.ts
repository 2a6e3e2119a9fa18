import type { StackConfig } from "../config/schema.ts";
import type { Situation } from "../lifecycle/update/situation.ts";
import { situationsOf } from "../lifecycle/update/situations.ts";
import { messageOf, untouchedBy } from "../platforms/failure.ts";
import { platformOf, proxyOf } from "../platforms/of-stack.ts";
import type { Marked, Platform } from "../platforms/platform.ts";
import type { IngressLook, IngressProxy } from "../platforms/proxy.ts";
import { type Machine, type Operation, operationsUnderWay, thisMachine } from "./operations-under-way.ts";

/** The container of a workload. */
export interface RunningContainer {
  id: string;
  /** The reference that it was created with. */
  image: string;
  state: string;
  running: boolean;
  paused: boolean;
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

/** Who is asked for what there is. */
export interface Sources {
  platform: Platform;
  /** One that is down is not waited for. */
  proxy: IngressProxy | undefined;
  machine: Pick<Machine, "hostname" | "operations">;
}

function sourcesOf(config: StackConfig): Sources {
  const platform = platformOf(config);
  return { platform, proxy: proxyOf(config, platform, { patience: 0 }), machine: thisMachine() };
}

/** Reads what the configuration wants, what is there and what is on record; changes nothing, needs no engine and no lock. */
export async function look(
  config: StackConfig,
  stack: string,
  { platform, proxy, machine }: Sources = sourcesOf(config),
): Promise<Look> {
  const surveyed = await situationsOf(config, stack, platform);
  try {
    const operations = await operationsUnderWay(
      platform,
      machine,
      stack,
      surveyed.map(({ input }) => input.name),
    );
    const ingressLook = await ingressLooks(proxy);
    const workloads = await Promise.all(
      surveyed.map(async (workload) => ({
        ...workload,
        container:
          workload.observed === undefined ? undefined : await containerOf(platform, workload.input.container),
        ingress: workload.input.ingress && ingressLook(workload.input.name),
        operations: operations.filter(({ workload: name }) => name === workload.input.name),
      })),
    );
    const known = [...surveyed.map(({ input }) => input.container), config.ingress?.name];
    const marked = await platform.marked(stack);
    return {
      stack,
      host: platform.address,
      workloads,
      strays: marked.filter(({ name }) => !known.includes(name)),
    };
  } catch (error) {
    throw untouchedBy(error);
  }
}

/** Asks the ingress once: what it does with the requests of a workload behind it. */
async function ingressLooks(proxy: IngressProxy | undefined): Promise<(name: string) => IngressLook> {
  try {
    const services = await proxy?.services();
    return (name) => ({ state: services?.get(name)?.state ?? "absent" });
  } catch (error) {
    return () => ({ unknown: messageOf(error) });
  }
}

async function containerOf(platform: Platform, name: string): Promise<RunningContainer | undefined> {
  const found = await platform.unit(name);
  if (found === undefined) {
    return undefined;
  }
  const { id, image, status: state, running, paused, health, exitCode, since, restarts } = found;
  return { id, image, state, running, paused, health, exitCode, since, restarts };
}
