import { execFile } from "node:child_process";
import { mkdir, rm, statfs, truncate } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fillUp, mountSmall } from "../support/damage.ts";
import type { Run } from "../support/outcome.ts";
import { partsOfThisRun, until, World } from "../support/world.ts";

const execute = promisify(execFile);

describe("a way back without room", () => {
  let world: World;
  let [name, state, repositories] = ["", "", ""];
  const images = { old: "", new: "" };
  const unmount: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    const { fixture } = (await partsOfThisRun()).images;
    [images.old, images.new] = [fixture[1], fixture[2]];
    const stateOf = (instance: string) => `/var/tmp/clawforce-room-${instance}`;
    world = await World.create(
      { stable: images.old },
      { instances: 1, patience: true, snapshots: { minimumFree: "1 MB" }, directory: stateOf },
    );
    name = world.instances[0] as string;
    [state, repositories] = [stateOf(name), join(world.folder, "repositories")];
    await mkdir(state, { recursive: true });
    unmount.push(await mountSmall(state, 96), await mountSmall(repositories, 96));
    // Much of it, and nothing that gets smaller: the whole state fits into the repository once, and not twice in the end.
    await mkdir(join(state, "workspace"));
    await write(join(state, "workspace", "notes"), 24);
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
    await world.ask(name, "/messages", { method: "POST", body: { text: "there before the update" } });
    await world.configure({ images: { stable: images.old, candidate: images.new } });
    const update = await world.up();
    expect(update.code, update.output).toBe(0);
    await world.configure({ images: { stable: images.old } });
  });
  afterAll(async () => {
    for (const each of unmount) await each();
    await world.destroy();
    await rm(state, { recursive: true });
  });

  const found = async () => ({
    identity: await world.identity(name),
    records: await world.records(name),
    messages: (await world.ask(name, "/messages")).body,
  });

  function expectRefusal({ code, output }: Run, place: string): void {
    expect(output).toMatch(
      new RegExp(
        `${name}: (preflight failed: )?there is no room for the way back, and nothing was stopped: \\d+ MB are free ${place}[^\\n]* MB are needed \\(`,
      ),
    );
    expect(output).toMatch(/(Move away (what|other)|docker builder prune).* Then go back again\./);
    expect(code).not.toBe(0);
  }

  it.each([
    ["in the repository", () => fillUp(repositories)],
    ["beside the state", () => fillUp(state)],
    // A file without content, of which a check of the snapshot would make a whole copy there.
    ["on Docker's own disk", () => sparse(join(state, "workspace", "huge.db"))],
  ])(
    "refuses before anything is stopped, with numbers, where the disk is too small %s",
    async (place, harm) => {
      const before = await found();
      const repair = await harm();
      const refused = await world.up().finally(repair);
      expectRefusal(refused, place);
      expect(await found()).toEqual(before);
    },
  );

  it("refuses before anything is stopped where a disk got full after the preparation", async () => {
    const before = await found();
    await world.breakAt(name, "pull");
    const run = world.up();
    await Promise.race([
      world.reached(name, "pull", 540),
      run.then(({ output }) => expect.unreachable(output)),
    ]);
    const repair = await fillUp(state);
    await world.release(name, "pull");
    const refused = await run.finally(repair);
    expectRefusal(refused, "beside the state");
    expect(await found()).toEqual(before);
  });

  it("lets a sick workload go back with as much room in the repository as its snapshot adds", async () => {
    await world.setSwitch(name, "unhealthy");
    await until(
      "the gateway is unhealthy",
      async () => (await world.inspect(name)).State.Health?.Status === "unhealthy",
      300,
    );
    const { bavail, bsize } = await statfs(repositories);
    const filler = join(repositories, "filler");
    await write(filler, Math.floor((bavail * bsize) / 1e6) - 14);
    const { code, output } = await world.up().finally(() => rm(filler));
    expect(code, output).toBe(0);
    expect(output).toContain("there is room for the way back");
    expect((await world.inspect(name)).Config.Image).toBe(images.old);
    expect((await world.ask(name, "/messages")).body).toMatchObject([{ text: "there before the update" }]);
  });
});

async function write(file: string, megabytes: number): Promise<void> {
  await execute("dd", ["if=/dev/urandom", `of=${file}`, "bs=1000000", `count=${megabytes}`]);
}

async function sparse(file: string): Promise<() => Promise<void>> {
  await execute("touch", [file]);
  await truncate(file, 100e12);
  return () => rm(file);
}
