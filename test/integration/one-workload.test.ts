import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { partsOfThisRun, World } from "../support/world.ts";

describe("one workload", () => {
  let world: World;
  let name: string;

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    world = await World.create({ stable: images.fixture[1] }, { instances: 1, patience: true });
    name = world.instances[0] as string;
  });
  afterAll(() => world.destroy());

  it("is updated, serves, and is rolled back with the state that the new version moved", async () => {
    const { fixture } = world.parts.images;
    const first = await world.up();
    expect(first.output).toContain(`${name}: first start on fixture:1@`);
    expect(first.code).toBe(0);
    await world.ask(name, "/messages", { method: "POST", body: { text: "before the update" } });

    const unchanged = await world.up();
    expect(unchanged).toMatchObject({
      code: 0,
      output: expect.stringMatching(/Resources:\n {4}14 unchanged\n/),
    });
    const { Id } = await world.inspect(name);
    expect(unchanged.output).toMatch(new RegExp(`running\\s*: \\{\\s+${name}: \\{\\s+container: "${Id}"`));

    await world.configure({ images: { stable: fixture[1], candidate: fixture[2] } });
    const update = await world.up();
    expect(update.code, update.output).toBe(0);
    expect((await world.inspect(name)).Config.Image).toBe(fixture[2]);
    await world.ask(name, "/messages", { method: "POST", body: { text: "after the update" } });

    await world.configure({ images: { stable: fixture[1] } });
    const preview = await world.preview();
    expect(preview.output).toMatch(
      /back fixture:2@\w+ -> fixture:1@\w+, with its state: snapshot \w{8} of .* is restored/,
    );
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect((await world.inspect(name)).Config.Image).toBe(fixture[1]);
    const { body } = await world.ask(name, "/messages");
    expect((body as { text: string }[]).map(({ text }) => text)).toEqual(["before the update"]);
    const kinds = (await world.records(name)).map((record) =>
      record.kind === "snapshot" ? record.role : record.kind,
    );
    expect(kinds.slice(-8)).toEqual([
      "verification",
      "pre-restore",
      "cut-over",
      "settings",
      "restore",
      "gate",
      "state",
      "verification",
    ]);
  });
});
