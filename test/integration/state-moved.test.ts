import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { partsOfThisRun, runProgram, World } from "../support/world.ts";

/** Version 3 leaves every `user_version` as it is: it moves files, makes a database, and stamps what it writes into. */
describe("the way back from a version that moves no user_version", () => {
  let world: World;
  let name: string;

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    world = await World.create({ stable: images.fixture[2] }, { instances: 1, patience: true });
    name = world.instances[0] as string;
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
    await post("/messages", { text: "kept" });
    await ownDatabase("new DatabaseSync(file).exec('CREATE TABLE notes (text)')");
  });
  afterAll(() => world.destroy());

  it("brings back the jobs that the new version has put aside and taken into a database", async () => {
    await post("/jobs", { name: "nightly" });
    const before = await texts();
    await forward();
    expect((await world.ask(name, "/jobs")).body).toEqual([{ name: "nightly" }]);
    await post("/jobs", { name: "since the update" });
    await configureBack();
    expect((await world.preview()).output).toMatch(
      /with its state: .*\(state\/jobs.sqlite is new, cron\/jobs.json.migrated is new\)/,
    );
    await upWith(0);
    expect((await world.ask(name, "/jobs")).body).toEqual([{ name: "nightly" }]);
    expect(await texts()).toEqual(before);
    expect((await kinds()).slice(-5)).toEqual(["cut-over", "restore", "gate", "state", "verification"]);
    // For the tests that follow there are no jobs to move.
    await world.removeSwitch(name, "cron/jobs.json");
  });

  it("finds out before it stops anything that the configuration was stamped since the preview, and goes back at the second try", async () => {
    const messages = await texts();
    await forward();
    await post("/config", { model: "small" });
    await configureBack();
    expect((await world.preview()).output).toContain("its state stays as it is");
    const before = await world.identity(name);
    const refused = await upWith(1);
    expect(refused).toContain(
      `${name}: preflight failed: the new version has moved the state since the preview (config stamp 2 -> 3)`,
    );
    expect(await world.identity(name)).toEqual(before);

    expect((await world.preview()).output).toMatch(
      /with its state: snapshot \w{8} of .* is restored .*; state moved \(config stamp 2 -> 3\)/,
    );
    await upWith(0);
    expect(await texts()).toEqual(messages);
  });

  it("takes the state with it, in the same run, where the new version moves it after the preparation", async () => {
    const messages = await texts();
    await forward();
    await configureBack();
    const { ended } = await world.startUpTo(name, "stop");
    // All that the preview and the preparation have seen is right until here.
    await post("/config", { model: "small" });
    await world.release(name, "stop");
    const back = await ended;
    expect(back.code, back.output).toBe(0);
    expect(back.output).toMatch(
      /the newer version has moved the state after the preparation \(config stamp 2 -> 3\)\. So snapshot \w{8} of \S+ comes back as well/,
    );
    expect(await texts()).toEqual(messages);
    expect((await kinds()).slice(-5)).toEqual(["cut-over", "restore", "gate", "state", "verification"]);
    expect((await world.up()).output).not.toContain("restore");
  });

  it("takes code alone when nothing has moved, whatever the agent does with its own databases", async () => {
    const before = await texts();
    await forward();
    await post("/messages", { text: "since the update" });
    await ownDatabase("rmSync(file)");
    await configureBack();
    expect((await world.preview()).output).toMatch(
      /back fixture:3@\w+ -> fixture:2@\w+, its state stays as it is/,
    );
    await upWith(0);
    expect(await texts()).toEqual([...before, "since the update"]);
    expect((await kinds()).slice(-4)).toEqual(["cut-over", "gate", "state", "verification"]);
  });

  async function forward(): Promise<void> {
    const { fixture } = world.parts.images;
    await world.configure({ images: { stable: fixture[2], candidate: fixture[3] } });
    await upWith(0);
    expect((await world.inspect(name)).Config.Image).toBe(fixture[3]);
  }

  function configureBack(): Promise<void> {
    return world.configure({ images: { stable: world.parts.images.fixture[2] } });
  }

  async function upWith(code: 0 | 1): Promise<string> {
    const up = await world.up();
    expect(up.code === 0, up.output).toBe(code === 0);
    return up.output;
  }

  async function post(path: string, body: unknown): Promise<void> {
    const { status } = await world.ask(name, path, { method: "POST", body });
    expect(status).toBeLessThan(300);
  }

  async function texts(): Promise<string[]> {
    const { body } = await world.ask(name, "/messages");
    return (body as { text: string }[]).map(({ text }) => text);
  }

  async function kinds(): Promise<string[]> {
    // What a container is made with goes on record beside each of these.
    return (await world.records(name)).map(({ kind }) => kind).filter((kind) => kind !== "settings");
  }

  /** What an agent does in its workspace. */
  async function ownDatabase(script: string): Promise<void> {
    const code =
      "const {DatabaseSync}=require('node:sqlite');const {mkdirSync,rmSync}=require('node:fs');" +
      `const file='/home/node/.openclaw/workspace/tmp.db';mkdirSync('/home/node/.openclaw/workspace',{recursive:true});${script}`;
    const done = await runProgram("docker", ["exec", name, "node", "-e", code], world.environment());
    expect(done.code, done.output).toBe(0);
  }
});
