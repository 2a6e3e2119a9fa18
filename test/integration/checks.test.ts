import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBaseline } from "../../lifecycle/checks/baseline.ts";
import { runChecks } from "../../lifecycle/checks/run.ts";
import { EvidenceLog } from "../../lifecycle/evidence/log.ts";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { checkSchema } from "../../lifecycle/stack-config.ts";
import type { WorkloadContext } from "../../lifecycle/workload.ts";
import { dockerClient } from "../../platforms/docker/client.ts";
import { execInContainer } from "../../platforms/docker/exec.ts";
import { logReachesBack } from "../../platforms/docker/logs.ts";
import { oneShotLabel } from "../../platforms/docker/one-shot.ts";
import { DockerPlatform } from "../../platforms/docker/platform.ts";
import { scratchFolder } from "../support/scratch.ts";
import { partsOfThisRun } from "../support/world.ts";

const state = "/tmp/state";

/** One attempt, with time for a busy host. */
const once = { deadline: "60s", interval: "60s" };

/** Answers /readyz after as many milliseconds as the query says, and says nothing of itself unless told to. */
const gateway = `
  require("node:fs").mkdirSync("${state}", { recursive: true });
  require("node:http").createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://x");
    if (pathname === "/say") for (let n = Number(searchParams.get("lines")); n > 0; n -= 1) console.log("line " + n);
    setTimeout(() => response.end(JSON.stringify({ ready: true })), Number(searchParams.get("ms") ?? 0));
  }).listen(18789, "127.0.0.1");`;

describe("checks of a container that runs", () => {
  const name = `checks${randomBytes(4).toString("hex")}`;
  let docker: Docker;
  let dockerHost: string;
  let tools: string;
  let container: Docker.Container;

  beforeAll(async () => {
    const parts = await partsOfThisRun();
    const { images } = parts;
    ({ dockerHost } = parts);
    docker = dockerClient(dockerHost);
    tools = images.tools;
    container = await docker.createContainer({
      name,
      Image: images.fixture[1],
      Entrypoint: [],
      Cmd: ["node", "-e", gateway],
      Healthcheck: { Test: ["NONE"] },
      Labels: { [oneShotLabel]: name },
      HostConfig: {
        NetworkMode: "none",
        Init: true,
        LogConfig: { Type: "json-file", Config: { "max-size": "20k", "max-file": "2" } },
      },
    });
    await container.start();
  });
  afterAll(() => container?.remove({ force: true, v: true }));

  function context(folder: string, checks: object[] = []): WorkloadContext {
    const workload = {
      ...{ name, container: name, track: "runtime", mount: state, port: 18789, image: "fixture:1" },
      snapshots: { image: tools },
      gate: [],
      verification: checks.map((each) => checkSchema.parse(each)),
    };
    return {
      platform: new DockerPlatform({ host: dockerHost }),
      workload,
      secrets: { snapshotPassword: "p", gatewayToken: "t", controlPlanePassword: "" },
      log: new EvidenceLog(join(folder, "evidence"), "stack", name),
      progress: () => {},
    } as unknown as WorkloadContext;
  }

  async function check(looking: WorkloadContext, ...checks: object[]) {
    return runChecks(
      looking,
      checks.map((each) => checkSchema.parse(each)),
    );
  }

  async function inContainer(script: string, ...args: string[]): Promise<void> {
    const argv = ["node", "--no-warnings", "-e", script, ...args];
    const done = await execInContainer(docker, name, argv, { deadline: 60 });
    expect(done.exitCode, done.stderr).toBe(0);
  }

  function write(file: string, text: string): Promise<void> {
    const script =
      "const fs=require('node:fs');const [file,text]=process.argv.slice(1);" +
      "fs.mkdirSync(require('node:path').dirname(file),{recursive:true});fs.writeFileSync(file,text)";
    return inContainer(script, `${state}/${file}`, text);
  }

  const cutOver = {
    ...{ kind: "cut-over", from: "a", to: "b", direction: "forward", snapshot: "s" },
    drained: { active: 0, seconds: 0, cut: 0 },
    stop: { seconds: 0, killed: false },
  } as EvidenceEntry;

  it("compares the configuration with the one on record, and says no value of it", async () => {
    const unchanged = { kind: "unchanged", what: ["configuration"], ...once };
    const looking = context(scratchFolder(), [unchanged]);
    await write(
      "openclaw.json",
      "{ gateway: { token: 't0p-secret', port: 1 }, channels: { irc: { nick: 'a' } } } // JSON5",
    );
    expect(await check(looking, unchanged)).toMatchObject([
      {
        outcome: "passed",
        detail: `3 keys in ${state}/openclaw.json; first start: there is no version before to compare with`,
      },
    ]);

    const baseline = await readBaseline(looking);
    expect(JSON.stringify(baseline)).not.toContain("t0p-secret");
    await looking.log.append(baseline);
    await looking.log.append(cutOver);
    expect(await check(looking, unchanged)).toMatchObject([
      { outcome: "passed", detail: "3 keys as before, with the same values" },
    ]);

    await write("openclaw.json", '{"gateway": {"token": "an0ther", "port": 1}}');
    const [lost] = await check(looking, { ...unchanged, ...once });
    expect(lost).toMatchObject({
      outcome: "failed",
      detail: `gone from ${state}/openclaw.json: channels; changed: gateway.token`,
    });

    await write("openclaw.json", "{ torn");
    expect(await check(looking, { ...unchanged, ...once })).toMatchObject([
      { outcome: "inconclusive", detail: expect.stringContaining("is no JSON") },
    ]);
    await expect(readBaseline(looking)).rejects.toThrow(
      /^the configuration of the running version can't be written down: .* is no JSON.* Nothing was stopped\./,
    );
  });

  it("tries no turn only where the configuration was read and names no model", async () => {
    const looking = context(scratchFolder());
    const turn = {
      kind: "conversation",
      asBefore: true,
      ...once,
      argv: ["node", "-e", "process.exit(3)"],
    };
    await write("openclaw.json", "{}");
    expect(await check(looking, turn)).toMatchObject([
      { outcome: "passed", detail: `no turn was tried: ${state}/openclaw.json names no model` },
    ]);
    await write("openclaw.json", '{"agents": {"defaults": {"model": "a/b"}}}');
    expect(await check(looking, turn)).toMatchObject([{ outcome: "failed", detail: "exit code 3: " }]);
    await write("openclaw.json", "{ torn");
    expect(await check(looking, turn)).toMatchObject([{ outcome: "inconclusive" }]);
  });

  it("holds a turn that failed before the update against nobody, and one that worked against the new version", async () => {
    const failing = {
      kind: "conversation",
      asBefore: true,
      ...once,
      argv: ["node", "-e", "process.exit(3)"],
    };
    await write("openclaw.json", '{"agents": {"defaults": {"model": "a/b"}}}');
    const broken = context(scratchFolder(), [failing]);
    const baseline = await readBaseline(broken);
    expect(baseline.turn).toEqual({ passed: false, detail: "exit code 3: " });
    await broken.log.append(baseline);
    await broken.log.append(cutOver);
    expect(await check(broken, failing)).toMatchObject([
      { outcome: "passed", detail: expect.stringContaining("a turn failed before the update too") },
    ]);

    const worked = context(scratchFolder(), [failing]);
    await worked.log.append({ ...baseline, turn: { passed: true, detail: "pong" } });
    await worked.log.append(cutOver);
    expect(await check(worked, failing)).toMatchObject([{ outcome: "failed" }]);
  });

  it("looks for pins in databases too, with the container's own Node.js", async () => {
    const looking = context(scratchFolder());
    await write("openclaw.json", '{"agents": {"defaults": {"model": "a/b"}}}');
    expect(await check(looking, { kind: "pins" })).toMatchObject([
      { outcome: "passed", detail: `no session in ${state}/agents: nothing is pinned` },
    ]);
    await inContainer(
      `const fs = require("node:fs"); fs.mkdirSync("${state}/agents/main/agent", { recursive: true });
       const { DatabaseSync } = require("node:sqlite");
       const database = new DatabaseSync("${state}/agents/main/agent/openclaw-agent.sqlite");
       database.exec("CREATE TABLE session_nodes (session_key TEXT PRIMARY KEY, entry_json TEXT NOT NULL)");
       database.prepare("INSERT INTO session_nodes VALUES (?, ?)").run("agent:main:main",
         JSON.stringify({ providerOverride: "c", modelOverride: "d" }));`,
    );
    expect(await check(looking, { kind: "pins" })).toMatchObject([
      {
        severity: "warning",
        outcome: "failed",
        detail: expect.stringContaining("pinned to c/d instead of a/b"),
      },
    ]);
  });

  it("calls a late answer slow, and gives the next run the time that the last passing one needed", async () => {
    const looking = context(scratchFolder());
    const ready = { kind: "http", path: "/readyz?ms=3000", body: { ready: true }, deadline: "1s" };
    const [late] = await check(looking, ready);
    expect(late).toMatchObject({ outcome: "inconclusive", slow: true });
    expect(late?.detail).toMatch(
      /^slow: no answer within \d+ s \(.*\); no passing run is on record\. That is no sign/,
    );

    const recorded = "http /readyz?ms=3000";
    await looking.log.append({
      ...{
        kind: "gate",
        image: "i",
        container: "c",
        outcome: "passed",
        checksHash: "",
        markers: { databases: {} },
      },
      checks: [
        { name: recorded, severity: "critical", outcome: "passed", detail: "", seconds: 10, attempts: 1 },
      ],
    });
    expect(await check(looking, ready)).toMatchObject([{ outcome: "passed", attempts: 1 }]);
  });

  it("proves nothing by an empty log, and knows one that was rotated", async () => {
    const looking = context(scratchFolder());
    const logs = { kind: "logs", absent: ["bad"], ...once };
    expect(await check(looking, logs)).toMatchObject([
      { outcome: "inconclusive", detail: expect.stringContaining("has printed nothing since its start") },
    ]);
    const say = (lines: number) =>
      check(looking, { kind: "http", path: `/say?lines=${lines}`, body: { ready: true }, deadline: "30s" });
    await say(10);
    expect(await check(looking, { ...logs, appear: ["line 10"] })).toMatchObject([{ outcome: "passed" }]);
    expect(await check(looking, { ...logs, absent: ["line 7"] })).toMatchObject([
      { outcome: "failed", detail: "the log has /line 7/: line 7" },
    ]);
    const began = new Date();
    expect(await logReachesBack(docker, name, began, 30)).toBe(true);
    await say(5000);
    expect(await logReachesBack(docker, name, began, 30)).toBe(false);
  });
});
