import type { WorkloadConfig } from "./rollout.ts";

/** What an update does, one after the other: while one step runs, nothing else can fail. */
export type Step =
  | { kind: "cut-over"; workload: string }
  /** The verification of a wave kept up, once all of it has passed. */
  | { kind: "bake"; group: string; wave: number; workloads: string[] }
  /** The control plane's image for new instances: after the canaries, before the fleet. */
  | { kind: "default-image" };

/**
 * The control plane first, then the canary of each group, then group by group the waves of the fleet.
 *
 * @param defaultImage - where it is set: between the canaries and the fleet, or last on a way back, which must not wait for a
 *   control plane that does not answer.
 */
export function stepsOf(
  workloads: readonly WorkloadConfig[],
  defaultImage: "none" | "after the canaries" | "last",
): Step[] {
  const groups = [...new Set(workloads.flatMap(({ group }) => group ?? []))];
  const canaries = groups.flatMap((group) => waveSteps(workloads, group, 0));
  const fleet = groups.flatMap((group) =>
    wavesOf(workloads, group)
      .filter((wave) => wave > 0)
      .flatMap((wave) => waveSteps(workloads, group, wave)),
  );
  return [
    ...workloads.filter(({ track }) => track === "control-plane").map(cutOver),
    ...canaries,
    ...(defaultImage === "after the canaries" ? [{ kind: "default-image" } as const] : []),
    ...fleet,
    ...(defaultImage === "last" ? [{ kind: "default-image" } as const] : []),
  ];
}

function wavesOf(workloads: readonly WorkloadConfig[], group: string): number[] {
  return [...new Set(workloads.filter((each) => each.group === group).map(({ wave }) => wave))];
}

function waveSteps(workloads: readonly WorkloadConfig[], group: string, wave: number): Step[] {
  const members = workloads.filter((each) => each.group === group && each.wave === wave);
  const bakes = members.some(({ bake }) => bake !== undefined);
  return [
    ...members.map(cutOver),
    ...(bakes ? [{ kind: "bake", group, wave, workloads: members.map(({ name }) => name) } as const] : []),
  ];
}

function cutOver({ name }: WorkloadConfig): Step {
  return { kind: "cut-over", workload: name };
}
