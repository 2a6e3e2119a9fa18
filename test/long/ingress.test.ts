import { chown, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../demo/free-port.ts";
import type { StreamCounts } from "../../demo/stream.ts";
import type { StepName } from "../../lifecycle/update/step-names.ts";
import { killAll, withDescendants } from "../support/deployer.ts";
import { dockerCommand } from "../support/docker-command.ts";
import type { Run } from "../support/outcome.ts";
import { underStream } from "../support/through-ingress.ts";
import { partsOfThisRun, until, World, type WorldOptions } from "../support/world.ts";
import { hostOf } from "../support/world-settings.ts";

/** Longer than the slowest way back on a busy machine, shorter than the stream's patience. */
const longHold = "300s";

describe("a held ingress", () => {
  let world: World;
  let port = 0;
  let [first, second] = ["", ""];
  const images = { old: "", new: "" };
  const ingress: Record<string, unknown> = { hold: longHold, drain: "2s" };

  beforeAll(async () => {
    const { fixture } = (await partsOfThisRun()).images;
    [images.old, images.new] = [fixture[1], fixture[2]];
    port = await freePort();
    ingress.publish = { port };
    world = await World.create({ stable: images.old }, { instances: 2, ingress, group: checksThatCanFail });
    [first, second] = world.instances as [string, string];
    await mustUp();
  });
  afterAll(() => world.destroy());

  /** Gate and verification see more than the health check, so that each can fail alone. */
  const checksThatCanFail = {
    gate: [{ kind: "http", path: "/readyz", body: { ready: true }, deadline: "7s" }],
    verification: [
      {
        kind: "command",
        name: "messages can be read",
        argv: [
          "node",
          "-e",
          "fetch('http://127.0.0.1:18789/messages').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))",
        ],
        deadline: "7s",
      },
    ],
  };

  async function mustUp(): Promise<Run> {
    const run = await world.up();
    expect(run.code, run.output).toBe(0);
    return run;
  }

  const update = (wave: number) =>
    world.configure({ images: { stable: images.old, candidate: images.new }, wave });
  const goBack = () => world.configure({ images: { stable: images.old }, wave: 0 });

  const startUpTo = (step: StepName) => world.startUpTo(first, step);

  const lastIngress = async (name: string) =>
    (await world.records(name)).findLast((record) => record.kind === "ingress");

  it("serves each workload under its names once its gate has passed, and a second up changes nothing", async () => {
    const counts = await underStream(world, port, () => sleep(4000));
    expectNoneFailed(counts);
    const { output, code } = await world.up();
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringMatching(/Resources:\n {4}\d+ unchanged\n/),
    });
  });

  it("fails no request while each workload is updated, cuts WebSockets at the hold and takes them again after it", async () => {
    await update(1);
    const counts = await underStream(world, port, async () => {
      await mustUp();
    });
    expectNoneFailed(counts);
    for (const name of world.instances) {
      const { versions, longest, webSockets } = counts[name] as StreamCounts;
      expect(Object.keys(versions)).toEqual(["1", "2"]);
      expect(longest).toBeGreaterThan(1);
      expect(webSockets).toEqual({ opened: 2, ended: { "1006 by end": 1 }, refused: {} });
      const opened = await lastIngress(name);
      // The record's seconds hold the commands that hold and open too, which a busy machine takes its time for.
      const heldAsLong = (held: number) => held > longest / 2 && held < longest * 2;
      expect(opened).toMatchObject({
        did: "opened",
        seconds: expect.toSatisfy(heldAsLong),
        waiting: expect.any(Number),
        cut: { webSockets: 1, requests: 0 },
      });
    }
  });

  it("fails no request while both are rolled back with their state", async () => {
    await goBack();
    const counts = await underStream(world, port, async () => {
      await mustUp();
    });
    expectNoneFailed(counts);
    expect(Object.keys(counts[first]?.versions ?? {})).toEqual(["1", "2"].toReversed().toSorted());
  });

  it("holds a canary whose gate fails until the way back has passed its own, and fails no request", async () => {
    await world.setSwitch(first, "not-ready", "only 2");
    await update(0);
    const counts = await underStream(world, port, async (stream) => {
      const { code, output } = await world.up();
      expect(code, output).not.toBe(0);
      expect(output).toMatch(
        /gate failed on .*fixture:2@(.|\n)*Its requests are held until \d\d:\d\d:\d\d UTC\. From then on the ingress answers them with 503, until a version has passed its gate\./,
      );
      const held = stream.counts(first);
      await goBack();
      await mustUp();
      expect(Object.keys(held.versions)).toEqual(["1"]);
    });
    expectNoneFailed(counts);
    expect(Object.keys(counts[first]?.versions ?? {})).toEqual(["1"]);
    await world.removeSwitch(first, "not-ready");
  });

  it("fails no request when a canary fails its verification and goes back", async () => {
    await world.setSwitch(first, "broken", "only 2");
    await update(0);
    const counts = await underStream(world, port, async () => {
      const { code, output } = await world.up();
      expect(code, output).not.toBe(0);
      expect(output).toContain("verification failed");
      await goBack();
      await mustUp();
    });
    expectNoneFailed(counts);
    // Nobody waited for the other one's hold, which is as long as an update of the machine takes.
    expect(counts[second]?.longest).toBeLessThan((counts[first]?.longest ?? 0) / 2);
    await world.removeSwitch(first, "broken");
  });

  it("holds on when the deployer is killed, says so, and fleet recover lets the requests in: none fails", async () => {
    await update(0);
    const counts = await underStream(world, port, async () => {
      const run = await startUpTo("cold snapshot");
      await killAll(withDescendants(run.pid));
      await run.ended;
      const status = await world.fleet("status");
      expect(status.code, status.output).toBe(3);
      expect(status.output).toMatch(
        /its requests have been held since \d\d:\d\d:\d\d UTC, and will be until \d\d:\d\d:\d\d UTC at most/,
      );
      await goBack();
      const recovered = await world.fleet("recover");
      expect(recovered.code, recovered.output).toBe(0);
      expect(recovered.output).toContain(`${first}: let its requests in`);
    });
    expectNoneFailed(counts);
    const after = await world.fleet("status");
    expect(after.code, after.output).toBe(0);
  });

  it("renews the hold when the proxy is killed: what waited is lost and counted, what comes later waits again", async () => {
    await update(0);
    const counts = await underStream(world, port, async (stream) => {
      const run = await startUpTo("stop");
      await killProxy();
      const lost = stream.counts(first);
      expect(lost.failed).toBeGreaterThan(0);
      await sleep(2000);
      // It waits again: neither failed nor served.
      const later = stream.counts(first);
      expect({ failed: later.failed, served: later.served }).toEqual({
        failed: lost.failed,
        served: lost.served,
      });
      expect(later.sent).toBeGreaterThan(lost.sent + 30);
      await world.release(first, "stop");
      const { code, output } = await run.ended;
      expect(code, output).toBe(0);
    });
    const { sent, served, failed, failures, versions } = counts[first] as StreamCounts;
    expect(served + failed).toBe(sent);
    expect(Object.keys(failures).filter((what) => !lostByKill.includes(what))).toEqual([]);
    expect(versions).toMatchObject({ 2: expect.any(Number) });
    expectNoneFailed(await underStream(world, port, () => sleep(4000)));
    await goBack();
    await mustUp();
  });

  it("ends a hold at its deadline: what waits and what comes is answered 503 until a version has passed its gate", async () => {
    ingress.hold = "6s";
    await update(0);
    const counts = await underStream(world, port, async (stream) => {
      const run = await startUpTo("stop");
      await until("the hold is over", async () => stream.counts(first).failed > 0, 20);
      await sleep(1000);
      const over = await world.fleet("status");
      expect(over.output).toMatch(
        /its hold is over: the ingress answers its requests with 503 since \d\d:\d\d:\d\d UTC/,
      );
      await world.release(first, "stop");
      const { code, output } = await run.ended;
      expect(code, output).toBe(0);
    });
    const { failures, failed, versions } = counts[first] as StreamCounts;
    expect(failures).toEqual({ "HTTP 503": failed });
    expect(versions).toMatchObject({ 2: expect.any(Number) });
    expect(counts[second]).toMatchObject({ failed: 0 });
    expect(await lastIngress(first)).toMatchObject({ did: "opened", overdue: true });
    expectNoneFailed(await underStream(world, port, () => sleep(4000)));
  });

  /** Not `docker kill`, after which Docker would not start it again; as the kernel does when memory is short. */
  async function killProxy(): Promise<void> {
    const format = "{{.State.Pid}} {{.RestartCount}}";
    const [pid, restarts] = (await dockerCommand("inspect", "--format", format, world.ingress))
      .trim()
      .split(" ")
      .map(Number) as [number, number];
    process.kill(pid, "SIGKILL");
    await until("the proxy is back and holds", async () => {
      const now = await dockerCommand(
        "inspect",
        "--format",
        "{{.State.Running}} {{.RestartCount}}",
        world.ingress,
      );
      if (now.trim() !== `true ${restarts + 1}`) {
        return false;
      }
      const list = await dockerCommand("exec", world.ingress, "kamal-proxy", "list").catch(() => "");
      return list.split("\n").some((line) => line.includes(first) && line.includes("paused"));
    });
    // Let those that were refused in the last moment be counted.
    await sleep(300);
  }
});

function expectNoneFailed(counts: Record<string, StreamCounts>): void {
  for (const [name, { sent, served, failed, failures }] of Object.entries(counts)) {
    expect({ name, failed, failures, served }).toEqual({ name, failed: 0, failures: {}, served: sent });
    expect(served).toBeGreaterThan(100);
  }
}

describe("a fleet that was there before its ingress", () => {
  let world: World;
  let directories: string;
  const options: WorldOptions = { instances: 2, directory: (name) => join(directories, name) };
  /** The user of the gateway's images. */
  const gatewayUser = 1000;

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    directories = await mkdtemp(join(tmpdir(), "clawforce-state-"));
    world = await World.create({ stable: images.fixture[1] }, options);
    for (const name of world.instances) {
      await mkdir(join(directories, name));
      await chown(join(directories, name), gatewayUser, gatewayUser);
    }
    const { code, output } = await world.up();
    expect(code, output).toBe(0);
  });
  afterAll(async () => {
    await world.destroy();
    await rm(directories, { recursive: true });
  });

  it("gets it without a container being touched, and loses a workload's names with the workload", async () => {
    const identities = () => Promise.all(world.instances.map((name) => world.identity(name)));
    const before = await identities();
    const port = await freePort();
    options.ingress = { publish: { port } };
    await world.configure();
    const added = await world.up();
    expect(added.code, added.output).toBe(0);
    expect(await identities()).toEqual(before);
    expectNoneFailed(await underStream(world, port, () => sleep(4000)));

    const leaving = world.instances.pop() as string;
    await world.configure();
    const removed = await world.up();
    expect(removed.code, removed.output).toBe(0);
    const list = await dockerCommand("exec", world.ingress, "kamal-proxy", "list");
    expect([list.includes(hostOf(leaving)), list.includes(hostOf(world.instances[0] ?? ""))]).toEqual([
      false,
      true,
    ]);
    expect((await world.records(leaving)).filter(({ kind }) => kind === "ingress").at(-1)).toMatchObject({
      did: "removed",
    });
    expectNoneFailed(await underStream(world, port, () => sleep(4000)));
  });
});

/** Connections of the dead proxy, none yet to the new one, and its answers in the moment before it holds again. */
const lostByKill = ["ECONNRESET", "ECONNREFUSED", "HTTP 503"];
