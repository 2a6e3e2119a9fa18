import type { NotedRead, Part } from "./noted-read.ts";
import { podKinds } from "./pod-kinds.ts";
import type { State } from "./state.ts";

/** Something that makes two containers of one resource run at a time. */
export interface RunsAtOnce {
  kind: "replicas" | "startFirst";
  path: string;
  /** What it does, before a comma and what is written. */
  what: string;
  write: string;
}

/**
 * What makes an object run twice on the state that it writes.
 * @param said - judge only what the object says, not what holds by default: it changes one that is judged itself.
 */
export function runsAtOnceOf(
  read: NotedRead,
  type: string,
  object: Part,
  states: readonly State[],
  said = false,
): RunsAtOnce[] {
  if (type === "docker:index/service:Service") return serviceRuns(read, object);
  const kind = podKinds.get(type)?.kind.split(":").at(-1);
  // Each pod of a StatefulSet has claims of its own.
  const shared = states.filter((state) => state.kind !== "claims");
  switch (kind) {
    case "Deployment":
      return [...counted(read, object, "spec.replicas"), ...strategy(read, object, said)];
    case "StatefulSet":
      return shared.length === 0 ? [] : counted(read, object, "spec.replicas");
    case "ReplicaSet":
    case "ReplicationController":
      return counted(read, object, "spec.replicas");
    case "DaemonSet":
      return daemonRuns(read, object, shared);
    case "Job":
      return counted(read, object, "spec.parallelism");
    case "CronJob":
      return [
        ...counted(read, object, "spec.jobTemplate.spec.parallelism"),
        ...concurrency(read, object, said),
      ];
    default:
      return [];
  }
}

function counted(read: NotedRead, object: Part, path: string): RunsAtOnce[] {
  const count = read.number(object, path) ?? 1;
  const property = path.slice(path.lastIndexOf(".") + 1);
  if (count <= 1) return [];
  return [
    {
      kind: "replicas",
      path: at(object, path),
      what: `${count} run at once`,
      write: `${property}: 1, or a state of its own for each (volumeClaimTemplates of a StatefulSet)`,
    },
  ];
}

/** Only `Recreate` waits for the end of the old pod; without surge the new one starts while the old one is stopping. */
function strategy(read: NotedRead, object: Part, said: boolean): RunsAtOnce[] {
  const before = read.problems.length;
  const type = read.text(object, "spec.strategy.type");
  if (type === "Recreate" || (said && type === undefined) || read.problems.length > before) return [];
  const named = type === undefined ? "RollingUpdate, the default," : JSON.stringify(type);
  return [
    {
      kind: "startFirst",
      path: at(object, "spec.strategy.type"),
      what: `strategy ${named} starts the new pod before the old one has ended, with maxSurge 0 too`,
      write: 'strategy: {type: "Recreate"}',
    },
  ];
}

function daemonRuns(read: NotedRead, object: Part, states: readonly State[]): RunsAtOnce[] {
  const path = "spec.updateStrategy.rollingUpdate.maxSurge";
  const surge = String(read.share(object, path) ?? 0);
  const isOfNode = states.every(({ kind }) => kind === "directory");
  return [
    ...(isOfNode
      ? []
      : [
          {
            ...{
              kind: "replicas" as const,
              path: at(object, "spec.template"),
              what: "one runs on each node",
            },
            write: "a StatefulSet, or a Deployment with one replica and strategy Recreate",
          },
        ]),
    ...(["0", "0%", ""].includes(surge)
      ? []
      : [
          {
            ...{ kind: "startFirst" as const, path: at(object, path), write: "maxSurge: 0" },
            what: "the new pod of a node starts beside the old one",
          },
        ]),
  ];
}

function concurrency(read: NotedRead, object: Part, said: boolean): RunsAtOnce[] {
  const before = read.problems.length;
  const policy = read.text(object, "spec.concurrencyPolicy");
  if (policy === "Forbid" || (said && policy === undefined) || read.problems.length > before) return [];
  return [
    {
      kind: "startFirst",
      path: at(object, "spec.concurrencyPolicy"),
      what: `concurrencyPolicy ${policy === undefined ? "Allow, the default," : JSON.stringify(policy)} starts a job before the last one has ended`,
      write: 'concurrencyPolicy: "Forbid"',
    },
  ];
}

function serviceRuns(read: NotedRead, service: Part): RunsAtOnce[] {
  const isGlobal = read.flag(service, "mode.global");
  return [
    ...(isGlobal
      ? [
          {
            ...{ kind: "replicas" as const, path: "mode.global", what: "one runs on each node" },
            write: "mode: {replicated: {replicas: 1}}",
          },
        ]
      : []),
    ...counted(read, service, "mode.replicated.replicas").map((runs) => ({ ...runs, write: "replicas: 1" })),
    ...["updateConfig.order", "rollbackConfig.order"].flatMap((path) => {
      const before = read.problems.length;
      const order = read.text(service, path) ?? "stop-first";
      if (order === "stop-first" || read.problems.length > before) return [];
      const what = `order ${JSON.stringify(order)} starts the new task beside the old one`;
      return [{ kind: "startFirst" as const, path, what, write: 'order: "stop-first"' }];
    }),
  ];
}

function at({ path }: Part, below: string): string {
  return path === "" ? below : `${path}.${below}`;
}
