import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { partsOfThisRun, World } from "../support/world.ts";

describe("a real OpenClaw gateway with the configuration's defaults", () => {
  let world: World;
  let name: string;
  let before: string;
  let after: string;

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    [before, after] = [images.openclaw["2026.4.15"] ?? "", images.openclaw["2026.4.23"] ?? ""];
    world = await World.create({ stable: before }, { instances: 1, openclaw: true });
    name = world.instances[0] as string;
  });
  afterAll(() => world.destroy());

  it("is updated from 2026.4.15 to 2026.4.23 and goes back with code alone", async () => {
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
    expect(first.output).toContain("✓ version: OpenClaw 2026.4.15 (041266a)");

    await world.configure({ images: { stable: before, candidate: after } });
    const update = await world.up();
    expect(update.code, update.output).toBe(0);
    expect(update.output).toContain("✓ version: OpenClaw 2026.4.23 (a979721)");
    expect(update.output).toMatch(/drill: snapshot \w{8} starts and becomes healthy/);
    expect((await world.inspect(name)).Config.Image).toBe(after);

    const unchanged = await world.up();
    expect(unchanged.output).toMatch(/Resources:\n {4}\d+ unchanged\n/);

    await world.configure({ images: { stable: before } });
    const preview = await world.preview();
    expect(preview.output).toMatch(
      /back openclaw:2026.4.23@\w+ -> openclaw:2026.4.15@\w+, its state stays as it is/,
    );
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect(back.output).toContain("✓ version: OpenClaw 2026.4.15 (041266a)");
    expect((await world.inspect(name)).Config.Image).toBe(before);
    expect((await world.records(name)).some((record) => record.kind === "restore")).toBe(false);
  });
});
