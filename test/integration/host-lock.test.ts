import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type Docker from "dockerode";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { dockerClient, inspectContainer } from "../../platforms/docker/client.ts";
import { hostLocks, withHostLock } from "../../platforms/docker/host-lock.ts";
import { lockName } from "../../platforms/lock.ts";
import type { Parts } from "../support/parts.ts";
import { partsOfThisRun, until } from "../support/world.ts";

interface Deployer {
  pid: number;
  output: () => string;
  ended: Promise<number | null>;
  kill: () => Promise<void>;
}

/** Deployers are processes of their own; what they contend for is on a real Docker host. */
describe("a lock on the Docker host", () => {
  let parts: Parts;
  let docker: Docker;
  let folder: string;
  let of: string;
  const deployers: Deployer[] = [];

  beforeAll(async () => {
    parts = await partsOfThisRun();
    docker = dockerClient(parts.dockerHost);
    folder = await mkdtemp(join(tmpdir(), "clawforce-lock-"));
    of = basename(folder).toLowerCase();
  });
  afterEach(async () => {
    for (const { kill } of deployers.splice(0)) await kill();
    await rm(join(folder, "witness"), { force: true });
    await rm(join(folder, "go"), { force: true });
  });
  afterAll(() => rm(folder, { recursive: true }));

  const name = () => lockName({ kind: "repository", of });
  const request = () => ({ kind: "repository" as const, of, purpose: "test", image: parts.images.tools });

  /** Holds the lock until there is a file `go`, or only for a moment. */
  function deployer(stays: boolean): Deployer {
    const argv = ["test/support/lock-holder.ts", parts.dockerHost, parts.images.tools, of];
    const places = [join(folder, "witness"), stays ? join(folder, "go") : ""];
    const child = spawn(process.execPath, [...argv, ...places], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    const started = {
      pid: child.pid ?? -1,
      output: () => output,
      ended,
      kill: async () => {
        child.kill("SIGKILL");
        await ended;
      },
    };
    deployers.push(started);
    return started;
  }

  async function holding() {
    const first = deployer(true);
    await until("the first deployer holds it", async () => first.output().includes("held"), 120);
    return first;
  }

  it("is held by one of many at a time", async () => {
    const all = Array.from({ length: 4 }, () => deployer(false));
    for (const { ended, output } of all) expect([await ended, output()]).toEqual([0, "held\nreleased\n"]);
    expect(await inspectContainer(docker, name())).toBeUndefined();
  });

  it("says who holds it, and refuses who does not want to wait", async () => {
    const { pid } = await holding();
    await expect(withHostLock(docker, { ...request(), wait: 0 }, async () => "in")).rejects.toThrow(
      `is under way on this Docker host: test of ${of} by process ${pid} on `,
    );
    expect((await hostLocks(docker)).filter((each) => each.of === of)).toMatchObject([
      { kind: "repository", purpose: "test", pid },
    ]);
  });

  it("goes with a holder that was killed, whatever its machine is called", async () => {
    const first = await holding();
    await first.kill();
    await rm(join(folder, "witness"));
    expect(await withHostLock(docker, { ...request(), wait: 60 }, async () => "in")).toBe("in");
  });

  it.each([
    ["was created and never started", false],
    ["has ended and was not removed", true],
  ])("is taken over from a container that %s, as a killed engine leaves it", async (_, run) => {
    const left = await docker.createContainer({
      name: name(),
      Image: parts.images.tools,
      Cmd: ["true"],
      Labels: { "clawforce.lock": "repository", "clawforce.lock.of": of },
      HostConfig: { NetworkMode: "none" },
    });
    if (run) {
      await left.start();
      await left.wait();
    }
    expect(await withHostLock(docker, { ...request(), wait: 60 }, async () => "in")).toBe("in");
    expect(await inspectContainer(docker, left.id)).toBeUndefined();
  });

  it("that is lost fails the work that relied on it", async () => {
    const never = new Promise<never>(() => {});
    const work = withHostLock(docker, { ...request(), wait: 60 }, async () => {
      await docker.getContainer(name()).remove({ force: true });
      return never;
    });
    await expect(work).rejects.toThrow(
      `the lock ${name()} on the Docker host is gone. Somebody else may work on the same, so this work was given up.`,
    );
  });

  it("is given back by a holder that goes on to its end", async () => {
    const first = await holding();
    const waiting = deployer(false);
    await writeFile(join(folder, "go"), "");
    expect([await first.ended, await waiting.ended]).toEqual([0, 0]);
    expect(waiting.output()).toBe("held\nreleased\n");
  });
});
