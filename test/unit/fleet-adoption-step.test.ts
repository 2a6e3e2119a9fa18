import { expect, test } from "vitest";
import { adoptionStep } from "../../fleet/adoption-step.ts";
import type { Situation } from "../../lifecycle/update/situation.ts";

type Adopting = Pick<Situation, "config" | "move">;

const workload = (name: string, group: string | undefined, adopts: boolean): Adopting => ({
  config: { name, ...(group !== undefined && { group }) } as Adopting["config"],
  move: adopts
    ? { kind: "adopt", from: "a", to: "a", stranger: { name: `old-${name}`, id: name, restart: "no" } }
    : { kind: "none", to: "a" },
});

test("gateways that are to be adopted are a step of their own, with their groups and without a change of the stack file", () => {
  const all = [
    ...[workload("plane", undefined, true), workload("a", "one", true), workload("b", "one", true)],
    ...[workload("c", "two", true), workload("d", "three", false)],
  ];
  expect(adoptionStep(all)).toEqual({
    ...{ groups: ["one", "two"], title: "adoption of old-a, old-b, old-c", edits: [] },
  });
});

test("without one there is no such step; a control plane has a window of its own", () => {
  expect(adoptionStep([workload("plane", undefined, true), workload("d", "three", false)])).toBeUndefined();
});
