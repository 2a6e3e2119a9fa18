import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RehearsalEntry } from "../../lifecycle/evidence/records.ts";
import type { StepName } from "../../lifecycle/update/step-names.ts";
import { killAll, withDescendants } from "../support/deployer.ts";
import { dockerCommand } from "../support/docker-command.ts";
import { partsOfThisRun, World } from "../support/world.ts";

const doctor = [{ command: ["fixture", "doctor", "--fix"], deadline: "60s" }];

/** The new version refuses this state until it is brought over by hand, as OpenClaw's versions from 2026.9 on do. */
describe("an update to a version that does not bring its state over by itself", () => {
  let world: World;
  let name: string;

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    world = await World.create(
      { stable: images.fixture[2] },
      {
        ...{ instances: 1, patience: true },
        settings: () => ({ rehearsal: { deadline: "5m" } }),
      },
    );
    name = world.instances[0] as string;
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
    expect((await world.ask(name, "/messages", { method: "POST", body: { text: "kept" } })).status).toBe(201);
    await world.setSwitch(name, "needs-doctor", "only 3");
    await world.configure({ images: toVersion3() });
  });
  afterAll(() => world.destroy());

  it("is refused before anything is stopped, and told what to write", async () => {
    const { output } = await refused();
    expect(output).toMatch(
      /rehearsal failed: fixture:3@\w+: it does not work on a copy of the state: .*exit code 78/,
    );
    expect(output).toContain("Its last lines: state database schema migration required");
    expect(output).toContain("Write `migrate: [{command: [openclaw, doctor, --fix, --non-interactive]}]`");
    expect(output).toContain("Nothing was stopped. The copy is removed.");
    expect(await rehearsal()).toMatchObject({ outcome: "failed", failure: { stage: "start" } });
  });

  it("leaves nothing behind once it is recovered, though the deployer was killed in the middle of it", async () => {
    const before = await world.identity(name);
    await killUpAt("rehearsal");
    expect(await leftOver()).not.toBe("");
    const recovered = await world.fleet("recover");
    // It goes on with the update, which is refused as before.
    expect(recovered.code).not.toBe(0);
    expect(recovered.output).toContain("left over: ");
    expect(recovered.output).toContain("Its last lines: state database schema migration required");
    expect(await leftOver()).toBe("");
    expect(await world.identity(name)).toEqual(before);
    expect(await texts()).toEqual(["kept"]);
  });

  it("is refused where its migration fails on the copy, and where that hangs", async () => {
    await world.setSwitch(name, "doctor-fails");
    await world.configure({ images: { ...toVersion3(), migrate: doctor } });
    expect((await refused()).output).toMatch(
      /its migration fails on a copy of the state: `fixture doctor --fix` ended with exit code 1\.\s+Its last lines:\s+doctor of fixture 3\s+Migration step sessions was not run/,
    );
    await world.removeSwitch(name, "doctor-fails");
    await world.setSwitch(name, "doctor-hangs");
    await world.configure({
      images: {
        ...toVersion3(),
        migrate: [{ ...doctor[0], command: doctor[0]?.command ?? [], deadline: "8s" }],
      },
    });
    expect((await refused()).output).toContain(
      "`fixture doctor --fix` did not end within 8s and was killed.",
    );
    await world.removeSwitch(name, "doctor-hangs");
  });

  it("passes with its migration: tried on a copy, and shown at the next preview", async () => {
    await world.configure({ images: { ...toVersion3(), migrate: doctor } });
    // As a night before the window.
    const rehearsed = await world.fleet("rehearse");
    expect(rehearsed.code, rehearsed.output).toBe(0);
    expect(rehearsed.output).toContain("1 of 1 passed.");
    const { changes, wayBack } = await rehearsal();
    expect(changes?.moves).toEqual(["config stamp 2 -> 3"]);
    expect(wayBack).toEqual({
      proved: false,
      why: expect.stringMatching(
        /the old version does not come up on it: this version \(2\) is older than the config/,
      ),
    });
    const shown = (await world.preview()).output;
    expect(shown).toMatch(
      /update fixture:2@\w+ -> fixture:3@\w+; rehearsed at .*: a pause of about .*migration .*; config stamp 2 -> 3; .*going back: with the state/,
    );
    expect(await needsDoctor()).toBe(true);
  });

  it("is undone when its migration fails on the state itself: the old version serves what it had", async () => {
    await world.setSwitch(name, "doctor-fails");
    const failed = await world.up();
    expect(failed.code, failed.output).not.toBe(0);
    expect(failed.output).toMatch(/its rehearsal of .* counts: /);
    expect(failed.output).toMatch(/migration failed: `fixture doctor --fix` ended with exit code 1/);
    expect(failed.output).toContain(`Nothing was removed: ${name} serves`);
    expect(await texts()).toEqual(["kept"]);
    expect(await inState("half-migrated")).toBe(false);
    expect(await needsDoctor()).toBe(true);
    expect((await world.inspect(name)).Config.Image).toBe(world.parts.images.fixture[2]);
    await world.removeSwitch(name, "doctor-fails");
  });

  it("goes through, though the deployer was killed in the middle of the migration", async () => {
    await killUpAt("migration");
    const recovered = await world.fleet("recover");
    expect(recovered.code, recovered.output).toBe(0);
    expect(recovered.output).toContain(`${name}: undo its migration, bring its container back`);
    expect((await world.inspect(name)).Config.Image).toBe(world.parts.images.fixture[3]);
    expect(await texts()).toEqual(["kept"]);
    expect(await needsDoctor()).toBe(false);
    const kinds = (await world.records(name)).map(({ kind }) => kind);
    expect(kinds.slice(kinds.lastIndexOf("restore"))).toEqual(
      expect.arrayContaining(["restore", "snapshot", "migration", "cut-over", "gate", "verification"]),
    );
    expect(await leftOver()).toBe("");
  });

  it("goes back with the state that the old version can read", async () => {
    await world.configure({ images: { stable: world.parts.images.fixture[2] } });
    expect((await world.preview()).output).toMatch(/with its state: .*config stamp 2 -> 3/);
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect(await texts()).toEqual(["kept"]);
    expect(await needsDoctor()).toBe(true);
  });

  function toVersion3() {
    const { fixture } = world.parts.images;
    return { stable: fixture[2], candidate: fixture[3] };
  }

  /** An `up` that is refused and leaves what serves as it is. */
  async function refused() {
    const before = await world.identity(name);
    const up = await world.up();
    expect(up.code, up.output).not.toBe(0);
    expect(await world.identity(name)).toEqual(before);
    expect(await texts()).toEqual(["kept"]);
    expect(await leftOver()).toBe("");
    return up;
  }

  /** The deployer and the program that stands at this step, as `kill -9` ends them. */
  async function killUpAt(step: StepName): Promise<void> {
    const run = await world.startUpTo(name, step);
    await killAll(withDescendants(run.pid));
    await run.ended;
  }

  async function rehearsal(): Promise<RehearsalEntry> {
    const found = (await world.records(name)).findLast(({ kind }) => kind === "rehearsal");
    if (found?.kind !== "rehearsal") throw new Error("no rehearsal is on record");
    return found;
  }

  async function texts(): Promise<string[]> {
    const { body } = await world.ask(name, "/messages");
    return (body as { text: string }[]).map(({ text }) => text);
  }

  const needsDoctor = () => inState("needs-doctor");

  async function inState(file: string): Promise<boolean> {
    const found = await dockerCommand("exec", name, "ls", "-A", "/home/node/.openclaw");
    return found.split("\n").includes(file);
  }

  /** Copies, trials and migrations of this workload that are there still. */
  async function leftOver(): Promise<string> {
    const filter = ["--filter", `label=clawforce.one-shot=${name}`];
    const containers = await dockerCommand("ps", "--all", "--quiet", ...filter);
    return containers + (await dockerCommand("volume", "ls", "--quiet", ...filter));
  }
});
