import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
    world = await World.create({ stable: images.old }, { instances: 1 });
    name = world.instances[0] as string;
    const { code, output } = await world.up();
    expect(code, output).toBe(0);
    await world.ask(name, "/messages", { method: "POST", body: { text: "there before the update" } });
  });
  afterAll(() => world.destroy());

  const newest = async (kind: string) => (await world.records(name)).findLast((each) => each.kind === kind);

  it("sets back the state that the new container moved while it started", async () => {
    await world.configure({ images: { stable: images.old, candidate: images.new } });
    await world.setSwitch(name, "slow-start", "6 only 2");
    const run = world.startUp();
    await until(
      "the new container has moved the state and is not healthy yet",
      async () =>
        (await dockerCommand("logs", name).catch(() => "")).includes("migrated state schema 1 -> 2"),
      120,
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
      markers: { databases: { "fixture.sqlite": 2 } },
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
