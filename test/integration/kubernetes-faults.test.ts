import { spawn } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { KubernetesPlatform } from "../../platforms/kubernetes/platform.ts";
import { neededRights } from "../../platforms/kubernetes/rights.ts";
import { kubernetesOfThisRun, sharedCluster } from "../support/cluster.ts";
import { CutLine } from "../support/cut-line.ts";
import { KubernetesSpace, statefulSet } from "../support/kubernetes-space.ts";
import { partsOfThisRun, until } from "../support/world.ts";

const kubernetes = await kubernetesOfThisRun();
const { images } = await partsOfThisRun();
const { tools, fixture } = images;

describe.skipIf("missing" in kubernetes)("on a real cluster", () => {
  let space: KubernetesSpace;
  let platform: KubernetesPlatform;

  beforeAll(async () => {
    if ("missing" in kubernetes) return;
    space = await KubernetesSpace.create(await sharedCluster(kubernetes));
    platform = space.platform();
    await space.gateway("bot-c", fixture[1]);
    await platform.inPlace.make("bot-c", 240);
  });
  afterAll(() => space?.remove());

  const job = {
    ...{ workload: "bot-c", purpose: "cold snapshot", image: tools, deadline: 300 },
    places: [{ from: { volume: "bot-c-state" }, at: "/state", readOnly: true }],
  };

  test("a job outlives an API server that is gone for 30 s in the middle of it, and so does its lock", async () => {
    const { hostname, port } = new URL(space.admin.access.server);
    const line = new CutLine({ host: hostname, port: Number(port) });
    await line.restore();
    try {
      const through = space.platform({ kubeconfig: await space.through(line.port) });
      const lock = { kind: "repository", of: "bot-c", purpose: "test", image: tools, wait: 0 } as const;
      const argv = ["bash", "-c", "cat; sleep 15; echo; seq 100000; exit 5"];
      const series = await through.openSeries(job);
      const result = through.lock(lock, () =>
        Promise.all([through.job({ ...job, stdin: "in", argv }), series.run({ ...job, stdin: "in", argv })]),
      );
      await until("it works", async () => (await space.kubectl("get", "pods")).includes("2/2"), 120);
      await line.cut();
      await sleep(30_000);
      await line.restore();
      for (const { exitCode, stdout, stderr } of await result) {
        expect([exitCode, stdout.length, stderr]).toEqual([5, 2 + 1 + 588_895, ""]);
      }
      await series.close();
      await through.stop("bot-c", 10);
      const starting = through.start("bot-c", 240);
      await line.cut();
      await sleep(5000);
      await line.restore();
      await starting;
    } finally {
      await line.cut();
    }
    expect(await platform.locks()).toEqual([]);
    await until("nothing is left of it", async () => (await space.pods()).join() === "bot-c-0", 60);
  });

  test("a series has its places all the time, and goes on in another pod where its own was removed", async () => {
    const series = await platform.openSeries({ ...job, environment: { MODE: "a $(b) $$ c" } });
    const turn = (script: string, stdin = "") =>
      series.run({ ...job, stdin, argv: ["bash", "-c", script, "$(MODE)", "it's"] });
    try {
      const first = await turn('cat; echo "$0 $1 $MODE" >&2; touch /state/x /stage/x; ls /stage', "in\n");
      expect([first.exitCode, first.stdout]).toEqual([0, "in\nx\n"]);
      expect(first.stderr).toContain("$(MODE) it's a $(b) $$ c\n");
      expect(first.stderr).toContain("Read-only file system");
      const [pod = ""] = (await space.pods()).filter((each) => each !== "bot-c-0");
      await space.kubectl("delete", "pod", pod, "--wait=false");
      expect(await turn("ls -A /stage; exit 3")).toEqual({ exitCode: 3, stdout: "", stderr: "" });
      await expect(series.run({ ...job, argv: ["sleep", "100"], deadline: 3 })).rejects.toThrow(
        "the cold snapshot of bot-c did not end within 3 s",
      );
    } finally {
      await series.close();
    }
    await until("its pods are gone", async () => (await space.pods()).join() === "bot-c-0", 60);
  });

  test("a right that is missing is named, with its verb, before anything is stopped", async () => {
    const without = (verb: string, subresource: string) =>
      neededRights.filter((each) => !(each.verbs.includes(verb) && each.subresource === subresource));
    const kubeconfig = await space.account("no-scale", without("patch", "scale"));
    const deployer = space.platform({ kubeconfig });
    expect(await deployer.missingRights()).toEqual([
      "patch statefulsets.apps/scale",
      "patch deployments.apps/scale",
    ]);
    await expect(deployer.stop("bot-c", 10)).rejects.toThrow(
      /cannot patch resource "statefulsets\/scale" in API group "apps" in the namespace .* Give the deployer this right/,
    );
    const blind = space.platform({ kubeconfig: await space.account("blind", []) });
    await expect(blind.observe([], "test")).rejects.toThrow(
      /lacks rights in the namespace .*: get statefulsets\.apps, list statefulsets\.apps,.*Nothing was touched/,
    );
    const readers = neededRights
      .map((right) => ({ ...right, verbs: right.verbs.filter((verb) => verb === "get" || verb === "list") }))
      .filter(({ verbs }) => verbs.length > 0);
    const reader = space.platform({ kubeconfig: await space.account("reader", readers) });
    await expect(reader.inPlace.wouldMakeAnew("bot-c", statefulSet("bot-c", fixture[2]))).rejects.toThrow(
      "the StatefulSet bot-c may not be changed by this deployer, so nothing of it was stopped.",
    );
    expect(await platform.unit("bot-c")).toMatchObject({ running: true, image: fixture[1] });
  });

  test("what a killed run has left is found by its labels, and ended", async () => {
    const running = platform.job({ ...job, argv: ["sleep", "200"] }).catch((error) => error);
    await until("it works", async () => (await space.kubectl("get", "pods")).includes("2/2"), 120);
    const left = await platform.leftOvers(["bot-c"]);
    expect(left.map(({ kind, what }) => `${kind}: ${what}`)).toEqual(["container: cold snapshot of bot-c"]);
    expect(await platform.leftOvers(["bot"])).toEqual([]);
    expect(await platform.endJobs("bot-c")).toEqual(["cold snapshot"]);
    expect(await space.pods()).toEqual(["bot-c-0"]);
    expect(String(await running)).toContain("its pod was removed meanwhile");
  });

  describe("a lock", () => {
    const deployers: { kill: () => Promise<unknown> }[] = [];
    afterEach(async () => {
      for (const { kill } of deployers.splice(0)) await kill();
      for (const file of ["witness", "go"]) await rm(join(space.folder, file), { force: true });
    });

    function deployer(stays: boolean) {
      const { kubeconfig = "", namespace } = space.settings();
      const places = [join(space.folder, "witness"), stays ? join(space.folder, "go") : ""];
      const argv = ["test/support/lease-holder.ts", kubeconfig, namespace, "bot-c", ...places];
      const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk) => {
          output += chunk;
        });
      }
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      const kill = () => {
        child.kill("SIGKILL");
        return ended;
      };
      deployers.push({ kill });
      return { pid: child.pid, output: () => output, ended, kill };
    }

    const request = { kind: "repository", of: "bot-c", purpose: "test", image: tools, wait: 0 } as const;

    test("is held by one of many processes at a time", async () => {
      const all = Array.from({ length: 3 }, () => deployer(false));
      for (const { ended, output } of all) expect([await ended, output()]).toEqual([0, "held\nreleased\n"]);
      expect(await platform.locks()).toEqual([]);
    });

    test("says who holds it, and passes on when that one was killed", async () => {
      const first = deployer(true);
      await until("it is held", async () => first.output().includes("held"), 120);
      expect(await platform.locks()).toMatchObject([{ kind: "repository", of: "bot-c", pid: first.pid }]);
      await expect(platform.lock(request, async () => {})).rejects.toThrow(
        new RegExp(`^Other work on bot-c is under way in the namespace .*by process ${first.pid} on`),
      );
      await first.kill();
      await rm(join(space.folder, "witness"));
      await expect(platform.lock({ ...request, wait: 120 }, async () => "done")).resolves.toBe("done");
      expect(await platform.leftOvers(["bot-c"])).toEqual([]);
    });

    test("that was taken away ends the work that it was for", async () => {
      const work = platform.lock(request, () => sleep(60_000));
      await until("it is held", async () => (await platform.locks()).length === 1, 30);
      await space.kubectl("delete", "lease", "--all");
      await expect(work).rejects.toThrow("so this work was given up");
      await writeFile(join(space.folder, "go"), "");
    });
  });
});
