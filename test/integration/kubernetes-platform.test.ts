import { stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NoAnswer } from "../../platforms/http.ts";
import type { KubernetesPlatform } from "../../platforms/kubernetes/platform.ts";
import { PlaceMissing, TrialFailed } from "../../platforms/platform.ts";
import { kubernetesOfThisRun, sharedCluster } from "../support/cluster.ts";
import { KubernetesSpace, statefulSet, statePath } from "../support/kubernetes-space.ts";
import { partsOfThisRun, until } from "../support/world.ts";

const kubernetes = await kubernetesOfThisRun();
const { images } = await partsOfThisRun();
const { tools, fixture } = images;

const [healthWait, grace] = [240, 10];

describe.skipIf("missing" in kubernetes)("a gateway on Kubernetes", () => {
  let space: KubernetesSpace;
  let platform: KubernetesPlatform;

  beforeAll(async () => {
    if ("missing" in kubernetes) return;
    space = await KubernetesSpace.create(await sharedCluster(kubernetes));
    platform = space.platform();
    await space.gateway("bot-a", fixture[1]);
  });
  afterAll(() => space?.remove());

  const state = { from: { volume: "bot-a-state" }, at: "/state", readOnly: false };
  /** What a job of ours does to the state. */
  const onState = (script: string, change: object = {}) =>
    platform.job({
      ...{ workload: "bot-a", purpose: "look", image: tools, argv: ["bash", "-c", script, "look"] },
      ...{ places: [state], deadline: 240, ...change },
    });

  test("is nothing until it was made, although its controller is there", async () => {
    expect(await platform.missingRights()).toEqual([]);
    expect(await platform.unit("bot-a")).toBeUndefined();
    expect(await platform.observe([{ unit: "bot-a", workload: "bot-a" }], "test")).toEqual(new Map());
    // Other files of the run share the node: one of them may have it there already.
    expect(["pulled", "present"]).toContain(await platform.fetch(fixture[1]));
    await platform.inPlace.make("bot-a", healthWait);
    const unit = await platform.unit("bot-a");
    expect(unit).toMatchObject({
      ...{ image: fixture[1], imageId: fixture[1].split("@")[1], status: "running", running: true },
      ...{ health: "healthy", restarts: 0, environment: ["GREETING=hello"], stopGrace: 10 },
      mounts: [{ from: { volume: "bot-a-state" }, at: statePath, writable: true }],
    });
    const seen = await platform.observe([{ unit: "bot-a", workload: "bot-a" }], "test");
    expect(seen.get("bot-a")).toMatchObject({ id: unit?.id, of: "bot-a", serves: true, image: fixture[1] });
    expect(await platform.fetch(fixture[1])).toBe("present");
    expect(await platform.marked("test")).toMatchObject([
      { name: "bot-a", status: "StatefulSet, 1 of 1 ready" },
    ]);
  });

  test("runs programs: streams apart, exit codes, input, much output, a deadline", async () => {
    const run = (argv: string[], options = {}) => platform.exec("bot-a", argv, { deadline: 60, ...options });
    expect(await run(["sh", "-c", "echo out; echo err >&2; exit 3"])).toEqual({
      ...{ exitCode: 3, stdout: "out\n", stderr: "err\n" },
    });
    expect(await run(["cat"], { stdin: "grüße\n".repeat(20_000) })).toEqual({
      ...{ exitCode: 0, stdout: "grüße\n".repeat(20_000), stderr: "" },
    });
    expect((await run(["head", "-c", "5000000", "/dev/zero"])).stdout).toHaveLength(5_000_000);
    expect((await run(["no-such-program"])).exitCode).toBe(127);
    await expect(run(["sleep", "30"], { deadline: 1 })).rejects.toThrow("`sleep 30` did not end within 1 s.");
    await expect(platform.exec("bot-z", ["true"], { deadline: 5 })).rejects.toThrow("bot-z has no pod");
  });

  test("is asked over HTTP as it would ask itself, and every header arrives", async () => {
    const echo =
      "require('node:http').createServer((q, a) => { if (q.url === '/late') return; if (q.url === '/end') process.exit(0); a.setHeader('set-cookie', ['a=1', 'b=2']);" +
      " let body = ''; q.on('data', (c) => { body += c; }); q.on('end', () => { a.statusCode = q.url === '/teapot' ? 418 : 200;" +
      " a.end(q.url === '/large' ? 'x'.repeat(3e6) : JSON.stringify({ url: q.url, headers: q.headers, body })); }); }).listen(9999, '127.0.0.1')";
    const server = platform.exec("bot-a", ["node", "-e", echo], { deadline: 120 }).catch((error) => error);
    const unit = { unit: "bot-a", image: tools, workload: "bot-a/probe" };
    const client = await platform.openHttp({ ...unit, url: "http://127.0.0.1:9999" });
    const get = (path: string, change = {}) =>
      client.send({ method: "GET", path, headers: {}, deadline: 20, ...change });
    await until("it listens", async () => (await get("/").catch(() => undefined)) !== undefined, 60);

    const headers = {
      authorization: "Bearer the-token",
      host: "bot.example.com",
      "x-forwarded-for": "1.2.3.4",
    };
    const answer = await get("/a?b=c", { method: "POST", headers, body: '{"ü":1}' });
    expect([answer.status, answer.cookies]).toEqual([200, ["a=1", "b=2"]]);
    const { headers: arrived, ...rest } = JSON.parse(answer.body);
    expect(rest).toEqual({ url: "/a?b=c", body: '{"ü":1}' });
    expect(arrived).toMatchObject(headers);
    expect((await get("/teapot")).status).toBe(418);

    const file = join(space.folder, "large");
    expect(await client.download({ method: "GET", path: "/large", headers: {}, deadline: 60 }, file)).toBe(
      200,
    );
    const { size, mode } = await stat(file);
    expect([size, mode & 0o777]).toEqual([3_000_000, 0o600]);

    const failure = async (change: object) => {
      const error: unknown = await get("/late", change).catch((each) => each);
      if (!(error instanceof NoAnswer)) throw error;
      return { unknown: error.unknown, late: error.late };
    };
    expect(await failure({ deadline: 1 })).toEqual({ unknown: true, late: true });
    expect(await failure({ port: 9998 })).toEqual({ unknown: false, late: false });
    await expect(get("/", { headers: { a: "x\ny" } })).rejects.toThrow("no request can carry it");
    const own = await platform.openHttp({ ...unit, url: "http://127.0.0.1:18789" });
    expect((await own.send({ method: "GET", path: "/healthz", headers: {}, deadline: 20 })).status).toBe(200);
    await get("/end").catch(() => {});
    await server;
  });

  test("has jobs beside it, with an input, outputs apart, and nothing left of them", async () => {
    const input = "the password\n".repeat(100);
    const argv = [
      "bash",
      "-c",
      'cat; echo "$0 $1 $MODE $$(x)" >&2; id -u; ls -A "$2"; touch /stage/x; exit 7',
    ];
    const result = await platform.job({
      ...{ workload: "bot-a/look", purpose: "hot snapshot", image: tools, deadline: 240, stdin: input },
      argv: [...argv, "$(MODE)", "; exit 0", "/state"],
      environment: { MODE: "a $(b) $$ c" },
      places: [
        { ...state, readOnly: true },
        { from: { directory: "/repos/bot-a" }, at: "/repository", readOnly: false },
      ],
    });
    expect(result.exitCode).toBe(7);
    expect(result.stdout.startsWith(input)).toBe(true);
    expect(result.stdout.slice(input.length).split("\n")[0]).toBe("0");
    expect(result.stderr).toMatch(/^\$\(MODE\) ; exit 0 a \$\(b\) \$\$ c \d+\(x\)\n$/);
    await until("its pod is gone", async () => (await space.pods()).join() === "bot-a-0", 60);
    await until(
      "its input is gone with it",
      async () => (await space.kubectl("get", "secrets", "-o", "name")) === "",
      60,
    );
    expect(await platform.leftOvers(["bot-a"])).toEqual([]);
  });

  test("has a state that a job must find, and can't change where it may only read", async () => {
    const missing = { ...state, from: { volume: "no-such-claim" }, onlyIfThere: true as const };
    await expect(onState("true", { places: [missing] })).rejects.toThrow(PlaceMissing);
    const folder = { ...state, from: { directory: "/no/such/folder" }, onlyIfThere: true as const };
    await expect(onState("true", { places: [folder] })).rejects.toThrow(
      "the folder no/such/folder is not there",
    );
    const readOnly = await onState("touch /state/x", { places: [{ ...state, readOnly: true }] });
    expect([readOnly.exitCode, readOnly.stderr]).toEqual([
      1,
      expect.stringContaining("Read-only file system"),
    ]);
    await expect(onState("sleep 100", { deadline: 8 })).rejects.toThrow(
      "the look of bot-a did not end within 8 s",
    );
    await expect(onState("true", { image: "127.0.0.1:5077/no/such:1" })).rejects.toThrow(
      "its pod can't pull its image",
    );
    expect(await space.pods()).toEqual(["bot-a-0"]);
  });

  test("is stopped with the proof that it has ended, keeps its id, and is started again", async () => {
    const before = await platform.unit("bot-a");
    const owner = { name: "bot-a", unit: "bot-a", state: [{ volume: "bot-a-state" }], image: fixture[1] };
    await platform.refuseOtherWriters(owner);
    expect((await platform.stop("bot-a", grace)).killed).toBe(false);
    expect(await space.pods()).toEqual([]);
    expect(await platform.unit("bot-a")).toMatchObject({
      ...{ id: before?.id, status: "stopped", running: false, exitCode: 0 },
    });
    expect(await platform.stop("bot-a", grace)).toMatchObject({ killed: false });
    await platform.start("bot-a", healthWait);
    expect((await platform.unit("bot-a"))?.id).toBe(before?.id);
  });

  test("keeps its id when its pod is evicted, and comes back by itself", async () => {
    const before = await platform.unit("bot-a");
    await space.kubectl("delete", "pod", "bot-a-0");
    await platform.waitHealthy("bot-a", healthWait);
    const after = await platform.unit("bot-a");
    expect([after?.id, after?.running]).toEqual([before?.id, true]);
    expect(after?.startedAt).not.toBe(before?.startedAt);
  });

  test("that does not end by itself is killed, and that stays known", async () => {
    await platform.exec("bot-a", ["touch", `${statePath}/ignore-sigterm`], { deadline: 20 });
    const stopped = await platform.stop("bot-a", 2);
    expect(stopped.killed).toBe(true);
    expect(await platform.unit("bot-a")).toMatchObject({ status: "stopped", exitCode: 137 });
    await onState("rm /state/ignore-sigterm");
    await platform.start("bot-a", healthWait);
    expect((await platform.unit("bot-a"))?.exitCode).toBe(0);
  });

  test("that does not come up says so at once, with its exit code and its last lines", async () => {
    await platform.stop("bot-a", grace);
    await onState("touch /state/refuse-start");
    await expect(platform.start("bot-a", 600)).rejects.toThrow(
      /bot-a ends again and again \(CrashLoopBackOff, exit code 1\).*Its last lines: .*refuse-start is present.*kubectl/s,
    );
    const said: string[] = [];
    for await (const { text } of platform.logs("bot-a", { since: new Date(0), deadline: 60 }))
      said.push(text);
    expect(said.filter((line) => line.includes("refuse-start is present"))).toHaveLength(1);
    await platform.stop("bot-a", grace);
    await onState("rm /state/refuse-start");
    await platform.start("bot-a", healthWait);
  });

  test("has a log with times, of the start before too", async () => {
    const lines = async (since: Date) => {
      const all: string[] = [];
      for await (const { text } of platform.logs("bot-a", { since, deadline: 60 })) all.push(text);
      return all;
    };
    const began = new Date((await platform.unit("bot-a"))?.startedAt ?? "");
    expect((await lines(new Date(0))).join("\n")).toContain("[gateway] ready (fixture 1");
    await platform.exec("bot-a", ["sh", "-c", "kill 1"], { deadline: 20 }).catch(() => {});
    await until("it was restarted", async () => (await platform.unit("bot-a"))?.restarts === 1, 120);
    await platform.waitHealthy("bot-a", healthWait);
    const both = (await lines(new Date(0))).filter((line) => line.includes("ready"));
    expect(both).toHaveLength(2);
    expect(await lines(new Date(Date.now() + 60_000))).toEqual([]);
    expect(await platform.logReachesBack("bot-a", new Date(began.getTime() + 10_000), 60)).toBe(true);
    expect(await platform.logReachesBack("bot-a", new Date(began.getTime() - 60_000), 60)).toBe(false);
  });

  test("is alone on its state: another pod, what would start one, and an autoscaler are named", async () => {
    const owner = { name: "bot-a", unit: "bot-a", state: [{ volume: "bot-a-state" }], image: fixture[1] };
    const pod = statefulSet("bot-a", fixture[1]).spec.template.spec;
    const template = { metadata: { labels: { app: "other" } }, spec: pod };
    await space.create(space.admin.in("apps/v1", "deployments"), {
      metadata: { name: "other" },
      spec: { replicas: 1, selector: { matchLabels: { app: "other" } }, template },
    });
    await expect(platform.refuseOtherWriters(owner)).rejects.toThrow(
      /^something else writes to the same state: the Deployment other has the claim bot-a-state\. .*scale deployment other --replicas 0/,
    );
    await space.kubectl("delete", "deployment", "other", "--wait=true", "--cascade=foreground");
    await space.kubectl("scale", "statefulset", "bot-a", "--replicas=2");
    await expect(platform.refuseOtherWriters(owner)).rejects.toThrow(
      "has 2 replicas, and 0 or 1 are allowed",
    );
    await space.kubectl("scale", "statefulset", "bot-a", "--replicas=1");
    await space.kubectl("wait", "--for=delete", "pod/bot-a-1", "--timeout=120s");
    await space.kubectl("autoscale", "statefulset", "bot-a", "--name=scaler", "--min=1", "--max=3");
    await expect(platform.refuseOtherWriters(owner)).rejects.toThrow(
      "the HorizontalPodAutoscaler scaler scales bot-a",
    );
    await space.kubectl("delete", "hpa", "scaler");
    await platform.refuseOtherWriters(owner);
  });

  test("is changed in its place, as the server says beforehand", async () => {
    const wanted = statefulSet("bot-a", fixture[1], { labels: { team: "x" } });
    expect(await platform.inPlace.wouldMakeAnew("bot-a", wanted)).toBe(false);
    const next = statefulSet("bot-a", fixture[2]);
    expect(await platform.inPlace.wouldMakeAnew("bot-a", { ...next, __secret: 1, status: {} })).toBe(true);
    expect((await platform.unit("bot-a"))?.image).toBe(fixture[1]);

    await expect(platform.remove("bot-a")).rejects.toThrow("is not stopped");
    await platform.stop("bot-a", grace);
    await platform.remove("bot-a");
    expect(await platform.unit("bot-a")).toBeUndefined();
    await space.apply("bot-a", next);
    expect(await platform.unit("bot-a")).toBeUndefined();
    await platform.inPlace.make("bot-a", healthWait);
    expect(await platform.unit("bot-a")).toMatchObject({
      image: fixture[2],
      running: true,
      health: "healthy",
    });
  });

  test("can't be fetched where there is no such image", async () => {
    const missing = fixture[1].replace(/sha256:.*/, `sha256:${"0".repeat(64)}`);
    await expect(platform.fetch(missing)).rejects.toThrow(`${missing} can't be pulled on`);
    expect(await space.pods()).toEqual(["bot-a-0"]);
  });
});

describe.skipIf("missing" in kubernetes)("a copy of a state on Kubernetes", () => {
  let space: KubernetesSpace;
  let platform: KubernetesPlatform;

  beforeAll(async () => {
    if ("missing" in kubernetes) return;
    space = await KubernetesSpace.create(await sharedCluster(kubernetes));
    platform = space.platform();
    await space.gateway("bot-b", fixture[1]);
    await platform.inPlace.make("bot-b", healthWait);
  });
  afterAll(() => space?.remove());

  const name = "clawforce-drill-test-bot-b";
  const limits = { memory: 256 * 2 ** 20, cpus: 1, processes: 100 };
  const otherwise = {
    environment: {},
    health: { command: ["true"], interval: 10, timeout: 5, retries: 3, startPeriod: 10 },
  };

  async function copied() {
    const places = await platform.makeScratch(name, "bot-b", [
      { from: { volume: "bot-b-state" }, at: statePath },
    ]);
    const [{ from }] = places;
    const filled = await platform.job({
      ...{ workload: "bot-b", purpose: "restore of the drill", image: tools, deadline: 240 },
      argv: ["bash", "-c", "cp -a /state/. /scratch/ && chown 1000:1000 /scratch"],
      places: [
        { from: { volume: "bot-b-state" }, at: "/state", readOnly: true },
        { from, at: "/scratch", readOnly: false },
      ],
    });
    expect(filled).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    return places;
  }

  test("starts another version apart from what serves, says whether it had a network, and goes", async () => {
    const places = await copied();
    const trial = { name, workload: "bot-b", image: fixture[2], like: { unit: "bot-b", otherwise }, limits };
    const open = await platform.trial({
      ...trial,
      environment: { GREETING: "drill" },
      places,
      deadline: 240,
    });
    // The plain bridge of this cluster enforces no policy. Where one does, this is undefined.
    expect(open).toContain("this cluster does not enforce NetworkPolicies");
    const { stdout } = await platform.exec(name, ["sh", "-c", "echo $GREETING; fixture --version"], {
      deadline: 60,
    });
    expect(stdout).toBe("drill\nfixture 2\n");
    const said: string[] = [];
    for await (const { text } of platform.logs(name, { since: new Date(0), deadline: 60 })) said.push(text);
    expect(said.join("\n")).toContain("ready (fixture 2");
    expect((await platform.leftOvers(["bot-b"])).map(({ kind, what }) => `${kind}: ${what}`)).toEqual([
      "container: drill of bot-b",
      "volume: drill of bot-b",
    ]);
    expect((await platform.endTrial(name, grace)).killed).toBe(false);
    expect(await space.pods()).toEqual(["bot-b-0"]);

    // Version 2 has moved the copy, and the copy alone: version 1 refuses it.
    const back = platform.trial({ ...trial, image: fixture[1], environment: {}, places, deadline: 240 });
    const failed: unknown = await back.catch((error) => error);
    if (!(failed instanceof TrialFailed)) throw failed;
    expect(failed.message).toContain("ended with exit code");
    expect(failed.said.length).toBeGreaterThan(0);
    expect(await platform.unit("bot-b")).toMatchObject({ health: "healthy", restarts: 0 });
    await platform.removeTrial(name);
    await platform.removeTrial(name);
    await until("its claim is gone", async () => (await platform.leftOvers(["bot-b"])).length === 0, 60);
  });

  test("that can't begin says nothing of the version", async () => {
    const places = await copied();
    const missing = fixture[2].replace(/sha256:.*/, `sha256:${"0".repeat(64)}`);
    const trial = { name, workload: "bot-b", image: missing, like: { unit: "bot-b", otherwise }, limits };
    const failed: unknown = await platform
      .trial({ ...trial, environment: {}, places, deadline: 240 })
      .catch((error) => error);
    expect(failed).not.toBeInstanceOf(TrialFailed);
    expect(String(failed)).toContain("can't pull its image");
    await platform.removeTrial(name);
  });

  test("has programs run on it to their end, or to their deadline", async () => {
    const places = await copied();
    const program = {
      ...{
        name: "clawforce-migration-test-bot-b",
        workload: "bot-b",
        purpose: "migration",
        image: fixture[2],
      },
      ...{ start: { ...otherwise, user: "1000:1000" }, environment: { A: "$(B)" }, places, limits },
    };
    const done = await platform.runProgram({
      ...{ ...program, deadline: 240 },
      argv: ["sh", "-c", `echo "$A" >&2; id -u; touch ${statePath}/moved && exit 4`],
    });
    expect([done.exitCode, done.output.split("\n").toSorted()]).toEqual([4, ["$(B)", "1000"]]);
    const late = await platform.runProgram({
      ...program,
      argv: ["sh", "-c", "echo begun; sleep 100"],
      deadline: 8,
    });
    expect(late).toEqual({ exitCode: undefined, output: "begun" });
    expect(await space.pods()).toEqual(["bot-b-0"]);
    await platform.removeTrial(name);
  });
});
