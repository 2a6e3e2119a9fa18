import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { breakRepository } from "../support/damage.ts";
import { killAll, withDescendants } from "../support/deployer.ts";
import { dockerCommand } from "../support/docker-command.ts";
import { partsOfThisRun, until, World } from "../support/world.ts";

describe("the way back from an update whose deployer died", () => {
  let world: World;
  let name = "";
  const images = { old: "", new: "" };

  beforeAll(async () => {
    const { fixture } = (await partsOfThisRun()).images;
    [images.old, images.new] = [fixture[1], fixture[2]];
    world = await World.create({ stable: images.old }, { instances: 1, patience: true });
    name = world.instances[0] as string;
    const { code, output } = await world.up();
    expect(code, output).toBe(0);
    await world.ask(name, "/messages", { method: "POST", body: { text: "there before the update" } });
  });
  afterAll(() => world.destroy());

  const newest = async (kind: string) => (await world.records(name)).findLast((each) => each.kind === kind);

  it("sets back the state that the new container moved while it started", async () => {
    await world.configure({ images: { stable: images.old, candidate: images.new } });
    await world.setSwitch(name, "slow-start", "60 only 2");
    const run = world.startUp();
    await until(
      "the new container has moved the state and is not healthy yet",
      async () =>
        (await dockerCommand("logs", name).catch(() => "")).includes("migrated state schema 1 -> 2"),
      540,
    );
    expect((await world.inspect(name)).State.Health?.Status).toBe("starting");
    await killAll(withDescendants(run.pid));
    await run.ended;
    const left = await newest("cut-over");

    await world.configure({ images: { stable: images.old } });
    const recovered = await world.fleet("recover");
    expect(recovered.code, recovered.output).toBe(0);
    expect((await world.inspect(name)).Config.Image).toBe(images.old);
    expect((await world.ask(name, "/messages")).body).toMatchObject([{ text: "there before the update" }]);
    expect(left).toMatchObject({ direction: "forward" });
    const snapshot = left?.kind === "cut-over" ? left.snapshot : "";
    expect(await newest("restore")).toMatchObject({ snapshot, reason: "state moved", image: images.old });
    // What it set back is kept: by a pre-restore snapshot of the new version's state.
    expect(await newest("cut-over")).toMatchObject({ direction: "back", from: images.new, to: images.old });
    const kept = (await world.records(name)).findLast((each) => each.kind === "snapshot");
    expect(kept).toMatchObject({
      role: "pre-restore",
      image: images.new,
      markers: { databases: { "fixture.sqlite": { userVersion: 2 } } },
    });
    const again = await world.up();
    expect(again.code, again.output).toBe(0);
    expect(again.output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
  });

  it("leaves a snapshot of a state whose container is missing before another version gets it", async () => {
    await world.removeSwitch(name, "slow-start");
    await dockerCommand("rm", "--force", name);
    await world.configure({ images: { stable: images.old, candidate: images.new } });
    const forward = await world.up("--refresh");
    expect(forward.code, forward.output).toBe(0);
    expect(await newest("cut-over")).toMatchObject({
      direction: "forward",
      from: images.old,
      to: images.new,
    });

    await world.configure({ images: { stable: images.old } });
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect(back.output).toMatch(/back fixture:2@\w+ -> fixture:1@\w+, with its state/);
    expect((await world.ask(name, "/messages")).body).toMatchObject([{ text: "there before the update" }]);
  });
});

describe("a wave that fails, beside a sick workload", () => {
  let world: World;
  let [first, second] = ["", ""];
  const images = { old: "", new: "" };

  beforeAll(async () => {
    const { fixture } = (await partsOfThisRun()).images;
    [images.old, images.new] = [fixture[1], fixture[2]];
    world = await World.create(
      { stable: images.old, candidate: images.new },
      { instances: 2, patience: true, settings: () => ({ onFailure: "rollback" }) },
    );
    [first, second] = world.instances as [string, string];
    const { code, output } = await world.up();
    expect(code, output).toBe(0);
  });
  afterAll(() => world.destroy());

  const imageOf = async (name: string) => (await world.inspect(name)).Config.Image;

  it("takes nothing back when nothing was stopped, and leaves the stack file as it was", async () => {
    const before = await readFile(world.configFile, "utf8");
    const identities = await Promise.all(world.instances.map((name) => world.identity(name)));
    const repair = await breakRepository(world, second);
    const failed = await world.fleet("update").finally(repair);
    expect(failed.output).toContain("before it changed a workload. Each runs what it ran before");
    expect(failed.output).not.toContain("The wave has failed and is taken back");
    expect(failed.code, failed.output).toBe(3);
    expect(await readFile(world.configFile, "utf8")).toBe(before);
    expect(await Promise.all(world.instances.map((name) => world.identity(name)))).toEqual(identities);
  });

  it("goes back by itself, waits for no sick workload, and says which it is and what to do", async () => {
    await world.setSwitch(second, "not-ready", "only 2");
    await world.breakAt(second, "gate");
    const update = world.fleet("update");
    const early = update.then(({ output }) => expect.unreachable(output));
    await Promise.race([world.reached(second, "gate", 540), early]);
    early.catch(() => {});
    await world.setSwitch(first, "unhealthy");
    await until(
      "the canary is unhealthy",
      async () => (await world.inspect(first)).State.Health?.Status === "unhealthy",
      300,
    );
    const sick = await world.identity(first);
    await world.release(second, "gate");
    const { code, output } = await update;
    expect(output).toContain(`${first}: is unhealthy and is left as it is`);
    expect(output).toContain(`docker logs --tail 50 ${first}`);
    expect(code, output).toBe(3);
    expect(await imageOf(second)).toBe(images.old);
    expect(await imageOf(first)).toBe(images.new);
    expect(await world.identity(first)).toEqual(sick);
    expect((await world.inspect(second)).State.Health?.Status).toBe("healthy");
  });

  it("looks after the sick one in the next update, as before", async () => {
    await world.removeSwitch(first, "unhealthy");
    await until(
      "the canary is healthy",
      async () => (await world.inspect(first)).State.Health?.Status === "healthy",
      300,
    );
    const { code, output } = await world.up();
    expect(code, output).toBe(0);
    expect(output).not.toContain("nothing is checked in this run");
  });
});
