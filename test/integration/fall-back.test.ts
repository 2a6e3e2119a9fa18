import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerCommand } from "../support/docker-command.ts";
import { partsOfThisRun, World } from "../support/world.ts";

/** Nothing shows that the new version has changed what the old one needs: the old one finds out when it starts. */
describe("a way back by code alone, on which the old version does not come up", () => {
  let world: World;
  let name: string;

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    world = await World.create({ stable: images.fixture[2] }, { instances: 1 });
    name = world.instances[0] as string;
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
    await post("kept");
    await world.configure({ images: { stable: images.fixture[2], candidate: images.fixture[3] } });
    const update = await world.up();
    expect(update.code, update.output).toBe(0);
    await post("since the update");
    await world.setSwitch(name, "refuse-start", "only 2");
    await world.configure({ images: { stable: images.fixture[2] } });
  });
  afterAll(() => world.destroy());

  it("gets its own state in the same run, and what was there is in a snapshot", async () => {
    expect((await world.preview()).output).toMatch(
      /its state stays as it is; \w{8} is restored if the old version can't work with it/,
    );
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect(back.output).toContain(
      "(refusing to start: refuse-start is present): its snapshot comes back as well",
    );
    expect((await world.inspect(name)).Config.Image).toBe(world.parts.images.fixture[2]);
    expect(await texts()).toEqual(["kept"]);
    const records = (await world.records(name)).filter(
      ({ kind }) => kind !== "settings" && kind !== "ingress",
    );
    expect(records.map(({ kind }) => kind).slice(-5)).toEqual([
      "cut-over",
      "restore",
      "gate",
      "state",
      "verification",
    ]);
    expect(records.findLast(({ kind }) => kind === "restore")).toMatchObject({
      because: expect.stringContaining("refusing to start: refuse-start is present"),
    });
    const left = records.findLast((each) => each.kind === "snapshot" && each.role === "pre-restore");
    expect(left).toMatchObject({ image: world.parts.images.fixture[3] });
    // The engine notes what became of the first try, and touches nothing.
    const before = await world.identity(name);
    const again = await world.up();
    expect(again.code, again.output).toBe(0);
    expect(await world.identity(name)).toEqual(before);
  });

  it("is told so when its own state is no help either, and is not tried for ever", async () => {
    const { fixture } = world.parts.images;
    await world.configure({ images: { stable: fixture[2], candidate: fixture[3] } });
    // After the drill, which would find it.
    const run = await world.startUpTo(name, "drain");
    await world.setSwitch(name, "refuse-start", "only 2");
    await world.release(name, "drain");
    const update = await run.ended;
    expect(update.code, update.output).toBe(0);
    await world.configure({ images: { stable: fixture[2] } });
    const back = await world.up();
    expect(back.code, back.output).not.toBe(0);
    expect(back.output).toContain(
      "the version of before does not come up on the state of its own snapshot either.",
    );
    expect(back.output).toMatch(
      new RegExp(
        `${name}: its container (ended with exit code \\d+|is \\w+)(, and was started again [^\n]+)?\\.\n`,
      ),
    );
    expect(back.output).toMatch(/ {2}Its last lines: .*refusing to start: refuse-start is present/);
    const tries = back.output.match(/its snapshot comes back as well/g) ?? [];
    expect(tries.length).toBeGreaterThan(0);
    expect((await world.records(name)).filter(({ kind }) => kind === "restore")).toHaveLength(2);
    expect(await dockerCommand("inspect", "--format", "{{.Config.Image}}", name)).toBe(`${fixture[2]}\n`);
  });

  async function post(text: string): Promise<void> {
    expect((await world.ask(name, "/messages", { method: "POST", body: { text } })).status).toBe(201);
  }

  async function texts(): Promise<string[]> {
    const { body } = await world.ask(name, "/messages");
    return (body as { text: string }[]).map(({ text }) => text);
  }
});
