import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { turnArgv } from "../../demo/model-server.ts";
import { doctorCommand } from "../../demo/settings.ts";
import { inGateway, livedIn, openClawWorld } from "../support/lived-in.ts";
import { type Belongings, belongings, turnFailure } from "../support/openclaw-copy.ts";
import { partsOfThisRun, type World } from "../support/world.ts";

/** A real pair: its new version does not start on a state that has sessions until it was brought over. */
describe("OpenClaw 2026.9.1 with a session and a job", () => {
  let world: World;
  let name: string;
  let before: string;
  let after: string;
  let had: Belongings;

  beforeAll(async () => {
    const { openclaw } = (await partsOfThisRun()).images;
    [before, after] = [openclaw["2026.9.1"] ?? "", openclaw["2026.9.4"] ?? ""];
    world = await openClawWorld(before);
    name = world.instances[0] as string;
    had = await livedIn(world);
    // The gateway has jobs of its own beside it.
    expect(had.jobs).toContain("monthly");
    expect(had.sessions).toBeGreaterThan(0);
  });
  afterAll(() => world?.destroy());

  const has = () => belongings((...argv) => inGateway(world, ...argv));

  it("is not updated to 2026.9.4 without a migration, and nothing is stopped", async () => {
    const untouched = await world.identity(name);
    await world.configure({ images: { stable: before, candidate: after } });
    const refused = await world.up();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/rehearsal failed: openclaw:2026.9.4@\w+: it does not work on a copy/);
    expect(refused.output).toContain("run openclaw doctor --fix");
    expect(refused.output).toContain("the new version says of state/openclaw.sqlite: migration-required");
    expect(refused.output).toMatch(
      /the new version says of agents\/main\/agent\/openclaw-agent\.sqlite: incompatible: SQLite schema is incomplete/,
    );
    expect(refused.output).toContain(
      "Write `migrate: [{command: [openclaw, doctor, --fix, --non-interactive]}]`",
    );
    expect(refused.output).toContain("Nothing was stopped. The copy is removed.");
    expect(await world.identity(name)).toEqual(untouched);
  });

  it("is updated with it: the session and the job are there, and the old session answers", async () => {
    const migrate = [{ command: doctorCommand, deadline: "20m" }];
    await world.configure({ images: { stable: before, candidate: after, migrate } });
    const update = await world.up();
    expect(update.code, update.output).toBe(0);
    expect(update.output).toMatch(
      /rehearsal: .*state\/openclaw.sqlite 15 -> 17; .*going back: with the state/,
    );
    expect(update.output).toContain("✓ version: OpenClaw 2026.9.4");
    expect((await world.inspect(name)).Config.Image).toBe(after);
    const now = await has();
    expect(now.jobs).toEqual(expect.arrayContaining(had.jobs));
    expect(now.sessions).toBeGreaterThanOrEqual(had.sessions);
    expect(turnFailure(await inGateway(world, ...turnArgv("two")))).toBeUndefined();
  });

  it("goes back with its state, and has what it had", async () => {
    await world.configure({ images: { stable: before } });
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect(back.output).toContain("✓ version: OpenClaw 2026.9.1");
    expect((await world.inspect(name)).Config.Image).toBe(before);
    expect(await has()).toEqual({ sessions: had.sessions, jobs: expect.arrayContaining(had.jobs) });
    expect(turnFailure(await inGateway(world, ...turnArgv("three")))).toBeUndefined();
  });
});
