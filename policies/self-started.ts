import type { PolicyResource } from "@pulumi/policy";
import { fleetFactsOf, isSet } from "./fleet-facts.ts";
import { isFrozenBy, isUnitOfWorkload } from "./frozen-paths.ts";
import { NotedRead, objectAt } from "./noted-read.ts";
import type { Finding, JudgedInputs } from "./rule.ts";
import type { StackGraph } from "./stack-graph.ts";
import { isSetType, wordOfSet } from "./unit-set.ts";
import { type Unread, unreadProperty } from "./unread.ts";
import { quoted } from "./verdict.ts";

type SelfStarted = Unread | Finding<"selfStarted">;

const replicas = "spec.replicas";
const strategy = "spec.updateStrategy.type";
const partition = "spec.updateStrategy.rollingUpdate.partition";

const startsInside =
  "the new pod would start inside of the provider's own step, before its state is set back and before its gate";

/**
 * What starts or stops the pod of a workload on Kubernetes beside its own steps: there the provider changes its set at no
 * replicas, and a command starts it afterwards.
 */
export function selfStarted(resource: JudgedInputs): SelfStarted[] {
  if (!isSetType(resource.type) || !isUnitOfWorkload(resource.urn)) return [];
  const { props, opts } = resource;
  const read = new NotedRead();
  const set = objectAt(props, "");
  const count = read.number(set, replicas);
  const isLeft = opts.ignoreChanges.some((ignored) => isFrozenBy(ignored, replicas));
  const type = read.text(set, strategy) ?? "RollingUpdate";
  const held = read.number(set, partition) ?? 0;
  return [
    ...read.problems.map((problem) => unreadProperty(resource, problem)),
    ...(isLeft ? [] : [replicasFinding(resource, count)]),
    ...(type === "RollingUpdate"
      ? []
      : [
          found(resource, strategy, {
            what: `is ${quoted(type)}`,
            why: "then any end of the pod starts the new version, without a hold, a snapshot or a gate",
            write: "no updateStrategy",
          }),
        ]),
    ...(held <= 0
      ? []
      : [
          found(resource, partition, {
            what: `is ${held}`,
            why: "a set at no replicas loses it, so the new version is not held back",
            write: "no updateStrategy",
          }),
        ]),
  ];
}

/** The same of one that is to be made: what `ignoreChanges` keeps is not there yet. */
export function startedWhenMade(graph: StackGraph): SelfStarted[] {
  const { workloads } = fleetFactsOf(graph);
  return workloads
    .filter((workload) => isSet(workload) && workload.from === "")
    .flatMap(({ runner }) => {
      const count = new NotedRead().number(objectAt(runner.props, ""), replicas) ?? 1;
      return count === 0
        ? []
        : [
            found(runner, replicas, {
              what: `is ${count}, and the ${wordOfSet(runner)} is made in this update`,
              why: startsInside,
              write: "replicas: 0",
            }),
          ];
    });
}

function replicasFinding(resource: JudgedInputs, count: number | undefined): Finding<"selfStarted"> {
  const isNone = count === 0;
  return found(resource, replicas, {
    what: `${count === undefined ? "is 1 by default" : `is ${count}`}, and is not under ignoreChanges`,
    why: isNone
      ? `each change of the ${wordOfSet(resource)} would stop its pod, without a drain and a snapshot`
      : startsInside,
    write: `${isNone ? "" : "replicas: 0, and "}ignoreChanges: ["${replicas}"]`,
  });
}

function found(
  { name, urn }: Pick<PolicyResource, "name" | "urn">,
  path: string,
  told: Pick<Finding<"selfStarted">, "what" | "why" | "write">,
): Finding<"selfStarted"> {
  return { kind: "selfStarted", resource: name, urn, path, ...told };
}
