import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubernetesOfThisRun } from "../support/cluster.ts";
import { ClusterWorld } from "../support/cluster-world.ts";
import { killAll, withDescendants } from "../support/deployer.ts";
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
      // Else a migration of its state could not change the mode of that folder.
      const stat = ["exec", `${name}-0`, "--", "stat", "-c", "%u:%g", "/home/node/.openclaw"];
      expect((await on.kubectl(...stat)).trim()).toBe("1000:1000");
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

  it("is refused before anything stops where the deployer may not change it", async () => {
    const before = await on.identity(canary);
    await on.world.configure({ images: { stable: images.fixture[1], candidate: images.fixture[3] } });
    const all = ["get", "list", "watch", "create", "update", "patch", "delete"];
    await on.limitRights(
      "statefulsets",
      all.filter((verb) => verb !== "patch"),
    );
    const refused = await on.world.up();
    await on.limitRights("statefulsets", all);
    expect(refused.code, refused.output).not.toBe(0);
    expect(refused.output).toContain("may not be changed by this deployer, so nothing of it was stopped");
    expect(await on.identity(canary)).toEqual(before);
  });

  it("comes back on the old version where the change is refused after the stop and then taken back", async () => {
    const sibling = await on.identity(second);
    const update = await on.world.startUpTo(canary, "check");
    await on.refuseImage(images.fixture[3]);
    await on.world.release(canary, "check");
    const { code, output } = await update.ended;
    expect(code, output).not.toBe(0);
    expect(output).toContain("this image is refused here");
    expect(await on.replicasOf(canary)).toBe("0");
    const status = await on.world.fleet("status");
    expect(status.code, status.output).not.toBe(0);

    await on.world.configure({ images: { stable: images.fixture[1], candidate: images.fixture[2] } });
    const back = await on.world.up();
    expect(back.code, back.output).toBe(0);
    expect(await on.replicasOf(canary)).toBe("1");
    expect(await on.imageOf(canary)).toBe(images.fixture[2]);
    expect(await on.identity(second)).toEqual(sibling);
    await on.allowAll();
    const again = await on.world.up();
    expect(again.output).toMatch(unchanged);
  });

  it("serves again by `fleet recover` where the deployer was killed while it was stopped", async () => {
    await on.world.configure({ images: { stable: images.fixture[1], candidate: images.fixture[3] } });
    const update = await on.world.startUpTo(canary, "cold snapshot");
    await killAll(withDescendants(update.pid));
    await update.ended;
    expect(await on.replicasOf(canary)).toBe("0");
    await on.world.configure({ images: { stable: images.fixture[1], candidate: images.fixture[2] } });
    const recover = await on.world.fleet("recover");
    expect(recover.code, recover.output).toBe(0);
    expect(await on.replicasOf(canary)).toBe("1");
    expect(await on.imageOf(canary)).toBe(images.fixture[2]);
  });

  it("is brought back where somebody has scaled it to nothing", async () => {
    await on.kubectl("scale", "statefulset", canary, "--replicas=0");
    const up = await on.world.up();
    expect(up.code, up.output).toBe(0);
    expect(await on.replicasOf(canary)).toBe("1");
  });

  it("goes back by `fleet rollback`, as one change", async () => {
    const sibling = await on.identity(second);
    const back = await on.world.fleet("rollback");
    expect(back.code, back.output).toBe(0);
    expect(await on.imageOf(canary)).toBe(images.fixture[1]);
    expect(await on.identity(second)).toEqual(sibling);
    const status = await on.world.fleet("status");
    expect(status.code, status.output).toBe(0);
  });
});
