import { chown, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { partsOfThisRun, World } from "../support/world.ts";

/** The user of the gateway's images. */
const gatewayUser = 1000;

describe("state in a directory of the Docker host", () => {
  let world: World;
  let name: string;
  let directories: string;

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    directories = await mkdtemp(join(tmpdir(), "clawforce-state-"));
    const directory = (instance: string) => join(directories, instance);
    world = await World.create({ stable: images.fixture[1] }, { instances: 1, directory });
    name = world.instances[0] as string;
    await mkdir(directory(name));
    await chown(directory(name), gatewayUser, gatewayUser);
  });
  afterAll(async () => {
    await world.destroy();
    await rm(directories, { recursive: true });
  });

  it("moves forward and back like a volume, and a snapshot named in the configuration is restored once", async () => {
    const { fixture } = world.parts.images;
    expect((await world.up()).code).toBe(0);
    await world.ask(name, "/messages", { method: "POST", body: { text: "first" } });

    await world.configure({ images: { stable: fixture[1], candidate: fixture[2] } });
    const update = await world.up();
    expect(update.code, update.output).toBe(0);
    await world.configure({ images: { stable: fixture[1] } });
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect(await texts()).toEqual(["first"]);
    expect(await readdir(join(directories, name))).not.toContain(".clawforce-restore");

    await world.ask(name, "/messages", { method: "POST", body: { text: "second" } });
    const hot = (await world.records(name)).find(
      (record) => record.kind === "snapshot" && record.role === "hot",
    );
    const snapshot = hot?.kind === "snapshot" ? hot.snapshot.slice(0, 8) : "";
    world.instanceSettings[name] = { restore: snapshot };
    await world.configure();
    const nameless = await world.preview();
    expect(nameless.output).toContain(`write \`restore: {snapshot: "${snapshot}", order: "`);
    expect(nameless.code).not.toBe(0);
    world.instanceSettings[name] = { restore: { snapshot, order: "INC-42" } };
    await world.configure();
    const preview = await world.preview();
    expect(preview.output).toMatch(
      /its state is set back: snapshot \w{8} of .* is restored after a pre-restore snapshot/,
    );
    const restored = await world.up();
    expect(restored.code, restored.output).toBe(0);
    expect(await texts()).toEqual(["first"]);

    const { id } = await world.identity(name);
    const again = await world.up();
    expect(again.output).toMatch(/ {4}13 unchanged/);
    world.instanceSettings = {};
    await world.configure();
    const without = await world.up();
    expect(without.code, without.output).toBe(0);
    expect((await world.identity(name)).id).toBe(id);
  });

  async function texts(): Promise<string[]> {
    const { body } = await world.ask(name, "/messages");
    return (body as { text: string }[]).map(({ text }) => text);
  }
});
