import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judgeHttp } from "../../lifecycle/checks/kinds/http.ts";
import { checkLogin, checkNewestBackup, readBaseline } from "../../lifecycle/control-plane/baseline.ts";
import { setDefaultImage } from "../../lifecycle/control-plane/default-image.ts";
import { judgeUnchanged } from "../../lifecycle/control-plane/unchanged.ts";
import type { CheckResult } from "../../lifecycle/evidence/records.ts";
import { backupInstance } from "../../lifecycle/managed/backup.ts";
import type { ManagedContext } from "../../lifecycle/managed/context.ts";
import { gatewayTokenOf } from "../../lifecycle/managed/gateway-token.ts";
import { type MoveOptions, moveInstance, type PreparedMove } from "../../lifecycle/managed/move-instance.ts";
import { restoreInstance } from "../../lifecycle/managed/restore.ts";
import { prePull, type ReleaseOfInstance, rollInstance, setImage } from "../../lifecycle/managed/roll.ts";
import { drainTasks } from "../../lifecycle/update/drain.ts";
import type { ControlPlaneClient } from "../../platforms/clawforce/client.ts";
import { ClawforceInstance } from "../../platforms/clawforce/instance.ts";
import { execInContainer } from "../../platforms/docker/exec.ts";
import { DockerPlatform } from "../../platforms/docker/platform.ts";
import { ControlPlaneWorld } from "../support/control-plane.ts";
import { fillUp, mountSmall } from "../support/damage.ts";
import { dockerCommand } from "../support/docker-command.ts";

const statePath = "/home/node/.openclaw";

/** Each part of a move by itself, failures included. What `pulumi up` makes of them is in test/integration/control-plane.test.ts. */
describe("the parts of a move of instances that a running control plane manages", () => {
  let world: ControlPlaneWorld;
  let client: ControlPlaneClient;
  let fixture: Record<"1" | "2", string>;
  let [one, two] = ["", ""];

  beforeAll(async () => {
    world = await ControlPlaneWorld.create("1.4.1");
    fixture = world.parts.images.fixture;
    client = await world.client();
    await world.ask("PUT /settings", { default_agent_image: fixture[1] });
    one = await world.createInstance("one", {
      container_image: fixture[1],
      env_vars_set: { OF_THE_USER: "kept" },
    });
    two = await world.createInstance("two");
    await world.gateway(one, "/messages", { text: "before the update" });
  });
  afterAll(() => world?.destroy());

  const context = (instance: string): ManagedContext => {
    const platform = new DockerPlatform({ host: world.parts.dockerHost });
    return {
      instance: new ClawforceInstance(instance, client, platform, world.docker),
      progress: () => {},
    };
  };

  const database = () => ({
    controlPlane: world.name,
    data: { volume: world.volume },
    file: "clawforce.db",
    tools: world.parts.images.tools,
  });

  /** The first fixture as what an instance ran before. */
  const firstRelease = async (instance: string): Promise<ReleaseOfInstance> => ({
    row: fixture[1],
    wanted: await prePull(context(instance), fixture[1]),
    setImage: { way: "auto", database: database() },
  });

  function moving(instance: string, image: string, change: Partial<MoveOptions> = {}): MoveOptions {
    return {
      image,
      backup: { statePath, folder: world.folder },
      setImage: { way: "auto", database: database() },
      tools: world.parts.images.tools,
      deadline: 30,
      verify: async () => [await ready(instance)],
      ...change,
    };
  }

  /** The check inside the container, without retries: the container is healthy by then. */
  async function ready(instance: string): Promise<CheckResult> {
    const script =
      "fetch('http://127.0.0.1:18789/readyz').then(async (r) => console.log(r.status + await r.text()))";
    const { stdout } = await execInContainer(world.docker, instance, ["node", "-e", script], {
      deadline: 10,
    });
    const answer = { status: Number(stdout.slice(0, 3)), body: stdout.slice(3) };
    const attempt = judgeHttp({ status: 200, body: { ready: true } }, answer);
    const outcome = attempt.passed ? "passed" : "failed";
    return { name: "ready", severity: "critical", outcome, detail: attempt.detail, seconds: 0, attempts: 1 };
  }

  const inspected = (format: string, name: string) =>
    dockerCommand("inspect", "--format", format, name).then((text) => text.trim());
  const imageOf = (instance: string) => inspected("{{.Config.Image}}", instance);
  const identity = (instance: string) =>
    inspected("{{.Id}} {{.State.StartedAt}} {{.RestartCount}}", instance);
  const messages = async (instance: string) =>
    ((await world.gateway(instance, "/messages")) as { text: string }[]).map(({ text }) => text);
  const rowOf = async (name: string) => {
    const { body } = await world.ask("GET /instances");
    return (body as { name: string; container_image: string | null }[]).find((row) => row.name === name);
  };

  it("are backed up while they serve, and a backup of nothing is refused although it says completed", async () => {
    const before = await identity(one);
    const backup = await backupInstance(context(one), { statePath, folder: world.folder });
    expect(backup).toMatchObject({ kind: "managed-backup", instance: one, image: fixture[1] });
    expect((await stat(backup.file)).mode & 0o777).toBe(0o600);
    const listed = await dockerCommand(
      "exec",
      world.name,
      "sh",
      "-c",
      `ls ${join("/app/data/backups", one)}`,
    );
    expect(listed.trim().split("\n")).toHaveLength(1);

    const nothing = backupInstance(context(one), { statePath, folder: world.folder, paths: ["/not/there"] });
    await expect(nothing).rejects.toThrow(
      "is completed, but of no use: whole, but home/node/.openclaw/openclaw.json is not among its 0 entries.",
    );
    expect(await readdir(world.folder)).toEqual([`${one}-1.tar.gz`]);
    expect(await identity(one)).toBe(before);
  });

  it("move to an image in the database when the API ignores it, and a second time nothing happens", async () => {
    const untouched = await identity(two);
    const refused = setImage(context(one), fixture[2], { way: "api" });
    await expect(refused).rejects.toThrow(
      `the control plane's API takes no image for ${one}: it answered, and kept`,
    );
    const blind = moveInstance(context(one), moving(one, fixture[2], { setImage: { way: "auto" } }));
    await expect(blind).rejects.toThrow("its database is not on this Docker host");
    expect(await imageOf(one)).toBe(fixture[1]);

    const token = gatewayTokenOf(
      (await world.docker.getContainer(one).inspect()).Config.Env,
      "OPENCLAW_GATEWAY_TOKEN",
    );
    const moved = await moveInstance(context(one), moving(one, fixture[2]));
    expect(moved).toMatchObject({ outcome: "moved", from: fixture[1] });
    expect(await imageOf(one)).toBe(fixture[2]);
    expect((await rowOf(one))?.container_image).toBe(fixture[2]);
    expect(await inspected("{{.Config.Env}}", one)).toContain("OF_THE_USER=kept");
    expect(token).toMatch(/^[0-9a-f]{48}$/);
    expect(
      gatewayTokenOf((await world.docker.getContainer(one).inspect()).Config.Env, "OPENCLAW_GATEWAY_TOKEN"),
    ).toBe(token);
    expect(await messages(one)).toEqual(["before the update"]);

    const settled = await identity(one);
    const again = await moveInstance(context(one), moving(one, fixture[2]));
    expect(again).toEqual({ outcome: "unchanged", from: fixture[2] });
    expect(await identity(one)).toBe(settled);
    expect(await identity(two)).toBe(untouched);
    const { body } = await world.ask("GET /tasks?type=instance.image_update");
    expect(body).toEqual([]);
  });

  it("go back with the state of their backup, wiped first, after a copy of what is there", async () => {
    await world.gateway(one, "/messages", { text: "after the update" });
    await dockerCommand("exec", one, "touch", `${statePath}/newer-file`);
    const backup = (await readdir(world.folder)).find(
      (file) => file.startsWith(`${one}-`) && !file.includes("-1.tar"),
    );
    const file = join(world.folder, backup ?? "");
    const sha256 = (await localCommand("sha256sum", file)).slice(0, 64);
    const release = await firstRelease(one);
    const { tools } = world.parts.images;
    const options = { file, statePath, tools, folder: world.folder, deadline: 30, release };
    const running = await identity(one);
    const other = "0".repeat(64);
    await expect(restoreInstance(context(one), { ...options, sha256: other })).rejects.toThrow(
      `${file} can't be restored: it has sha256 ${sha256}, not ${other} as when it was made. Nothing was stopped.`,
    );
    const damaged = join(world.folder, "damaged.tar.gz");
    await writeFile(damaged, (await readFile(file)).subarray(0, -100));
    await expect(restoreInstance(context(one), { ...options, file: damaged, sha256 })).rejects.toThrow(
      `${damaged} can't be restored: the archive is damaged: unexpected end of file. Nothing was stopped.`,
    );
    expect(await identity(one)).toBe(running);

    const restored = await restoreInstance(context(one), { ...options, sha256 });
    expect(await imageOf(one)).toBe(fixture[1]);
    expect(await messages(one)).toEqual(["before the update"]);
    expect(await dockerCommand("exec", one, "ls", "-A", statePath)).not.toContain("newer-file");
    const kept = await localCommand("tar", "tzf", restored.preRestore.file);
    expect(kept).toContain("home/node/.openclaw/newer-file");

    const twice = await restoreInstance(context(one), { ...options, sha256 });
    expect(twice.preRestore.bytes).toBeGreaterThan(200);
    expect(await messages(one)).toEqual(["before the update"]);
  });

  it("are not stopped for a restore for which there is no room, on their volume or for the copy of what is there", async () => {
    const name = one.replace(/one$/, "small");
    const [disk, folder] = [join(world.folder, "disk"), join(world.folder, "copies")];
    await mkdir(disk);
    await mkdir(folder);
    const unmount = [await mountSmall(disk, 16), await mountSmall(folder, 4)];
    try {
      // Beside the state, so that what fills the disk is none of it: that would be wiped with it.
      await mkdir(join(disk, "state"));
      const bound = ["--opt", "type=none", "--opt", "o=bind", "--opt", `device=${join(disk, "state")}`];
      await dockerCommand("volume", "create", ...bound, `${world.name}-${name}-home`);
      expect(await world.createInstance("small", { container_image: fixture[1] })).toBe(name);
      const inState = (script: string) =>
        dockerCommand("exec", name, "bash", "-c", `cd ${statePath} && ${script}`);
      await inState("head -c 6M /dev/urandom >memory");
      const { file, sha256 } = await backupInstance(context(name), { statePath, folder: world.folder });
      const options = {
        file,
        sha256,
        statePath,
        tools: world.parts.images.tools,
        folder: world.folder,
        deadline: 30,
        release: await firstRelease(name),
      };
      const before = await identity(name);

      await inState("rm memory && truncate -s 0 there");
      const repair = await fillUp(disk);
      await expect(restoreInstance(context(name), options)).rejects.toThrow(
        new RegExp(
          `the state of ${name} can't be set back, and nothing was stopped: 0 MB are free on the volume of ${name} at ${statePath}, \\d+ MB are needed`,
        ),
      );
      await repair();
      await inState("head -c 6M /dev/urandom >there");
      await expect(restoreInstance(context(name), { ...options, folder })).rejects.toThrow(
        new RegExp(`nothing was stopped: 4 MB are free in ${folder} on this machine, \\d+ MB are needed`),
      );
      expect(await identity(name)).toBe(before);
      expect(await readdir(folder)).toEqual([]);

      await restoreInstance(context(name), options);
      expect((await inState("ls")).split("\n")).toContain("memory");
      expect((await inState("ls")).split("\n")).not.toContain("there");
      // The tests that follow know two.
      const { id } = await client.instanceNamed(name);
      expect((await world.ask(`DELETE /instances/${id}`)).status).toBeLessThan(300);
    } finally {
      for (const each of unmount) await each();
    }
  });

  it("go back by themselves from an image that does not start, and follow the default image as before", async () => {
    await world.gateway(two, "/messages", { text: "kept" });
    await world.setSwitch(two, "refuse-start", "only 2");
    const result = await moveInstance(context(two), moving(two, fixture[2]));
    expect(result).toMatchObject({ outcome: "went back", from: fixture[1] });
    expect(result.reason).toContain(`${two} does not serve ${fixture[2]}`);
    expect(result.restore).toBeUndefined();
    expect(await imageOf(two)).toBe(fixture[1]);
    expect((await rowOf(two))?.container_image).toBeNull();
    expect(await messages(two)).toEqual(["kept"]);
  });

  it("go back with their state when the failed image has moved it, in a run that resumes a killed one", async () => {
    await world.setSwitch(two, "refuse-start", "only 3");
    await world.setSwitch(two, "not-ready", "only 2");
    let prepared: PreparedMove | undefined;
    const kept = async (given: PreparedMove) => {
      prepared = given;
      throw new Error("killed");
    };
    const killed = moveInstance(context(two), moving(two, fixture[2], { onPrepared: kept }));
    await expect(killed).rejects.toThrow("killed");
    expect(await imageOf(two)).toBe(fixture[1]);
    await setImage(context(two), fixture[2], { way: "auto", database: database() });
    await rollInstance(context(two), { wanted: await prePull(context(two), fixture[2]), deadline: 30 });

    const resume = JSON.parse(JSON.stringify(prepared)) as PreparedMove;
    const result = await moveInstance(context(two), moving(two, fixture[2], { resume }));
    const { sha256 } = resume.backup;
    expect(result).toMatchObject({ outcome: "went back", from: fixture[1], backup: { sha256 } });
    expect(result.reason).toMatch(/^the verification failed: ready: HTTP 503 instead of 200/);
    expect(result.restore?.preRestore.bytes).toBeGreaterThan(200);
    expect(await imageOf(two)).toBe(fixture[1]);
    expect((await rowOf(two))?.container_image).toBeNull();
    expect(await messages(two)).toEqual(["kept"]);
  });

  it("are set by the API where it takes an image, after a new control plane that left them alone", async () => {
    const before = await readBaseline(client);
    const untouched = await identity(one);
    expect(await drainTasks(client, 5)).toMatchObject({ cut: 0 });
    await world.run("1.5.0", { STAND_IN_IMAGE_API: "1" });
    client = await world.client();
    expect(await client.health()).toMatchObject({
      status: "healthy",
      database: "connected",
      orchestrator: "connected",
    });
    expect(await checkLogin(client, "admin")).toMatchObject({ passed: true });
    const now = await readBaseline(client);
    expect(judgeUnchanged(before, now)).toMatchObject({
      passed: true,
      detail: expect.stringContaining("2 instances"),
    });
    expect([before.build, now.build]).toEqual(["stand-in-1.4.1", "stand-in-1.5.0"]);
    expect(
      before.newestBackup &&
        (await checkNewestBackup(client, { backup: before.newestBackup, folder: world.folder })),
    ).toMatchObject({
      passed: true,
      configuration: "home/node/.openclaw/openclaw.json",
    });
    expect(await identity(one)).toBe(untouched);

    expect(await context(one).instance.setImage(fixture[2], { way: "auto" })).toBe("api");
    expect(await moveInstance(context(one), moving(one, fixture[2]))).toMatchObject({ outcome: "moved" });
    expect(await imageOf(one)).toBe(fixture[2]);
  });

  it("made by a tag are set to the same image by its digest, and keep their container", async () => {
    const [tag = ""] = fixture[1].split("@");
    const tagged = await world.createInstance("tagged", { container_image: tag });
    const before = await identity(tagged);
    expect(await moveInstance(context(tagged), moving(tagged, fixture[1]))).toMatchObject({
      outcome: "moved",
    });
    expect(await identity(tagged)).toBe(before);
    expect((await rowOf(tagged))?.container_image).toBe(fixture[1]);
    expect(await moveInstance(context(tagged), moving(tagged, fixture[1]))).toMatchObject({
      outcome: "unchanged",
    });
  });

  it("get the default image when they are made, and a reverted default is the one of before", async () => {
    expect(await setDefaultImage(client, fixture[2])).toEqual({ from: fixture[1], changed: true });
    expect(await setDefaultImage(client, fixture[2])).toEqual({ from: fixture[2], changed: false });
    const three = await world.createInstance("three");
    expect(await imageOf(three)).toBe(fixture[2]);
    const both = ["default_agent_image", "default_container_image"];
    expect(await setDefaultImage(client, fixture[1], both)).toEqual({ from: fixture[2], changed: true });
    const { body } = await world.ask("GET /settings");
    expect(body).toEqual(Object.fromEntries(both.map((key) => [key, fixture[1]])));
    await setDefaultImage(client, null, ["default_container_image"]);
    await expect(prePull(context(three), fixture[1].split("@")[0] ?? "")).rejects.toThrow("has no digest");
  });

  it("show why the control plane's own update and restore are not used", async () => {
    const { id } = await client.instanceNamed(one);
    expect(await world.ask(`POST /instances/${id}/update-image`)).toEqual({
      status: 400,
      body: { detail: "Cannot update a digest-pinned image; use a tag-based image instead" },
    });
    await world.ask(`PUT /instances/${id}`, { container_image: "127.0.0.1:1/not:there" });
    expect((await world.ask(`POST /instances/${id}/update-image`)).status).toBe(202);
    await drainTasks(client, 20);
    const { body } = await world.ask("GET /tasks?type=instance.image_update");
    expect(body).toMatchObject([{ state: "succeeded" }]);
    expect((await world.ask(`GET /instances/${id}`)).body).toMatchObject({ status: "running" });
    expect(await imageOf(one)).toBe(fixture[2]);
    expect(await world.ask("POST /backups/1/restore", { instance_id: id })).toMatchObject({ status: 202 });
    expect(await imageOf(one)).toBe(fixture[2]);
    const log = await dockerCommand("logs", world.name);
    expect(log).toContain("[stand-in] restore backup 1 failed: context canceled");
  });
});

/** What a program of this machine prints. */
async function localCommand(program: string, ...argv: string[]): Promise<string> {
  return (await promisify(execFile)(program, argv)).stdout;
}
