import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubernetesOfThisRun } from "../support/cluster.ts";
import { ClusterWorld } from "../support/cluster-world.ts";
import { partsOfThisRun } from "../support/world.ts";

const kubernetes = await kubernetesOfThisRun();
const { images } = await partsOfThisRun();

describe.skipIf("missing" in kubernetes)("an update on Kubernetes", () => {
  let on: ClusterWorld;
  let [canary, second] = ["", ""];

  beforeAll(async () => {
    if ("missing" in kubernetes) return;
    on = await ClusterWorld.create(kubernetes, { stable: images.fixture[1] }, { instances: 2 });
    [canary = "", second = ""] = on.world.instances;
  });
  afterAll(() => on?.destroy());

  const unchanged = /Resources:\n {4}\d+ unchanged\n/;

  it("starts each gateway for the first time, after the one before has passed", async () => {
    const first = await on.world.up();
    expect(first.code, first.output).toBe(0);
    for (const name of [canary, second]) {
      expect(await on.imageOf(name)).toBe(images.fixture[1]);
      expect((await on.world.records(name)).map(({ kind }) => kind)).toContain("verification");
    }
  });

  it("does nothing where nothing has changed", async () => {
    const before = [await on.identity(canary), await on.identity(second)];
    const again = await on.world.up();
    expect(again.code, again.output).toBe(0);
    expect(again.output).toMatch(unchanged);
    expect([await on.identity(canary), await on.identity(second)]).toEqual(before);
  });

  it("brings the canary over with a verified snapshot, and touches nobody else", async () => {
    const sibling = await on.identity(second);
    const before = await on.identity(canary);
    await on.world.configure({ images: { stable: images.fixture[1], candidate: images.fixture[2] } });
    const up = await on.world.up();
    expect(up.code, up.output).toBe(0);
    expect(await on.imageOf(canary)).toBe(images.fixture[2]);
    expect((await on.identity(canary)).uid).not.toBe(before.uid);
    expect(await on.identity(second)).toEqual(sibling);
    const kinds = (await on.world.records(canary)).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(["snapshot", "drill", "cut-over", "gate", "verification"]));
    const again = await on.world.up();
    expect(again.output).toMatch(unchanged);
  });
});
