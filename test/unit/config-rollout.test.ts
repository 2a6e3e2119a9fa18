import { describe, expect, test } from "vitest";
import { volumeOf, waveCounts, workloadsOf } from "../../config/rollout.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { candidate, rawConfig, stable } from "./config-fixture.ts";

function groupOf(size: number, waves: (number | string)[]) {
  return { instances: Array.from({ length: size }, (_, index) => ({ name: `i${index}` })), waves };
}

describe("the waves of a group", () => {
  test.each([
    [4, [1, "25%", "75%", "100%"], [1, 1, 3, 4]],
    [10, [1, "25%", "100%"], [1, 3, 10]],
    [7, [1, "50%", "100%"], [1, 4, 7]],
    [3, [1, "1%", "34%", "100%"], [1, 1, 2, 3]],
    [1, [1, "100%"], [1, 1]],
    [3, [1, 2, 9], [1, 2, 3]],
    [5, [1, 3, "20%", "100%"], [1, 3, 3, 5]],
    [100, [1, "29%", "100%"], [1, 29, 100]],
  ])("of %d in %j come to %j", (size, waves, counts) => {
    expect(waveCounts(groupOf(size, waves))).toEqual(counts);
  });
});

function imagesIn(changes: Record<string, unknown>): string[] {
  return workloadsOf(parseStackConfig(rawConfig(changes))).map(({ image }) =>
    image === candidate ? "candidate" : image === stable ? "stable" : image,
  );
}

describe("the image of an instance", () => {
  test("is the candidate for the canary alone in wave 0", () => {
    expect(imagesIn({})).toEqual(["candidate", "stable", "stable", "stable"]);
  });

  test("follows the wave up to the whole group", () => {
    expect(imagesIn({ "instanceGroups.support.wave": 2 })).toEqual([
      "candidate",
      "candidate",
      "candidate",
      "stable",
    ]);
    expect(imagesIn({ "instanceGroups.support.wave": 3 })).toEqual(Array(4).fill("candidate"));
  });

  test("is the stable one for all once the candidate is taken out", () => {
    expect(imagesIn({ "agentImages.chromium.candidate": undefined })).toEqual(Array(4).fill("stable"));
  });

  test("stays the same through a promotion", () => {
    const finished = parseStackConfig(rawConfig({ "instanceGroups.support.wave": 3 }));
    const promoted = parseStackConfig(
      rawConfig({
        "agentImages.chromium.stable": candidate,
        "agentImages.chromium.previous": stable,
        "agentImages.chromium.candidate": undefined,
      }),
    );
    expect(workloadsOf(promoted).map(({ image }) => image)).toEqual(
      workloadsOf(finished).map(({ image }) => image),
    );
  });
});

describe("the workloads", () => {
  test("come in the order of the configuration, with wave and role", () => {
    const config = parseStackConfig(
      rawConfig({
        "agentImages.plain": { stable },
        "instanceGroups.audit": {
          agentImage: "plain",
          instances: [{ name: "audit-1", volume: "old" }, "audit-2"],
        },
      }),
    );
    expect(
      workloadsOf(config).map(({ group, name, wave, role, image }) => [
        group,
        name,
        wave,
        role,
        image === stable,
      ]),
    ).toEqual([
      ["support", "canary", 0, "canary", false],
      ["support", "support-1", 2, "fleet", true],
      ["support", "support-2", 2, "fleet", true],
      ["support", "support-3", 3, "fleet", true],
      ["audit", "audit-1", 0, "canary", true],
      ["audit", "audit-2", 1, "fleet", true],
    ]);
    expect(workloadsOf(config)[4]?.state).toEqual({ volume: "old" });
  });
});

describe("the state of an instance", () => {
  test.each([
    [{ name: "a" }, "a-state"],
    [{ name: "a", volume: "old" }, "old"],
    [{ name: "a", directory: "/srv/a" }, "/srv/a"],
  ])("%j is %s", (instance, volume) => {
    expect(volumeOf(instance)).toBe(volume);
  });
});
