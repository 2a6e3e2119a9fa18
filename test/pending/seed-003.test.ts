import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { modelSettings } from "../../demo/model-server.ts";
import { runChecks } from "../../lifecycle/checks/run.ts";
import { EvidenceLog } from "../../lifecycle/evidence/log.ts";
import { checkSchema } from "../../lifecycle/stack-config.ts";
import type { WorkloadContext } from "../../lifecycle/workload.ts";
import { execInContainer } from "../../platforms/docker/exec.ts";
import { startContainer, stopContainer } from "../../platforms/docker/lifecycle.ts";
import { DockerPlatform } from "../../platforms/docker/platform.ts";
import { installLoopbackChannel, loopbackChannel } from "../support/channel-plugin.ts";
import { modelServerOf } from "../support/model-server.ts";
import { partsOfThisRun, World } from "../support/world.ts";

const state = "/home/node/.openclaw";

/** A session that a failover has left on another model, as in the case's sessions.json. */
const pinned = {
  "agent:main:main": {
    sessionId: "0f6a6a52-5f3c-4f0e-9c55-0c2f3c0f7a11",
    updatedAt: 1_795_276_056_399,
    providerOverride: "standin",
    modelOverride: "spare",
    modelOverrideSource: "auto",
  },
};

describe("the update of a real case: 2026.4.15, 2026.4.22 and back, 2026.4.23", () => {
  let world: World;
  let canary: string;
  let other: string;
  let images: Partial<Record<string, string>>;

  beforeAll(async () => {
    images = (await partsOfThisRun()).images.openclaw;
    world = await World.create(
      { stable: image("2026.4.15") },
      {
        instances: 2,
        openclaw: true,
        group: {
          verification: [
            { kind: "version" },
            { kind: "http", path: "/readyz", body: { ready: true } },
            // A command of 2026.4.15 takes up to half a minute on a busy machine: few attempts. It has no channel at its first start.
            { kind: "channels", interval: "20s", allowNone: true },
            { kind: "unchanged", what: ["sessions"], deadline: "10m" },
            { kind: "pins" },
            { kind: "logs", appear: ["\\[gateway\\] ready"], absent: ["Cannot find package"] },
          ],
        },
      },
    );
    [canary, other] = world.instances as [string, string];
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
    const server = await modelServerOf(world);
    await write("openclaw.json", modelSettings(server));
    await write("agents/main/sessions/sessions.json", pinned);
    await installLoopbackChannel(world.docker, canary);
  });
  afterAll(() => world.destroy());

  it("stops at a channel that is down while everything else is green, goes back, and passes with the fix", async () => {
    const untouched = await world.identity(other);

    await world.configure({ images: { stable: image("2026.4.15"), candidate: image("2026.4.22") } });
    const broken = await world.up();
    expect(broken.code).not.toBe(0);
    expect(broken.output).toMatch(
      /preflight: serves, 2 checks passed; before the update: 1 channels up, 1 sessions/,
    );
    expect(broken.output).toContain("✓ version: OpenClaw 2026.4.22");
    expect(broken.output).toContain("✓ http /readyz: ready=true");
    expect(broken.output).toMatch(
      new RegExp(
        `✗ channels: ${loopbackChannel} does not run: Cannot find package 'openclaw' imported from ${state}/plugin-runtime-deps/`,
      ),
    );
    expect(broken.output).toContain(`${canary}: verification failed on ${image("2026.4.22")}`);
    expect(broken.output).toContain(
      "First: go back to the version before; install nothing into the container by hand.",
    );
    expect(broken.output).toContain("The way back: ");
    expect((await world.inspect(canary)).Config.Image).toBe(image("2026.4.22"));
    expect(await world.ask(canary, "/healthz")).toEqual({ status: 200, body: { ok: true, status: "live" } });
    expect(await world.ask(canary, "/readyz")).toMatchObject({
      status: 200,
      body: { ready: true, failing: [] },
    });
    expect(await doctor()).toBe(0);
    const log = await world.docker.getContainer(canary).logs({ stdout: true, stderr: true });
    expect(log.toString()).toMatch(/\[default\] channel exited: Cannot find package 'openclaw'/);
    expect(await verdicts()).toEqual(["passed", "passed", "failed"]);
    expect(await world.identity(other)).toEqual(untouched);

    await world.configure({ images: { stable: image("2026.4.15") } });
    // The doctor that was asked above has made databases of its own: the plan did not know of them.
    const refused = await world.up();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(
      new RegExp(
        `${canary}: preflight failed: the new version has moved the state since the preview \\(.*sqlite is new`,
      ),
    );
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect(back.output).toContain("✓ version: OpenClaw 2026.4.15 (041266a)");
    expect(back.output).toContain(`✓ channels: ${loopbackChannel}`);
    expect(await world.identity(other)).toEqual(untouched);

    await world.configure({ images: { stable: image("2026.4.15"), candidate: image("2026.4.23") } });
    const fixed = await world.up();
    expect(fixed.code, fixed.output).toBe(0);
    expect(fixed.output).toContain("✓ version: OpenClaw 2026.4.23 (a979721)");
    expect(fixed.output).toContain(`✓ channels: ${loopbackChannel}`);
    expect(await world.identity(other)).toEqual(untouched);
  });

  it("finds the session that another model answers, and that one is answered by the right one once it is undone", async () => {
    const conversation = {
      kind: "conversation",
      model: "standin/steady",
      deadline: "10m",
      interval: "10m",
    };
    const [pins, turn] = await check({ kind: "pins" }, conversation);
    expect(pins).toMatchObject({ severity: "warning", outcome: "failed" });
    expect(pins?.detail).toBe(
      "agent:main:main is pinned to standin/spare instead of standin/steady. To undo it: " +
        `move ${state}/agents/main/sessions/0f6a6a52-5f3c-4f0e-9c55-0c2f3c0f7a11.jsonl aside, take the entry out of ` +
        `${state}/agents/main/sessions/sessions.json (keep a copy), restart the gateway, send a message`,
    );
    expect(turn).toMatchObject({
      outcome: "failed",
      detail: expect.stringMatching(
        /^standin\/spare answered instead of standin\/steady: a failover, or a session/,
      ),
    });

    await write("agents/main/sessions/sessions.json", {});
    await stopContainer(world.docker, canary, 30);
    await startContainer(world.docker, canary, 600);
    const undone = await check({ kind: "pins" }, conversation);
    expect(undone).toMatchObject([
      { outcome: "passed" },
      { outcome: "passed", detail: expect.stringMatching(/^"pong" by standin\/steady/) },
    ]);
  });

  function image(version: string): string {
    return images[version] ?? "";
  }

  /** As the configuration's checks are run, without an update around them. */
  function check(...checks: object[]) {
    const context = {
      platform: new DockerPlatform({ host: world.parts.dockerHost }),
      workload: { name: canary, container: canary, mount: state },
      log: new EvidenceLog(join(world.folder, "evidence"), world.stack, canary),
      progress: () => {},
    } as unknown as WorkloadContext;
    return runChecks(
      context,
      checks.map((each) => checkSchema.parse(each)),
    );
  }

  /** Its bundled plugins off: for those it runs npm, which the image does not have. */
  async function doctor(): Promise<number> {
    const argv = ["env", "OPENCLAW_DISABLE_BUNDLED_PLUGINS=1", "openclaw", "doctor", "--non-interactive"];
    return (await execInContainer(world.docker, canary, argv, { deadline: 600 })).exitCode;
  }

  async function verdicts(): Promise<string[]> {
    const records = await world.records(canary);
    return records
      .flatMap((record) => (record.kind === "verification" || record.kind === "gate" ? [record.outcome] : []))
      .slice(1);
  }

  /** Writes JSON into the canary's state: into what is there already, key by key. */
  async function write(file: string, value: object): Promise<void> {
    const script =
      "const fs=require('node:fs');const [file,text]=process.argv.slice(1);" +
      "fs.mkdirSync(require('node:path').dirname(file),{recursive:true});const added=JSON.parse(text);" +
      "const was=Object.keys(added).length>0&&fs.existsSync(file)?JSON.parse(fs.readFileSync(file,'utf8')):{};" +
      "fs.writeFileSync(file,JSON.stringify({...was,...added}))";
    const argv = ["node", "-e", script, `${state}/${file}`, JSON.stringify(value)];
    const { exitCode, stderr } = await execInContainer(world.docker, canary, argv, { deadline: 30 });
    expect(exitCode, stderr).toBe(0);
  }
});
