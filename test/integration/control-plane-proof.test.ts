import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CheckInput } from "../../config/check-kind.ts";
import { workloadsOf } from "../../config/rollout.ts";
import { readBaseline } from "../../lifecycle/checks/baseline.ts";
import { proveRunningVersion } from "../../lifecycle/checks/before-update.ts";
import { runChecks } from "../../lifecycle/checks/run.ts";
import type { BaselineEntry } from "../../lifecycle/evidence/records.ts";
import { drillSnapshot } from "../../lifecycle/snapshot/drill.ts";
import { withRepository } from "../../lifecycle/snapshot/repository.ts";
import { takeHotSnapshot } from "../../lifecycle/snapshot/take.ts";
import { checkSchema, parseStackConfig } from "../../lifecycle/stack-config.ts";
import { workloadInput } from "../../lifecycle/update/workload-input.ts";
import type { Workload, WorkloadContext } from "../../lifecycle/workload.ts";
import { contextOf as contextIn } from "../../operations/program.ts";
import { inspectContainer } from "../../platforms/docker/client.ts";
import { administrator, ControlPlaneWorld } from "../support/control-plane.ts";
import { dockerCommand } from "../support/docker-command.ts";
import { until } from "../support/world.ts";

/** A state where no image of ours has it: the home is what the volume holds, as in claworc. */
const home = "/home/node";
const state = `${home}/elsewhere/.openclaw`;
const environment = { STAND_IN_HOME: home, STAND_IN_MOUNT: home };

const defaults: CheckInput[] = [
  { kind: "build" },
  { kind: "login" },
  { kind: "unchanged", what: ["instances", "backups", "users", "settings", "secret"] },
];

describe("what proves a control plane", () => {
  let world: ControlPlaneWorld;
  let instance: string;

  beforeAll(async () => {
    world = await ControlPlaneWorld.create("1.4.2", environment);
    await mkdir(join(world.folder, "repositories"), { mode: 0o700 });
    await world.ask("PUT /settings", {
      brave_api_key: "an API key of the tests",
      timezone: "UTC",
      default_agent_image: world.parts.images.fixture[1],
    });
    await world.ask("POST /users", { username: "member", password: administrator.password, role: "user" });
    instance = await world.createInstance("one", {
      env_vars_set: { OPENCLAW_STATE_DIR: state },
    });
    await backedUp(["HOME"]);
  });
  afterAll(() => world?.destroy());

  async function backedUp(paths: string[]): Promise<void> {
    const { body } = await world.ask("POST /instances/1/backups", { paths, note: "" });
    const { id } = body as { id: number };
    await until(
      "the backup is there",
      async () => ((await world.ask(`GET /backups/${id}`)).body as { status: string }).status === "completed",
      180,
    );
  }

  function contextOf(
    change: Partial<Workload> = {},
    plane: Partial<Workload["controlPlane"]> = {},
    controlPlanePassword = administrator.password,
  ) {
    const { controlPlane, tools } = world.parts.images;
    const config = parseStackConfig({
      environment: "staging",
      window: "control-plane",
      platform: { kind: "docker", host: world.parts.dockerHost },
      agentImages: { agent: { stable: world.parts.images.fixture[1] } },
      instanceGroups: {},
      controlPlane: {
        name: world.name,
        image: controlPlane["1.5.0"],
        data: { volume: world.volume },
        container: { network: world.name },
        verification: defaults,
      },
      snapshots: {
        repositories: join(world.folder, "repositories"),
        image: tools,
        drill: { deadline: "3m", environment: { STAND_IN_ADMIN_PASSWORD: "" } },
      },
      evidence: { directory: join(world.folder, "evidence") },
    });
    const [found] = workloadsOf(config);
    if (found === undefined) throw new Error("the configuration has no control plane");
    const input = workloadInput(config, world.name, found);
    const workload: Workload = { ...input, ...change };
    const lines: string[] = [];
    const task = {
      workload: {
        ...workload,
        ...(workload.controlPlane && { controlPlane: { ...workload.controlPlane, ...plane } }),
      },
    };
    const secrets = { snapshotPassword: "of the tests", gatewayToken: "", controlPlanePassword };
    const context: WorkloadContext = {
      ...contextIn(task, secrets),
      progress: (line) => lines.push(line),
      step: () => {},
    };
    return { context, lines };
  }

  const checksOf = (...checks: CheckInput[]) => checks.map((check) => checkSchema.parse(check));

  async function outcomeOf(before: BaselineEntry) {
    const { context } = contextOf();
    const checks = checksOf({
      kind: "unchanged",
      what: ["instances", "backups", "users", "settings", "secret"],
      deadline: "5s",
    });
    const [result] = await runChecks(context, checks, before);
    return result;
  }

  it("is refused to an account that is no admin, which would see nothing and pass everything", async () => {
    const { context } = contextOf({}, { username: "member" });
    await expect(readBaseline(context)).rejects.toThrow(
      "the account member has the role user, and only an admin sees all instances, backups and settings. " +
        "Make it an admin in the control plane, or name another one under `controlPlane.account`.",
    );
    const [login] = await runChecks(context, checksOf({ kind: "login", deadline: "5s" }));
    expect(login).toMatchObject({
      outcome: "failed",
      detail: expect.stringContaining("the account member has the role user"),
    });
  });

  it("is a database that its snapshots will have: another one is refused before anything", async () => {
    await expect(readBaseline(contextOf({}, { database: "elsewhere.db" }).context)).rejects.toThrow(
      `in the data of ${world.name} there is no elsewhere.db. Correct \`controlPlane.database\``,
    );
  });

  it("is a check that passes on the running version itself: another one is refused before anything is stopped", async () => {
    const before = await inspectContainer(world.docker, world.name);
    const blind = checksOf({ kind: "build", field: "no_such_field", deadline: "2s" });
    const { context } = contextOf({ verification: blind });
    await expect(proveRunningVersion(context)).rejects.toThrow(
      "the running version does not pass what the new one will be judged by (build: the answer has no no_such_field: " +
        "which build answers is unknown). Correct what it says, or take the check out of `controlPlane.verification`.",
    );
    expect(await context.log.read()).toEqual([]);
    expect((await inspectContainer(world.docker, world.name))?.State.StartedAt).toBe(before?.State.StartedAt);
  });

  it("is a backup with the state of an instance, wherever that has its home, and never one without", async () => {
    const { context } = contextOf();
    await backedUp(["/not/there"]);
    await expect(readBaseline(context)).rejects.toThrow(
      /^backup 2 of .*: \d+ bytes, less than the 200 that a state takes\. Make a new backup of /,
    );
    await backedUp(["HOME"]);
    const found = await readBaseline(context);
    expect(found.controlPlane?.newestBackup).toMatchObject({
      id: 3,
      instance,
      configuration: "home/node/elsewhere/.openclaw/openclaw.json",
    });
    await expect(
      readBaseline(contextOf({}, { statePaths: { [instance]: "/home/node/.openclaw" } }).context),
    ).rejects.toThrow(
      /whole, but home\/node\/\.openclaw\/openclaw\.json is not among its \d+ entries\. Make a/,
    );
  });

  it("is on record by hashes alone, and missed when an old version comes up green without it", async () => {
    const { context } = contextOf();
    expect(await proveRunningVersion(context)).toContain("2 users, ");
    const [before] = (await context.log.read()).filter(({ kind }) => kind === "baseline");
    if (before?.kind !== "baseline") throw new Error("no baseline is on record");
    expect(before.controlPlane).toMatchObject({
      users: [
        { name: "admin", role: "admin" },
        { name: "member", role: "user" },
      ],
      secret: { keys: 1, decrypt: 1, broken: 0 },
    });
    expect(JSON.stringify(before)).not.toMatch(/UTC|\*\*\*\*|API key|gAAAA/);

    await world.run("1.5.0", environment);
    expect(await outcomeOf(before)).toMatchObject({
      outcome: "passed",
      detail: expect.stringMatching(
        /^1 instances as before, 3 backups as before, 2 users as before, 2 settings as before, 1 stored secrets decrypt .*; backup 3 of .* home\/node\/elsewhere/,
      ),
    });

    // What a way back by code alone does: healthy, connected, logged in, the same instances and backups.
    await world.run("1.4.2", environment);
    const [http, login] = await runChecks(
      contextOf().context,
      checksOf(
        { kind: "http", path: "/health", body: { status: "healthy", database: "connected" } },
        { kind: "login" },
      ),
    );
    expect([http?.outcome, login?.outcome]).toEqual(["passed", "passed"]);
    const lost = await outcomeOf(before);
    expect(lost).toMatchObject({ outcome: "failed" });
    expect(lost?.detail).toContain(
      "the setting brave_api_key is gone or empty, the setting timezone is gone or empty",
    );
    expect(lost?.detail).toContain("the secret brave_api_key is no longer what it was");
    await world.run("1.5.0", environment);
  });

  it("is a drill that shows users and lets the account in, and fails on an empty volume", async () => {
    const { context } = contextOf();
    const image = world.parts.images.controlPlane["1.5.0"];
    const drilled = (of: WorkloadContext) =>
      withRepository(of, "drill", async () => {
        const { snapshot } = await takeHotSnapshot(of, image);
        return drillSnapshot(of, snapshot, image);
      });
    expect(await drilled(context)).toMatchObject({ kind: "drill", users: 2 });

    const empty = contextOf({ state: { volume: `${world.name}-empty` } }).context;
    await expect(drilled(empty)).rejects.toThrow(
      /^snapshot \w{8} is no way back: there is no clawforce\.db\. Correct/,
    );

    const refused = contextOf({}, {}, "another one").context;
    await expect(drilled(refused)).rejects.toThrow(
      /^snapshot \w{8} is no way back: its copy starts, but The control plane at .* does not accept the password of admin\./,
    );
    const left = await dockerCommand(
      "ps",
      "--all",
      "--quiet",
      "--filter",
      `name=clawforce-drill-${world.name}`,
    );
    expect(left.trim()).toBe("");
  });
});
