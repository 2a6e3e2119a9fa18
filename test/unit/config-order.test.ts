import { expect, test } from "vitest";
import { stepsOf } from "../../config/order.ts";
import { defaultImageOf, workloadsOf } from "../../config/rollout.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { candidate, digest, rawConfig, stable } from "./config-fixture.ts";

const plane = { image: `clawforceone/clawforce:1.4.2@${digest("1")}`, defaultAgentImage: "chromium" };
const group = "instanceGroups.support";

function steps(
  changes: Record<string, unknown>,
  where: Parameters<typeof stepsOf>[1] = "after the canaries",
): string[] {
  const config = parseStackConfig(rawConfig(changes));
  return stepsOf(workloadsOf(config), defaultImageOf(config) === undefined ? "none" : where).map((step) =>
    step.kind === "cut-over"
      ? step.workload
      : step.kind === "bake"
        ? `bake ${step.workloads.join(" ")}`
        : step.kind,
  );
}

test("the control plane comes first, the default image between the canaries and the fleet, a bake after each wave", () => {
  expect(
    steps({
      controlPlane: plane,
      [`${group}.bake`]: "30m",
      "instanceGroups.audit": { agentImage: "chromium", instances: ["audit-1", "audit-2"] },
    }),
  ).toEqual([
    "clawforce",
    "canary",
    "bake canary",
    "audit-1",
    "default-image",
    "support-1",
    "support-2",
    "bake support-1 support-2",
    "support-3",
    "bake support-3",
    "audit-2",
  ]);
});

test("on a way back the default image comes last: a control plane that does not answer keeps nobody from going back", () => {
  const order = steps({ controlPlane: plane }, "last");
  expect(order.at(-1)).toBe("default-image");
  expect(order.toSorted()).toEqual(steps({ controlPlane: plane }).toSorted());
});

test("without a control plane it is canaries first, then the fleet", () => {
  expect(steps({})).toEqual(["canary", "support-1", "support-2", "support-3"]);
});

test("the steps are the same before and after a promotion, so that it takes nothing away", () => {
  const before = { controlPlane: plane, [`${group}.bake`]: "1s", [`${group}.wave`]: 3 };
  const after = {
    ...before,
    [`${group}.wave`]: 0,
    "agentImages.chromium": { stable: candidate, previous: stable },
  };
  expect(steps(after)).toEqual(steps(before));
});

test.each([
  ["stable while only the canary has the candidate", { [`${group}.wave`]: 0 }, stable],
  ["the candidate once the fleet gets it", { [`${group}.wave`]: 1 }, candidate],
  ["stable again when the candidate is taken out", { "agentImages.chromium.candidate": undefined }, stable],
])("the image for new instances is %s", (_what, changes, image) => {
  expect(defaultImageOf(parseStackConfig(rawConfig({ controlPlane: plane, ...changes })))).toBe(image);
});

test("the image for new instances is left alone unless the configuration names one", () => {
  expect(
    defaultImageOf(parseStackConfig(rawConfig({ controlPlane: { image: plane.image } }))),
  ).toBeUndefined();
});
