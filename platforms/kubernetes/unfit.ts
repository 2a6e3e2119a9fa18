import type { WantedUnit } from "../displaced.ts";
import type { Cluster } from "./cluster.ts";
import { kubectlName } from "./controller-kind.ts";
import type { FoundUnit } from "./found-unit.ts";
import type { Service } from "./objects.ts";
import { keeperOf } from "./stranger.ts";

/** What of a unit of somebody else's can't be changed into a workload's own, as sentences with what to do. */
export function unfitFor(
  cluster: Pick<Cluster, "kubectl">,
  { kind, controller, pods }: FoundUnit,
  service: Service | undefined,
  { container: wanted }: Pick<WantedUnit, "container">,
): string[] {
  const { metadata, spec } = controller;
  const { name } = metadata;
  const { strategy, updateStrategy, volumeClaimTemplates = [], selector, replicas = 1 } = spec;
  const unit = kubectlName(kind, name);
  const recreate = `patch ${unit} --patch '{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}'`;
  const keeper = keeperOf(metadata);
  const missing = Object.entries(selector?.matchLabels ?? {}).filter(
    ([label, value]) => wanted.labels?.[label] !== value,
  );
  const ports = (service?.spec.ports ?? []).map(({ port }) => port);
  return [
    ...(keeper === undefined
      ? []
      : [`${name} is kept as it is by ${keeper}, which would set it back. Take it out there first.`]),
    ...(replicas > 1 || pods.length > 1
      ? [
          `${name} has ${Math.max(replicas, pods.length)} pods on one state. Run \`${cluster.kubectl(`scale ${unit} --replicas 1`)}\` first.`,
        ]
      : []),
    ...(kind === "Deployment" && strategy?.type !== "Recreate"
      ? [
          `${name} starts a new pod beside the old one at each change. Run \`${cluster.kubectl(recreate)}\` first: that restarts nothing.`,
        ]
      : []),
    ...(updateStrategy?.type === "OnDelete" || (updateStrategy?.rollingUpdate?.partition ?? 0) > 0
      ? [`${name} has an updateStrategy of its own, which starts new versions by itself. Take it out first.`]
      : []),
    ...(volumeClaimTemplates.length > 0
      ? [
          `${name} gets its claims from volumeClaimTemplates, and such a StatefulSet can't be adopted yet. Leave it where it is.`,
        ]
      : []),
    ...(missing.length > 0
      ? [
          `${name} finds its pod by labels that can't change. Write ${JSON.stringify(Object.fromEntries(missing))} under \`container.labels\`.`,
        ]
      : []),
    ...(service !== undefined && !ports.includes(wanted.port)
      ? [
          `its Service ${name} has no port ${wanted.port}, and the workload is reached there. Add one to the Service that leads to the port of its container.`,
        ]
      : []),
  ];
}
