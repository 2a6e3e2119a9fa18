import { beforeEach, describe, expect, it } from "vitest";
import { moveManaged } from "../../lifecycle/managed/move.ts";
import { prepareManaged } from "../../lifecycle/managed/prepare.ts";
import { readDocument } from "../../lifecycle/workdir/whole-file.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { MemoryWorld } from "../support/memory-world.ts";
import { candidate, digest, stable } from "./config-fixture.ts";

const controlPlane = { image: `clawforceone/clawforce:1.4.2@${digest("e")}` };
const managed = {
  controlPlane,
  "instanceGroups.support.managed": true,
  "instanceGroups.support.gate": [
    { kind: "http", path: "/healthz", body: { ok: true }, deadline: "1s", interval: "5s" },
  ],
  "instanceGroups.support.verification": [{ kind: "http", path: "/healthz", body: { ok: true } }],
};

let world: MemoryWorld;

function worldOf(image: string): MemoryWorld {
  const made = new MemoryWorld(image, undefined, managed);
  made.controlPlane.make(made.name, stable, { statePath: made.workload.mount, state: "of the old one" });
  return made;
}

beforeEach(() => {
  world = worldOf(candidate);
});

const prepare = (of = world) => prepareManaged(of.context, { workload: of.workload });
const move = (of = world) => moveManaged(of.context, { workload: of.workload });
const row = () => world.controlPlane.rows.get(world.name);
const image = () => world.platform.units.get(world.name)?.image;
const journal = () => readDocument(`${world.context.log.folder}/managed-move.json`);

/** What the candidate becomes: its gate says so, or its container does; and what it makes of the state. */
function candidateThat(harm: { gate?: 503; fails?: true; state?: string; oldFailsOnIt?: true }): void {
  world.controlPlane.starts = (started, state) => {
    const isNew = started === candidate;
    world.platform.http.set("/healthz", { status: isNew ? (harm.gate ?? 200) : 200, body: '{"ok":true}' });
    if (!isNew) return harm.oldFailsOnIt && state === harm.state ? { fails: true } : undefined;
    return {
      ...(harm.fails && { fails: true as const }),
      ...(harm.state !== undefined && { state: harm.state }),
    };
  };
}

describe("a preparation", () => {
  it("stops nothing, and leaves a backup that was opened, on record and in the journal", async () => {
    const prepared = await prepare();
    expect(prepared).toEqual({ workload: world.name, from: stable, to: candidate, backup: "backup-1" });
    expect(world.did).toEqual([`back up ${world.name}`]);
    expect(await world.records()).toMatchObject([
      { kind: "baseline", image: stable },
      { kind: "snapshot", role: "backup", snapshot: "backup-1", image: stable, files: 1 },
    ]);
    expect(await journal()).toMatchObject({
      phase: "prepared",
      prepared: {
        release: {
          row: stable,
          wanted: { reference: stable, imageId: stable },
          setImage: { way: "auto", database: { controlPlane: "clawforce", file: "clawforce.db" } },
        },
        backup: { kind: "managed-backup", instance: world.name, backup: 1, image: stable, entries: 1 },
      },
    });
  });

  it("is refused while a task of the control plane is active", async () => {
    world.controlPlane.tasks.push({ type: "backup", message: "of bot-b" });
    await expect(prepare()).rejects.toThrow(
      `${world.name}: preflight failed: tasks are active in the control plane: backup (of bot-b). Wait for them to end`,
    );
    expect(world.did).toEqual([]);
  });

  it("of a sick instance is refused", async () => {
    world.platform.run(world.name, stable, { running: false, managedBy: "clawforce" });
    await expect(prepare()).rejects.toThrow("an update of a sick instance can't be judged. Start it first.");
  });
});

describe("a move", () => {
  it("forward goes on with the backup of its preparation, and its cut-over goes on record with the gate", async () => {
    await prepare();
    const moved = await move();
    expect(moved).toEqual({ workload: world.name, container: `unit of ${candidate}`, image: candidate });
    expect(world.did).toEqual([
      `back up ${world.name}`,
      `set ${world.name} to ${candidate}`,
      `restart ${world.name}`,
    ]);
    expect((await world.records()).slice(2)).toMatchObject([
      { kind: "cut-over", from: stable, to: candidate, direction: "forward", snapshot: "backup-1" },
      { kind: "gate", image: candidate, container: `unit of ${candidate}`, outcome: "passed" },
    ]);
    expect(await journal()).toBeUndefined();
  });

  it("whose gate fails goes back by code, and says so", async () => {
    candidateThat({ gate: 503 });
    await expect(move()).rejects.toThrow(
      new RegExp(
        `^${world.name}: the verification failed: .*HTTP 503.* ${world.name} is back on ${stable}; all workloads after it are untouched\\.`,
      ),
    );
    expect(world.did).toEqual([
      `back up ${world.name}`,
      `set ${world.name} to ${candidate}`,
      `restart ${world.name}`,
      `set ${world.name} to ${stable}`,
      `restart ${world.name}`,
    ]);
    expect(image()).toBe(stable);
    expect(await world.kinds()).toEqual(["snapshot", "failure"]);
    expect(await journal()).toBeUndefined();
  });

  it.each([
    ["the default of new instances", { default_agent_image: stable }],
    ["the default by its tag", { default_agent_image: stable.replace(/@.*/, "") }],
    [
      "the default of old instances, whatever new ones get",
      { default_container_image: stable, default_agent_image: candidate },
    ],
  ])("of an instance that follows %s has it follow again when it goes back", async (_, settings) => {
    Object.assign(world.controlPlane.settings, settings);
    world.controlPlane.tags.set(stable.replace(/@.*/, ""), stable);
    world.controlPlane.rows.set(world.name, { image: null, status: "running", state: "" });
    candidateThat({ fails: true });
    await expect(move()).rejects.toThrow(`does not serve ${candidate}: its container is unhealthy`);
    expect(row()?.image).toBeNull();
    expect(stable).toContain(image());
  });

  it("that can't go back by code alone is set back with its backup, after a copy of what is there", async () => {
    candidateThat({ gate: 503, state: "of the new one", oldFailsOnIt: true });
    await expect(move()).rejects.toThrow(`${world.name} is back on ${stable}, with its state;`);
    expect(world.did.slice(-5)).toEqual([
      `restart ${world.name}`,
      `stop ${world.name}`,
      `copy the state of ${world.name}`,
      `fill the state of ${world.name}`,
      `restart ${world.name}`,
    ]);
    expect(row()).toEqual({ image: stable, status: "running", state: "of the old one" });
    expect(world.platform.units.get(world.name)).toMatchObject({ image: stable, running: true });
  });

  it("that has no room for its way back says where its backup is, and stops nothing", async () => {
    candidateThat({ gate: 503, state: "of the new one", oldFailsOnIt: true });
    world.controlPlane.room.free.docker = 1;
    await expect(move()).rejects.toThrow(
      /Going back to .* failed too: the state of \S+ can't be set back, and nothing was stopped: 0 MB are free on Docker's own disk.*its state of before is in .*backups\/\S+-1\.tar\.gz/,
    );
    expect(world.did).not.toContain(`stop ${world.name}`);
  });

  it.each<[string, () => string]>([
    ["before its image was set", () => `set ${world.name} to ${candidate}`],
    ["before its restart", () => `restart ${world.name}`],
  ])("that was killed %s is resumed without a second backup", async (_when, at) => {
    await prepare();
    // What a kill leaves: the journal says `moving`, and nobody has gone back.
    const steps = [at(), `set ${world.name} to ${stable}`, `stop ${world.name}`];
    for (const each of steps) world.platform.fail(each, new OperationFailure("killed"));
    await expect(move()).rejects.toThrow("killed");
    expect(await journal()).toMatchObject({ phase: "moving" });

    await move();
    expect(world.did.filter((what) => what === `back up ${world.name}`)).toHaveLength(1);
    expect(await world.kinds()).toEqual(["baseline", "snapshot", "cut-over", "gate"]);
    expect((await world.records())[2]).toMatchObject({ from: stable, to: candidate, snapshot: "backup-1" });
    expect(await journal()).toBeUndefined();
  });

  it("that was killed right after a backup of its own has that on record once it is resumed", async () => {
    world.platform.fail(`set ${world.name} to ${candidate}`, new OperationFailure("killed"));
    await expect(move()).rejects.toThrow("killed");
    expect(await world.kinds()).toEqual([]);
    await move();
    expect(world.did.filter((what) => what === `back up ${world.name}`)).toHaveLength(1);
    expect(await world.kinds()).toEqual(["snapshot", "cut-over", "gate"]);
  });

  it("of an instance that runs the image already only checks it", async () => {
    world = worldOf(stable);
    await move();
    expect(world.did).toEqual([]);
    expect(await world.records()).toMatchObject([
      { kind: "gate", image: stable, outcome: "passed", checks: [{ outcome: "passed" }] },
    ]);
  });
});

describe("an instance that its control plane made by a tag", () => {
  const byTag = stable.replace(/@.*/, "");

  /** @param imageId - what the tag was when its container was made. */
  function runByTag(imageId: string): void {
    world = worldOf(stable);
    world.controlPlane.rows.set(world.name, { image: byTag, status: "running", state: "of the old one" });
    const { mounts = [] } = world.platform.units.get(world.name) ?? {};
    world.platform.run(world.name, byTag, { imageId, mounts, managedBy: "clawforce" });
  }

  it("keeps its container when that runs the very image: only the name is set", async () => {
    runByTag(stable);
    await move();
    expect(world.did).toEqual([`back up ${world.name}`, `set ${world.name} to ${stable}`]);
    expect(row()?.image).toBe(stable);
    expect((await world.records()).at(-1)).toMatchObject({ kind: "gate", outcome: "passed" });
    world.platform.did.length = 0;
    await move();
    expect(world.did).toEqual([]);
  });

  it("is started anew when the tag has moved on meanwhile", async () => {
    runByTag(`sha256:${"0".repeat(64)}`);
    await move();
    expect(world.did.at(-1)).toBe(`restart ${world.name}`);
    expect(image()).toBe(stable);
  });
});

describe("the way back", () => {
  /** The candidate has come through, and the old one is wanted again. */
  async function movedForward(): Promise<MemoryWorld> {
    await prepare();
    await move();
    world.platform.did.length = 0;
    return world;
  }

  const back = () => moveManaged({ ...world.context, workload: wanted() }, { workload: wanted() });
  const wanted = () => ({ ...world.workload, image: stable });

  it("takes code alone where the old image comes up", async () => {
    await movedForward();
    await back();
    expect(world.did).toEqual([`set ${world.name} to ${stable}`, `restart ${world.name}`]);
    expect((await world.records()).slice(-2)).toMatchObject([
      { kind: "cut-over", from: candidate, to: stable, direction: "back", snapshot: "backup-1" },
      { kind: "gate", image: stable, outcome: "passed" },
    ]);
  });

  it("takes the backup of its release along where code alone does not come up", async () => {
    candidateThat({ state: "of the new one", oldFailsOnIt: true });
    await movedForward();
    await back();
    expect(row()).toEqual({ image: stable, status: "running", state: "of the old one" });
    expect((await world.kinds()).slice(-3)).toEqual(["restore", "cut-over", "gate"]);
  });

  it("without the record of its backup is refused before anything is stopped", async () => {
    candidateThat({ state: "of the new one", oldFailsOnIt: true });
    await movedForward();
    const release = { image: stable, snapshot: "backup-9", takenAt: "", markers: { databases: {} } };
    const unknown = { kind: "back" as const, from: candidate, to: stable, release };
    await expect(
      moveManaged({ ...world.context, workload: wanted() }, { workload: wanted(), move: unknown }),
    ).rejects.toThrow(
      "The backup backup-9 of that release is not on record here: restore it by the control plane.",
    );
    expect(world.did).not.toContain(`stop ${world.name}`);
  });
});
