import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { partsOfThisRun, World } from "../support/world.ts";

describe("what is wrong is said in a sentence, and nothing is touched", () => {
  let world: World;
  let name: string;

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    world = await World.create({ stable: images.fixture[1] }, { instances: 1 });
    name = world.instances[0] as string;
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
  });
  afterAll(() => world.destroy());

  async function set(path: string[], value: unknown): Promise<void> {
    const file = parse(await readFile(world.configFile, "utf8")) as Record<string, unknown>;
    let place = file;
    for (const key of path.slice(0, -1)) {
      place = place[key] as Record<string, unknown>;
    }
    place[path.at(-1) as string] = value;
    await writeFile(world.configFile, stringify(file));
  }

  it("an unknown key of the configuration", async () => {
    const before = await world.identity(name);
    await set(["config", "clawforce:instanceGroups", `${world.stack}-group`, "waev"], 1);
    const up = await world.up();
    expect(up.code).not.toBe(0);
    expect(up.output).toContain("The stack configuration has 1 problem; nothing was touched.");
    expect(up.output).toContain(`clawforce:instanceGroups.${world.stack}-group.waev: unknown key.`);
    expect(up.output).not.toMatch(/\n\s+at .*\.ts:\d+/);
    expect(await world.identity(name)).toEqual(before);
    await world.configure();
  });

  it("a Docker host that does not answer", async () => {
    const before = await world.identity(name);
    const socket = join(world.folder, "no.sock");
    await set(["config", "clawforce:platform", "host"], `unix://${socket}`);
    const preview = await world.preview();
    expect(preview.code).not.toBe(0);
    expect(preview.output).toContain(
      `The Docker host unix://${socket} does not answer (ENOENT); nothing was done. Start it, or correct clawforce:platform.host.`,
    );
    expect(preview.output).not.toMatch(/\n\s+at .*\.ts:\d+/);
    expect(await world.identity(name)).toEqual(before);
    await world.configure();
  });

  it("an update for a workload whose records somebody has changed, which stays as it is", async () => {
    const before = await world.identity(name);
    const file = join(world.folder, "evidence", world.stack, name, "records.jsonl");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.split("\n").toSpliced(1, 1).join("\n"));
    const { stable } = world.images;
    await world.configure({ images: { stable, candidate: world.parts.images.fixture[2] } });
    for (const run of [await world.preview(), await world.up()]) {
      expect(run.code).not.toBe(0);
      expect(run.output).toContain(
        `${name}: refused: its records are damaged: ${file}:2: the line does not follow the one before it: it was changed, or one was taken out.`,
      );
      expect(run.output).not.toMatch(/\n\s+at .*\.ts:\d+/);
    }
    await writeFile(file, text);
    await world.configure({ images: { stable } });
    expect(await world.identity(name)).toEqual(before);
  });

  it("no secret stands in the stack's state, in the output or in the records", async () => {
    const state = await world.pulumi(["stack", "export", "--stack", world.stack]);
    expect(state.code).toBe(0);
    expect(state.output).not.toContain("secret-of-");
    const up = await world.up("--diff");
    expect(up.output).not.toContain("secret-of-");
    const records = await readFile(
      join(world.folder, "evidence", world.stack, name, "records.jsonl"),
      "utf8",
    );
    const payloads = records
      .trimEnd()
      .split("\n")
      .map((line) => Buffer.from((JSON.parse(line) as { payload: string }).payload, "base64").toString());
    expect(payloads.join()).toContain('"kind":"verification"');
    expect(payloads.join()).not.toContain("secret-of-");
  });
});
