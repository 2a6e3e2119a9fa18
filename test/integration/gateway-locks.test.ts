import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeIntoState } from "../support/damage.ts";
import { dockerCommand } from "../support/docker-command.ts";
import { partsOfThisRun, until, World } from "../support/world.ts";

/** A gateway that keeps a lock in its state, and has to be killed: its lock names a process that the next one is too. */
describe("a lock that a killed gateway has left in its state", () => {
  let world: World;
  let name: string;
  const lock = "tmp/openclaw-1000/gateway.state.lock";

  beforeAll(async () => {
    const { fixture } = (await partsOfThisRun()).images;
    world = await World.create({ stable: fixture[1] }, { instances: 1 });
    name = world.instances[0] as string;
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    await world.setSwitch(name, "keeps-lock");
    await dockerCommand("restart", name);
    const isHealthy = async () => (await world.inspect(name)).State.Health?.Status === "healthy";
    await until("it serves", isHealthy, 300);
    await world.setSwitch(name, "ignore-sigterm", "only 1");
    await world.ask(name, "/messages", { method: "POST", body: { text: "kept" } });
  });
  afterAll(() => world.destroy());

  it("does not keep the old version from being put back", async () => {
    const { fixture } = world.parts.images;
    await world.configure({ images: { stable: fixture[2], previous: fixture[1] } });
    const run = await world.startUpTo(name, "check");
    const { ExitCode, Running } = (await world.inspect(name)).State;
    expect([Running, ExitCode]).toEqual([false, 137]);
    // The snapshot is not that of the state any more: what was stopped is started again.
    await writeIntoState(world, name, "written-by-somebody-else");
    await world.release(name, "check");
    const { code, output } = await run.ended;
    expect(code, output).not.toBe(0);
    expect(output).toContain(`has left ${lock} in its state: removed`);
    expect(output).toContain(`Nothing was removed: ${name} serves ${fixture[1]} again.`);
    expect((await world.ask(name, "/messages")).body).toMatchObject([{ text: "kept" }]);
  });

  it("does not keep the new version from starting, is named, and is on record with the snapshot", async () => {
    const { fixture } = world.parts.images;
    await world.configure({ images: { stable: fixture[2], previous: fixture[1] } });
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    expect(up.output).toContain(`has left ${lock} in its state: removed, else the next one would not start`);
    expect((await world.inspect(name)).Config.Image).toBe(fixture[2]);
    expect((await world.ask(name, "/messages")).body).toMatchObject([{ text: "kept" }]);
    const records = await world.records(name);
    expect(records.findLast(({ kind }) => kind === "cut-over")).toMatchObject({ stop: { killed: true } });
    expect(records.findLast((record) => record.kind === "snapshot" && record.role === "cold")).toMatchObject({
      locks: [lock],
    });
  });

  it("is in no state that is restored", async () => {
    const { fixture } = world.parts.images;
    await world.configure({ images: { stable: fixture[1] } });
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect((await world.inspect(name)).Config.Image).toBe(fixture[1]);
    expect((await world.ask(name, "/messages")).body).toMatchObject([{ text: "kept" }]);
  });
});
