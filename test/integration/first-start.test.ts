import { afterEach, describe, expect, it } from "vitest";
import { dockerCommand } from "../support/docker-command.ts";
import type { Run } from "../support/outcome.ts";
import { partsOfThisRun, until, World } from "../support/world.ts";

/** A state and a container that were there before the stack. */
describe("the first start on what a person has made", () => {
  let world: World;
  afterEach(() => world?.destroy());

  async function stackOf(images: { stable: string; previous?: string }): Promise<string> {
    world = await World.create(images, { instances: 1 });
    return world.instances[0] as string;
  }

  /** A gateway as a person starts it, on the volume of the workload, with something in its state. */
  async function byHand(name: string, on: string, image: string): Promise<void> {
    const labels = [
      "--label",
      `clawforce.one-shot.test=${world.stack}`,
      "--label",
      `clawforce.stack=by-hand-${world.stack}`,
    ];
    const volume = ["--volume", `${on}-state:/home/node/.openclaw`];
    await dockerCommand("run", "--detach", "--network", "none", "--name", name, ...labels, ...volume, image);
    const isHealthy = async () => (await world.inspect(name)).State.Health?.Status === "healthy";
    await until(`${name} serves`, isHealthy, 300);
    await world.ask(name, "/messages", { method: "POST", body: { text: "written by hand" } });
  }

  const texts = async (name: string) =>
    ((await world.ask(name, "/messages")).body as { text: string }[]).map(({ text }) => text);

  const refused = ({ code, output }: Run) => {
    expect(code, output).not.toBe(0);
    expect(output).not.toMatch(/\n\s+at .*\.ts:\d+/);
    return output.replaceAll(/\s+/g, " ");
  };

  it("never makes two gateways on one state, in whatever order its advice is followed", async () => {
    const { fixture } = (await partsOfThisRun()).images;
    const name = await stackOf({ stable: fixture[1] });
    const before = `${name}-before`;
    await byHand(name, name, fixture[1]);
    const made = await world.identity(name);
    const preview = refused(await world.preview());
    expect(preview).toContain(
      `a container called ${name} is there that belongs to the stack by-hand-${world.stack} (running;`,
    );
    expect(preview).toContain(`it writes to the volume ${name}-state). Nothing was touched.`);
    refused(await world.up());

    // What the advice warns of: renamed, and still running.
    await dockerCommand("rename", name, before);
    const up = refused(await world.up());
    expect(up).toContain(`another container runs on the same state: ${before} (running;`);
    expect(up).toContain(`\`docker stop ${before}\``);
    expect(await world.identity(before)).toEqual(made);
    await expect(world.inspect(name)).rejects.toThrow("there is no container");

    await dockerCommand("stop", before);
    // The writer comes back after the preparation has passed, before the creation.
    const run = await world.startUpTo(name, "cold snapshot");
    // Past the preparation's snapshot, and on to the one immediately before the creation.
    await world.breakAt(name, "cold snapshot");
    await world.reached(name, "cold snapshot");
    await dockerCommand("start", before);
    await world.release(name, "cold snapshot");
    expect(refused(await run.ended)).toContain(
      `another container runs on the same state: ${before} (running;`,
    );
    await expect(world.inspect(name)).rejects.toThrow("there is no container");

    await dockerCommand(
      "exec",
      before,
      "node",
      "-e",
      "fetch('http://127.0.0.1:18789/messages',{method:'POST',body:JSON.stringify({text:'later'})})",
    );
    await dockerCommand("stop", before);
    const drills = (await world.records(name)).filter(({ kind }) => kind === "drill").length;
    const last = await world.up();
    expect(last.code, last.output).toBe(0);
    expect(await texts(name)).toEqual(["written by hand", "later"]);
    // The preparation of the update that failed was not taken for done.
    expect((await world.records(name)).filter(({ kind }) => kind === "drill")).toHaveLength(drills + 1);
    expect((await world.up()).output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
  });

  it("of a newer version is refused until the one that wrote the state has taken it over, copied, drilled and on record", async () => {
    const { fixture } = (await partsOfThisRun()).images;
    const name = await stackOf({ stable: fixture[2] });
    const old = `${name}-old`;
    await byHand(old, name, fixture[1]);
    await dockerCommand("stop", old);
    const up = refused(await world.up());
    expect(up).toContain(`its state was written by version 1, and ${fixture[2]} is version 2.`);
    expect(up).toContain("First let version 1 take the state over: set `stable` to its image");

    await world.configure({ images: { stable: fixture[1] } });
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
    expect(await texts(name)).toEqual(["written by hand"]);
    expect((await world.records(name)).slice(0, 3)).toMatchObject([
      { kind: "snapshot", role: "cold", image: fixture[1] },
      { kind: "drill", image: fixture[1] },
      { kind: "snapshot", role: "cold", image: fixture[1] },
    ]);
    expect((await world.up()).output).toMatch(/Resources:\n {4}\d+ unchanged\n/);

    await world.configure({ images: { stable: fixture[1], candidate: fixture[2] } });
    const update = await world.up();
    expect(update.code, update.output).toBe(0);
    await world.configure({ images: { stable: fixture[1] } });
    expect((await world.preview()).output).toMatch(
      /back fixture:2@\w+ -> fixture:1@\w+, with its state: snapshot \w{8} of .* is restored/,
    );
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect((await world.inspect(name)).Config.Image).toBe(fixture[1]);
    expect(await texts(name)).toEqual(["written by hand"]);
  });

  it("on a state whose writer nobody knows says so, and keeps a copy that has started", async () => {
    const { fixture } = (await partsOfThisRun()).images;
    const name = await stackOf({ stable: fixture[2] });
    const old = `${name}-old`;
    await byHand(old, name, fixture[1]);
    await dockerCommand("exec", old, "rm", "/home/node/.openclaw/openclaw.json");
    await dockerCommand("stop", old);
    const { code, output } = await world.up();
    expect(code, output).toBe(0);
    expect(output).toContain("it is not known which version wrote it");
    expect((await world.records(name)).slice(0, 2)).toMatchObject([
      {
        kind: "snapshot",
        role: "cold",
        image: fixture[2],
        writer: "unknown",
        markers: { databases: { "fixture.sqlite": { userVersion: 1 } } },
      },
      { kind: "drill", image: fixture[2] },
    ]);
  });
});
