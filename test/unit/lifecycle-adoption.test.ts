import { beforeEach, describe, expect, it } from "vitest";
import { Recovery } from "../../fleet/recovery.ts";
import { look } from "../../fleet/running.ts";
import type { CutOverEntry } from "../../lifecycle/evidence/records.ts";
import { gate } from "../../lifecycle/update/gate.ts";
import { prepare } from "../../lifecycle/update/prepare.ts";
import { restoreBeforeCreate } from "../../lifecycle/update/restore.ts";
import { situationsOf } from "../../lifecycle/update/situations.ts";
import { verify } from "../../lifecycle/update/verify.ts";
import { situationsInWindow } from "../../lifecycle/update/window.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import type { Unit } from "../../platforms/platform.ts";
import { MemoryWorld, taken } from "../support/memory-world.ts";
import { candidate, stable } from "./config-fixture.ts";

const old = "old-gateway";
const checks = [{ kind: "http", path: "/healthz", body: { ok: true }, deadline: "1s" }];

let world: MemoryWorld;
let stranger: Unit;

function worldOf(changes: Record<string, unknown> = {}): MemoryWorld {
  return new MemoryWorld(stable, undefined, {
    "instanceGroups.support.instances": [{ name: "canary", adopt: old, volume: "old-home" }],
    "instanceGroups.support.gate": checks,
    "instanceGroups.support.verification": checks,
    "instanceGroups.support.drain": { budget: "1s" },
    ...changes,
  });
}

function runOld(change: Partial<Unit> = {}, image = stable): Unit {
  const mounts = [{ from: { volume: "old-home" }, at: world.workload.mount, writable: true }];
  const unit = world.platform.run(old, image, { mounts, restart: "always", ...change });
  world.platform.strangers.set(unit.id, `a container called ${old} is there that no stack created`);
  return unit;
}

async function situation(now = world) {
  const [found] = await situationsOf(now.config, "test", now.platform);
  if (found === undefined) throw new Error("there is no workload");
  return found;
}

/** Of a program that gets the input of this run. */
function contextWith({ input }: Awaited<ReturnType<typeof situation>>) {
  return { ...world.context, workload: input };
}

/** As the engine does it: the programs one after the other, and the new container between them. */
async function up(now = world): Promise<void> {
  const { move } = await situation(now);
  await prepare(now.context, { workload: now.workload });
  await restoreBeforeCreate(now.context, { workload: now.workload, move });
  now.platform.run(now.name, stable, { id: "ours" });
  await gate(now.context);
  await verify(now.context);
}

async function strangers(): Promise<unknown[]> {
  const records = await world.records();
  return records.flatMap((each) =>
    (each as CutOverEntry).stranger ? [(each as CutOverEntry).stranger] : [],
  );
}

/** A recovery of a stack whose engine holds no lock and has nothing pending. */
async function recoveredBy({ config, platform, proxy }: MemoryWorld): Promise<string> {
  const machine = { hostname: "here", startOf: async () => undefined, operations: async () => [] };
  const never = () => Promise.reject(new Error("the engine is not asked for this"));
  let said = "";
  const recovery = new Recovery(config, "test", {
    engine: {
      ...{ locks: async () => [], pending: async () => [], refuseLocked: async () => {} },
      ...{ unlock: never, refresh: never, up: never },
    },
    ...{ platform, proxy, machine },
    look: () => look(config, "test", { platform, proxy, machine }),
    contextOf: never,
    out: {
      write: (text) => {
        said += text;
      },
    },
  });
  expect(await recovery.run(0)).toBe(0);
  return said;
}

beforeEach(() => {
  world = worldOf();
  stranger = runOld();
});

describe("a gateway that is adopted", () => {
  it("is a move of its own, which does nothing to it at the preview", async () => {
    const { move, adoptionProblems } = await situation();
    expect(move).toEqual({
      ...{ kind: "adopt", from: stable, to: stable },
      stranger: { name: old, id: stranger.id, restart: "always" },
    });
    expect(adoptionProblems).toEqual([]);
    expect(world.did).toEqual([]);
  });

  it("goes through snapshot and drill, stop and cold snapshot, and is kept under another name", async () => {
    await up();
    expect(world.did).toEqual([
      "hot snapshot of canary",
      "check of the repository of canary",
      "restore of the drill of canary",
      `trial of ${stable}`,
      `keep ${old} from restarting`,
      "make ready for the cold snapshot of canary",
      `stop ${old}`,
      "cold snapshot of canary",
      "check of the cold snapshot of canary",
      `set ${old} aside as canary-before-adoption`,
      "removal of expired snapshots of canary",
    ]);
    expect(world.platform.units.get("canary-before-adoption")).toMatchObject({
      ...{ id: stranger.id, running: false, restart: "no" },
    });
    expect(await world.kinds()).toEqual([
      ...["baseline", "snapshot", "drill", "snapshot", "cut-over"],
      ...["gate", "state", "verification"],
    ]);
    expect((await world.records()).find(({ kind }) => kind === "cut-over")).toMatchObject({
      ...{ from: stable, to: stable, direction: "same", snapshot: taken },
      stranger: { name: old, id: stranger.id, restart: "always", did: "left" },
    });
    expect(await world.journal()).toBeUndefined();
    expect((await situation()).move).toEqual({ kind: "none", to: stable });
  });

  it("that somebody could start all the same says who may not", async () => {
    await up();
    expect(world.said.join("\n")).not.toContain("nothing keeps");
    world = worldOf();
    stranger = runOld();
    world.platform.startsAllTheSame = "it has no network of its own";
    await up();
    expect(world.said.join("\n")).toContain(
      "nothing keeps canary-before-adoption from being started (it has no network of its own): two gateways on one state destroy it",
    );
  });

  it("that can't be brought back names the commands that do", async () => {
    const { move } = await situation();
    await prepare(world.context, { workload: world.workload });
    await restoreBeforeCreate(world.context, { workload: world.workload, move });
    world.platform.run("canary", stable, { id: "ours" });
    world.platform.http.set("/healthz", { status: 200, body: '{"ok":false}' });
    world.platform.fail(`put ${old} back`, new OperationFailure("the engine is away"));
    await expect(gate(world.context)).rejects.toThrow(
      `By hand: \`move canary-before-adoption to ${old}\`. Never run both: they have one state.`,
    );
  });

  it.each<[string, () => void, string]>([
    [
      "can't be copied",
      () => world.platform.jobs.set("cold snapshot", [{ exitCode: 1, stderr: "Fatal: no space left" }]),
      "no space left",
    ],
    [
      "does not stop",
      () => world.platform.fail(`stop ${old}`, new OperationFailure("it goes on")),
      "it goes on",
    ],
    [
      "can't be renamed",
      () =>
        world.platform.fail(
          `set ${old} aside as canary-before-adoption`,
          new OperationFailure("the name is taken"),
        ),
      "the name is taken",
    ],
  ])("that %s serves again as it was", async (_, harm, why) => {
    harm();
    await expect(up()).rejects.toThrow(
      new RegExp(`${why}[\\s\\S]*\nNothing was removed: ${old} serves again as it was\\.`),
    );
    expect(world.platform.units.get(old)).toMatchObject({
      ...{ id: stranger.id, running: true, restart: "always" },
    });
    expect(await world.journal()).toBeUndefined();
    expect((await situation()).move).toMatchObject({ kind: "adopt", stranger: { restart: "always" } });
  });

  it("is refused unless each place of its state is where the container has it", async () => {
    const [workspace, config] = [`${world.workload.mount}/workspace`, "/home/node/.config/openclaw"];
    const places = [
      { kind: "volume", source: "w", target: workspace, state: true },
      { kind: "bind", source: "/srv/config", target: config, state: true },
    ];
    world = worldOf({
      "instanceGroups.support.instances": [
        { name: "canary", adopt: old, volume: "old-home", mounts: places },
      ],
    });
    const home = { from: { volume: "old-home" }, at: world.workload.mount, writable: true };
    runOld({ mounts: [home, { from: { volume: "other" }, at: workspace, writable: true }] });
    expect((await situation()).adoptionProblems).toEqual([
      `${old} has its state at ${workspace} in other, and the stack file says w. Correct \`source\` there.`,
      `${old} has nothing mounted at ${config}, where the stack file says its state is. Correct \`source\` there.`,
    ]);
    runOld({
      mounts: [
        ...[home, { from: { volume: "w" }, at: workspace, writable: true }],
        { from: { directory: "/srv/config" }, at: config, writable: true },
      ],
    });
    expect((await situation()).adoptionProblems).toEqual([]);
  });

  it.each(["gate", "verification"])("comes back when ours does not pass its %s", async (step) => {
    const { move } = await situation();
    await prepare(world.context, { workload: world.workload });
    await restoreBeforeCreate(world.context, { workload: world.workload, move });
    world.platform.run("canary", stable, { id: "ours" });
    if (step === "verification") await gate(world.context);
    world.platform.http.set("/healthz", { status: 200, body: '{"ok":false}' });
    await expect(step === "gate" ? gate(world.context) : verify(world.context)).rejects.toThrow(
      new RegExp(`${step} failed[\\s\\S]*${old} serves again as it was, on the state as it is now\\.`),
    );
    expect(world.platform.units.get(old)).toMatchObject({
      ...{ id: stranger.id, running: true, restart: "always" },
    });
    expect(world.platform.units.get("canary-adoption-failed")).toMatchObject({
      ...{ id: "ours", running: false, restart: "no" },
    });
    expect(world.platform.units.has("canary")).toBe(false);
    expect((await strangers()).at(-1)).toMatchObject({ name: old, did: "returned" });
    expect(await world.journal()).toBeUndefined();
  });

  it("whose return is killed goes on with the container that is there, and never runs beside it", async () => {
    const { move } = await situation();
    await prepare(world.context, { workload: world.workload });
    await restoreBeforeCreate(world.context, { workload: world.workload, move });
    world.platform.run("canary", stable, { id: "ours" });
    world.platform.http.set("/healthz", { status: 200, body: '{"ok":false}' });
    const killed = world.platform.deeds.killAt("set canary aside as canary-adoption-failed");
    void gate(world.context).catch(() => {});
    await killed;
    expect(await world.journal()).toMatchObject({ phase: "stopping", move: { kind: "adopt" } });
    await recoveredBy(world);
    expect(world.platform.units.get("canary")?.running).toBe(true);
    expect(world.platform.units.get("canary-before-adoption")?.running).toBe(false);
  });

  it("is adopted in a second attempt by another container than the one that failed", async () => {
    const first = await situation();
    await prepare(world.context, { workload: world.workload });
    await restoreBeforeCreate(contextWith(first), { workload: first.input, move: first.move });
    world.platform.run("canary", stable, { id: "ours" });
    world.platform.http.set("/healthz", { status: 200, body: '{"ok":false}' });
    await expect(gate(world.context)).rejects.toThrow("serves again as it was");
    const second = await situation();
    expect(second.move).toEqual(first.move);
    expect(second.made.trigger).not.toBe(first.made.trigger);
    world.platform.http.set("/healthz", { status: 200, body: '{"ok":true}' });
    await restoreBeforeCreate(contextWith(second), { workload: second.input, move: second.move });
    expect(world.platform.units.has("canary-adoption-failed")).toBe(false);
    world.platform.run("canary", stable, { id: "ours-2" });
    await gate(world.context);
    const after = await situation();
    expect([after.move, after.made.trigger]).toEqual([{ kind: "none", to: stable }, second.made.trigger]);
  });

  it("whose adoption was killed before its container was renamed is adopted as it was at first", async () => {
    const { move } = await situation();
    world.platform.fail(`set ${old} aside as canary-before-adoption`, new Error("killed"));
    world.platform.fail(`put ${old} back`, new Error("killed"));
    await expect(restoreBeforeCreate(world.context, { workload: world.workload, move })).rejects.toThrow(
      `${old} could not be started again`,
    );
    expect(await world.journal()).toMatchObject({ phase: "removing" });
    expect(world.platform.units.get(old)?.restart).toBe("no");
    expect((await situation()).move).toEqual(move);
  });
});

describe("an adoption whose deployer is killed", () => {
  const recovered = () => recoveredBy(world);

  it.each([
    [`keep ${old} from restarting`, "draining"],
    [`stop ${old}`, "stopping"],
    ["cold snapshot of canary", "snapshotting"],
    ["check of the cold snapshot of canary", "snapshotting"],
    [`set ${old} aside as canary-before-adoption`, "removing"],
  ])("at `%s` is given up by a recovery, and its container serves as it was", async (what, phase) => {
    const { move } = await situation();
    const killed = world.platform.deeds.killAt(what);
    void restoreBeforeCreate(world.context, { workload: world.workload, move });
    await killed;
    const now = { ...world.config, window: "runtime" as const };
    const update = situationsInWindow(now, "test", world.platform);
    if (world.platform.units.get(old)?.running === true) await update;
    else await expect(update).rejects.toThrow("its adoption was interrupted, and old-gateway is stopped.");
    expect(await recovered()).toContain(`its adoption of ${old} was interrupted at "${phase}"`);
    expect(world.platform.units.get(old)).toMatchObject({
      ...{ id: stranger.id, running: true, restart: "always" },
    });
    expect([...world.platform.units.keys()]).toEqual([old]);
    expect(await world.journal()).toBeUndefined();
    expect((await situation()).move).toEqual(move);
  });

  it("before it has begun needs no recovery", async () => {
    expect(await recovered()).toContain("Nothing to recover; nothing was touched.");
  });
});

describe("a gateway that can't be adopted as it is", () => {
  it.each<[string, Partial<Unit>, string]>([
    ["is stopped", { running: false, status: "exited" }, "old-gateway is stopped. Start it"],
    ["is unhealthy", { health: "unhealthy" }, "old-gateway is unhealthy. Repair it"],
    ["is still starting", { health: "starting" }, "old-gateway is still starting. Wait"],
    ["is paused", { paused: true }, "old-gateway is paused. Run `docker unpause old-gateway`"],
    ["restarts", { running: false, status: "restarting" }, "restarts again and again. Repair it"],
    ["removes itself", { temporary: true }, "was started with --rm"],
    ["is a control plane's", { managedBy: "plane" }, "Write it into a group with `managed: true`"],
    ["has its state elsewhere", { mounts: [] }, "has nothing mounted at /home/node/.openclaw"],
    [
      "has another state",
      { mounts: [{ from: { directory: "/srv/x" }, at: "/home/node/.openclaw", writable: true }] },
      "has its state in /srv/x, and the stack file says old-home",
    ],
  ])("because it %s is refused with a sentence of its own", async (_, change, sentence) => {
    runOld(change);
    await expect(situationsInWindow(world.config, "test", world.platform)).rejects.toThrow(sentence);
    expect(world.did).toEqual([]);
  });

  it.each([
    ["another version", candidate, "Adopt what runs: write its image as `stable`"],
    ["an image without a digest", "openclaw:local", "and this host knows no digest of it"],
  ])("because it runs %s is refused", async (_, image, sentence) => {
    runOld({}, image);
    await expect(situationsInWindow(world.config, "test", world.platform)).rejects.toThrow(sentence);
  });

  it("because it is not there is refused", async () => {
    world.platform.units.delete(old);
    await expect(situationsInWindow(world.config, "test", world.platform)).rejects.toThrow(
      `there is no ${old} to adopt: \`list of all\` lists what is there`,
    );
  });

  it("because it has more than the new one would have is refused, unless that is named as meant", async () => {
    world.platform.losses = [{ key: "environment.MODEL_KEY", what: "the variable MODEL_KEY" }];
    await expect(situationsInWindow(world.config, "test", world.platform)).rejects.toThrow(
      `The new container would not have what ${old} has: the variable MODEL_KEY (environment.MODEL_KEY).`,
    );
    const meant = { container: old, without: ["environment.MODEL_KEY"] };
    const other = worldOf({
      "instanceGroups.support.instances": [{ name: "canary", volume: "old-home", adopt: meant }],
    });
    const now = { ...other.config, window: "runtime" as const };
    const [found] = await situationsInWindow(now, "test", world.platform);
    expect(found?.move.kind).toBe("adopt");
  });

  it("because its token is another one is refused before anything is stopped", async () => {
    runOld({ environment: [`${world.workload.tokenVariable}=other`] });
    await expect(prepare(world.context, { workload: world.workload })).rejects.toThrow(
      /another token in OPENCLAW_GATEWAY_TOKEN than the stack/,
    );
    expect(world.did).toEqual([]);
  });
});
