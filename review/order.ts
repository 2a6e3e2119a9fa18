import type { Finding } from "./finding.ts";
import type { ResourceState, Step } from "./preview.ts";
import { isMadeAnew } from "./tracks.ts";
import { type ReviewedWorkload, types } from "./workload.ts";

/** What a workload that is made anew does not wait for any more, although it is still there. */
export function orderKept(steps: readonly Step[], workloads: readonly ReviewedWorkload[]): Finding[] {
  const after = new Map(
    steps.flatMap((step) => (step.after === undefined ? [] : [[step.urn, step.after] as const])),
  );
  const commands = new Map(
    steps.filter(({ type }) => type === types.command).map(({ urn, name }) => [urn, name]),
  );
  return workloads.filter(isMadeAnew).flatMap(({ name, component, runner }) => {
    if (runner?.before === undefined || runner.after === undefined) return [];
    const waitsFor = closure([...waits(runner.after), ...waits(component.after)], after);
    const loosened = waits(runner.before)
      .filter((urn) => after.has(urn) && !waitsFor.has(urn))
      .flatMap((urn) => commands.get(urn) ?? []);
    return loosened.length === 0
      ? []
      : [
          {
            check: "order" as const,
            level: "warning" as const,
            resource: name,
            what: `it does not wait for ${loosened.toSorted().join(", ")} any more`,
            why: "it may be stopped before the ones before it have passed",
            write: "the order as it was, unless instances or waves were put into another order on purpose",
          },
        ];
  });
}

function waits(state: ResourceState | undefined): readonly string[] {
  return state === undefined ? [] : [...state.dependencies, state.parent].filter((urn) => urn !== "");
}

function closure(from: readonly string[], states: ReadonlyMap<string, ResourceState>): Set<string> {
  const reached = new Set<string>();
  const next = [...from];
  for (let urn = next.pop(); urn !== undefined; urn = next.pop()) {
    if (reached.has(urn)) continue;
    reached.add(urn);
    next.push(...waits(states.get(urn)));
  }
  return reached;
}
