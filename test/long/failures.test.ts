import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  breakRepository,
  fillUp,
  freeze,
  mountSmall,
  secondWriter,
  writeIntoState,
} from "../support/damage.ts";
import type { Run } from "../support/outcome.ts";
import { partsOfThisRun, World } from "../support/world.ts";

/** What repairs the damage of a test, run after it whatever came of it. */
const repairs: (() => Promise<void>)[] = [];

let world: World;
let first: string;
let second: string;
let third: string;
let unmount: () => Promise<void>;

beforeAll(async () => {
  const { images } = await partsOfThisRun();
  world = await World.create(
    { stable: images.fixture[1] },
    { group: checksThatCanFail, snapshots: { minimumFree: "1 MB" } },
  );
  [first, second, third] = world.instances as [string, string, string];
  unmount = await mountSmall(join(world.folder, "repositories"), 64);
  const up = await world.up();
  expect(up.code, up.output).toBe(0);
  for (const name of world.instances) {
    await world.ask(name, "/messages", { method: "POST", body: { text: `kept by ${name}` } });
  }
});

afterEach(async () => {
  for (const repair of repairs.splice(0).toReversed()) {
    await repair();
  }
});

afterAll(async () => {
  await unmount();
  await world.destroy();
});

/** Gate and verification see more than the health check, so that each can fail alone. */
const checksThatCanFail = {
  gate: [
    { kind: "http", path: "/healthz", body: { ok: true, status: "live" }, deadline: "7s" },
    { kind: "http", path: "/readyz", body: { ready: true }, deadline: "7s" },
  ],
  verification: [
    { kind: "version", argv: ["fixture", "--version"] },
    {
      kind: "command",
      name: "messages can be read",
      argv: [
        "node",
        "-e",
        "fetch('http://127.0.0.1:18789/messages').then((r)=>{console.log(r.status);process.exit(r.ok?0:1)})",
      ],
      deadline: "7s",
    },
    { kind: "logs", appear: ["\\[gateway\\] ready"], absent: ["Cannot find package"], deadline: "7s" },
  ],
};

/** The first has the candidate and is verified; the second and third serve the stable version. */
async function firstUpdated(): Promise<void> {
  const { fixture } = world.parts.images;
  await world.configure({ images: { stable: fixture[1], candidate: fixture[2] }, wave: 0 });
  const up = await world.up();
  expect(up.code, up.output).toBe(0);
  await expectRunning({ [first]: "2", [second]: "1", [third]: "1" });
}

/** All three serve the stable version: one change of the configuration. */
async function allBack(): Promise<void> {
  await world.configure({ images: { stable: world.parts.images.fixture[1] }, wave: 0 });
  const up = await world.up();
  expect(up.code, up.output).toBe(0);
  await expectRunning({ [first]: "1", [second]: "1", [third]: "1" });
}

async function expectRunning(versions: Record<string, "1" | "2">): Promise<void> {
  for (const [name, version] of Object.entries(versions)) {
    const { Config, State } = await world.inspect(name);
    expect([name, Config.Image, State.Running, State.Health?.Status]).toEqual([
      name,
      world.parts.images.fixture[version],
      true,
      "healthy",
    ]);
    const { body } = await world.ask(name, "/messages");
    expect((body as { text: string }[]).map(({ text }) => text)).toEqual([`kept by ${name}`]);
  }
}

async function expectVerified(name: string): Promise<void> {
  const last = (await world.records(name)).findLast((record) => record.kind === "verification");
  expect(last).toMatchObject({ outcome: "passed", image: (await world.inspect(name)).Config.Image });
}

/** Starts the update of the second and third, damages something when the second reaches `step`, and lets it go on. */
async function updateBrokenAt(
  step: Parameters<World["breakAt"]>[1],
  damage: () => Promise<unknown>,
): Promise<Run> {
  await world.configure({ wave: 2 });
  const { ended } = await world.startUpTo(second, step);
  try {
    await damage();
  } finally {
    await world.release(second, step);
    await ended;
  }
  return ended;
}

describe("a failure before anything is stopped", () => {
  it.each([
    {
      title: "preflight: the running version does not pass its own gate",
      step: "preflight" as const,
      damage: async (): Promise<void> => {
        await world.setSwitch(second, "not-ready");
        repairs.push(() => world.removeSwitch(second, "not-ready"));
      },
      says: "preflight failed: the running version does not pass its own gate (http /readyz: HTTP 503",
    },
    {
      title: "hot snapshot: the repository can not be opened",
      step: "hot snapshot" as const,
      damage: async (): Promise<void> => {
        repairs.push(await breakRepository(world, second));
      },
      says: "hot snapshot failed: the hot snapshot failed (exit code",
    },
    {
      title: "drill: the snapshot does not start",
      step: "drill" as const,
      damage: async (): Promise<void> => {},
      prepare: async () => {
        await world.setSwitch(second, "refuse-start");
        repairs.push(() => world.removeSwitch(second, "refuse-start"));
      },
      says: "drill failed: snapshot",
    },
  ])("$title: all three go on untouched", async ({ step, damage, says, prepare }) => {
    await firstUpdated();
    await prepare?.();
    const before = await Promise.all(world.instances.map((name) => world.identity(name)));
    const up = await updateBrokenAt(step, damage);
    expect(up.code).not.toBe(0);
    expect(up.output).toContain(`${second}: ${says}`);
    expect(await Promise.all(world.instances.map((name) => world.identity(name)))).toEqual(before);
    await expectVerified(first);
  });

  it("pull: a candidate that the registry does not have stops the update before any workload is looked at", async () => {
    await firstUpdated();
    const before = await Promise.all(world.instances.map((name) => world.identity(name)));
    const { fixture } = world.parts.images;
    const missing = `${fixture[2].slice(0, fixture[2].indexOf("@"))}@sha256:${"5".repeat(64)}`;
    await world.configure({ images: { stable: fixture[1], candidate: missing }, wave: 2 });
    const up = await world.up();
    expect(up.code).not.toBe(0);
    expect(up.output).toMatch(/manifest unknown|not found/);
    expect(await Promise.all(world.instances.map((name) => world.identity(name)))).toEqual(before);
  });
});

describe("a failure in the cut-over, before the old container is gone", () => {
  it.each([
    {
      title: "drain: the gateway does not say how much work is active",
      step: "drain" as const,
      damage: async (): Promise<void> => {
        await freeze(world, second);
      },
      says: "drain failed: ",
    },
    {
      title: "stop: something else runs on the same state",
      step: "stop" as const,
      damage: async (): Promise<void> => {
        repairs.push(await secondWriter(world, second));
      },
      says: "stop failed: another container runs on the same state: ",
    },
    {
      title: "cold snapshot: the disk of the repositories is full",
      step: "cold snapshot" as const,
      damage: async (): Promise<void> => {
        repairs.push(await fillUp(join(world.folder, "repositories")));
      },
      says: "cold snapshot failed: the cold snapshot failed (exit code",
    },
    {
      title: "check: something still writes to the state",
      step: "check" as const,
      damage: (): Promise<void> => writeIntoState(world, second, "written-by-somebody-else"),
      says: "check failed: snapshot ",
    },
  ])(
    "$title: the second serves its old version again, the third is untouched",
    async ({ step, damage, says }) => {
      await firstUpdated();
      const [firstBefore, secondBefore, thirdBefore] = await Promise.all(
        world.instances.map((name) => world.identity(name)),
      );
      const up = await updateBrokenAt(step, damage);
      expect(up.code).not.toBe(0);
      expect(up.output).toContain(`${second}: ${says}`);
      expect(up.output).toContain(
        `Nothing was removed: ${second} serves ${world.parts.images.fixture[1]} again.`,
      );
      expect(await world.identity(first)).toEqual(firstBefore);
      expect((await world.identity(second)).id).toBe(secondBefore?.id);
      expect(await world.identity(third)).toEqual(thirdBefore);
      await expectRunning({ [first]: "2", [second]: "1", [third]: "1" });
      await expectVerified(first);
    },
  );

  it("an operation killed after the stop leaves a stopped container, and the next `up` with the old version serves", async () => {
    await firstUpdated();
    const thirdBefore = await world.identity(third);
    const secondBefore = await world.identity(second);
    const up = await updateBrokenAt("cold snapshot", async () => {
      process.kill(await world.pidAtBreakpoint(second, "cold snapshot"), "SIGKILL");
    });
    expect(up.code).not.toBe(0);
    expect((await world.inspect(second)).State.Running).toBe(false);
    await allBack();
    expect((await world.identity(second)).id).toBe(secondBefore.id);
    expect(await world.identity(third)).toEqual(thirdBefore);
  });
});

describe("a failure after the old container is gone", () => {
  it.each([
    {
      title: "create: the new version refuses to start",
      file: "refuse-start",
      says: "the new version does not come up. The way back: set `clawforce:agentImages.agent`",
    },
    { title: "gate: the new version never gets ready", file: "not-ready", says: "gate failed on " },
    {
      title: "verification: the new version can not read its messages",
      file: "broken",
      says: "verification failed on ",
    },
  ])(
    "$title: the error names the way back, which serves the old version with its state",
    async ({ file, says }) => {
      await firstUpdated();
      await world.setSwitch(second, file, "only 2");
      const thirdBefore = await world.identity(third);
      await world.configure({ wave: 2 });
      const up = await world.up();
      expect(up.code).not.toBe(0);
      expect(up.output).toContain(`${second}: ${says}`);
      expect(up.output).toContain(
        "run `pulumi up`: the old version comes back, with its state when the new one has moved it.",
      );
      expect(await world.identity(third)).toEqual(thirdBefore);
      await expectVerified(first);

      const again = await world.up();
      expect(again.code).not.toBe(0);
      expect(await world.identity(third)).toEqual(thirdBefore);

      await allBack();
      await world.removeSwitch(second, file);
      expect(await world.identity(third)).toEqual(thirdBefore);
    },
  );
});
