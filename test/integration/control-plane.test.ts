import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askStandIn } from "../support/control-plane.ts";
import { dockerCommand } from "../support/docker-command.ts";
import { partsOfThisRun, until, World } from "../support/world.ts";
import { controlPlaneSettings, networkOf } from "../support/world-settings.ts";

describe("the control plane, and the instances that it manages", () => {
  let world: World;
  let plane: string;
  let [canary, other] = ["", ""];
  const wanted = { image: "", window: "control-plane", gap: "12h", candidate: "", wave: 0, group: false };

  beforeAll(async () => {
    const { controlPlane, fixture } = (await partsOfThisRun()).images;
    wanted.image = controlPlane["1.4.1"];
    world = await World.create(
      { stable: fixture[1] },
      {
        instances: 0,
        settings: settingsOf,
        snapshots: { drill: { deadline: "5m", memory: "100 MB" } },
      },
    );
    plane = `${world.stack}-1`;
    [canary, other] = [`bot-${world.stack}-canary`, `bot-${world.stack}-other`];
  });
  afterAll(() => world?.destroy());

  function settingsOf({ stack, parts, images }: World): Record<string, unknown> {
    const [name, network] = [`${stack}-1`, networkOf(stack)];
    return {
      rehearsal: {},
      window: wanted.window,
      maintenance: { gapBetweenTracks: wanted.gap },
      agentImages: {
        agent: {
          stable: images.stable,
          ...(wanted.candidate && { candidate: wanted.candidate }),
        },
      },
      controlPlane: {
        ...controlPlaneSettings(name, { stack, dockerHost: parts.dockerHost }),
        image: wanted.image,
        defaultAgentImage: "agent",
      },
      ...(wanted.group && {
        instanceGroups: {
          [`${stack}-group`]: {
            agentImage: "agent",
            managed: true,
            instances: [`bot-${stack}-canary`, `bot-${stack}-other`],
            waves: [1, "100%"],
            wave: wanted.wave,
            container: { network, health: { wait: "30s" } },
            gate: [{ kind: "http", path: "/healthz", body: { ok: true, status: "live" }, deadline: "5s" }],
            verification: [
              { kind: "version", argv: ["fixture", "--version"] },
              { kind: "http", path: "/readyz", body: { ready: true }, deadline: "5s" },
            ],
          },
        },
      }),
    };
  }

  function configured(change: Partial<typeof wanted>): Promise<void> {
    Object.assign(wanted, change);
    return world.configure();
  }

  async function ask(call: string, body?: unknown): Promise<unknown> {
    const account = { username: "admin", password: world.secrets.controlPlanePassword };
    return (await askStandIn(plane, account, call, body)).body;
  }

  /** Read from the database itself, by the SQLite of another program. */
  async function stored(sql: string): Promise<unknown[]> {
    const script = `
      import { DatabaseSync } from "node:sqlite";
      const database = new DatabaseSync("/app/data/clawforce.db", { readOnly: true });
      console.log(JSON.stringify(database.prepare(process.argv[1]).all()));`;
    const argv = ["exec", plane, "node", "--input-type=module", "-e", script, sql];
    return JSON.parse(await dockerCommand(...argv)) as unknown[];
  }

  async function created(name: string): Promise<void> {
    const display = name.replace(/^bot-/, "");
    const { id } = (await ask("POST /instances", { display_name: display, team_id: 1 })) as { id: number };
    await until(
      `${name} runs`,
      async () => ((await ask(`GET /instances/${id}`)) as { status: string }).status === "running",
      180,
    );
  }

  async function backedUp(): Promise<void> {
    const [first] = (await ask("GET /instances")) as { id: number }[];
    const { id } = (await ask(`POST /instances/${first?.id}/backups`, { paths: ["HOME"], note: "" })) as {
      id: number;
    };
    await until(
      "the backup is there",
      async () => ((await ask(`GET /backups/${id}`)) as { status: string }).status === "completed",
      180,
    );
  }

  it("starts for the first time, and sets the image for new instances", async () => {
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
    expect((await world.inspect(plane)).Config.Image).toBe(wanted.image);
    expect(await ask("GET /settings")).toMatchObject({ default_agent_image: world.images.stable });
    await created(canary);
    await created(other);
    await backedUp();
  });

  it("is not updated while a task is active: it would take that for failed when it starts", async () => {
    const before = await world.identity(plane);
    // Its restart lasts as long as it may take to end.
    await world.setSwitch(other, "ignore-sigterm");
    const instances = (await ask("GET /instances")) as { id: number; name: string }[];
    const id = instances.find(({ name }) => name === other)?.id;
    await configured({ image: world.parts.images.controlPlane["1.4.2"] });
    const update = await world.startUpTo(plane, "preflight");
    await ask(`POST /instances/${id}/restart`, {});
    await world.release(plane, "preflight");
    const { code, output } = await update.ended;
    expect(code, output).not.toBe(0);
    expect(output).toContain(
      `${plane}: preflight failed: tasks are active in the control plane: instance.restart`,
    );
    expect(await world.identity(plane)).toEqual(before);
    await until(
      `${other} runs again`,
      async () => ((await ask(`GET /instances/${id}`)) as { status: string }).status === "running",
      180,
    );
    await world.removeSwitch(other, "ignore-sigterm");
  });

  it("is updated with a verified snapshot of data and backups, and leaves its instances as they were", async () => {
    const before = [await world.identity(canary), await world.identity(other)];
    await configured({ image: world.parts.images.controlPlane["1.4.2"] });
    const update = await world.up();
    expect(update.code, update.output).toBe(0);
    expect((await world.inspect(plane)).Config.Image).toBe(wanted.image);
    expect([await world.identity(canary), await world.identity(other)]).toEqual(before);
    const records = await world.records(plane);
    const verification = records.findLast(({ kind }) => kind === "verification");
    expect(verification).toMatchObject({
      outcome: "passed",
      checks: [
        { detail: "status=healthy database=connected orchestrator=connected" },
        { name: "build", detail: expect.stringMatching(/ -> /) },
        { name: "login", detail: "logged in as admin, an admin" },
        {
          name: "unchanged",
          detail: expect.stringMatching(
            /^2 instances as before, 1 backups as before, 1 users as before, .*; backup 1 of .*sha256/,
          ),
        },
      ],
    });
    expect(records.filter(({ kind }) => kind === "baseline")).toHaveLength(1);
    const cold = records.find((record) => record.kind === "snapshot" && record.role === "cold");
    const archives = Number(
      await dockerCommand("exec", plane, "sh", "-c", "find /app/backups -type f | wc -l"),
    );
    expect(archives).toBe(1);
    expect(cold).toMatchObject({ markers: { databases: { "clawforce.db": expect.anything() } } });
  });

  it("goes back across a migration with its users, settings and keys, although the old version would be green without them", async () => {
    const secret = "an API key of the tests";
    await ask("PUT /settings", { brave_api_key: secret, set_before: "kept" });
    await ask("POST /users", { username: "member", password: "of no team", role: "user" });
    const before = await stored("SELECT key, value FROM settings ORDER BY key");
    expect(before).toContainEqual({ key: "fernet_key", value: expect.stringMatching(/^[\w-]{43}=$/) });
    expect(await stored("PRAGMA user_version")).toEqual([{ user_version: 0 }]);

    await configured({ image: world.parts.images.controlPlane["1.5.0"] });
    const update = await world.up();
    expect(update.code, update.output).toBe(0);
    expect(await stored("PRAGMA user_version")).toEqual([{ user_version: 0 }]);
    expect(await ask("GET /settings")).toMatchObject({ brave_api_key: "****ests", set_before: "kept" });
    // The old version comes up on what the new one leaves, as an empty one: that proves no way back.
    const rehearsal = (await world.records(plane)).findLast(({ kind }) => kind === "rehearsal");
    expect(rehearsal).toMatchObject({
      outcome: "passed",
      wayBack: { proved: false, why: expect.stringContaining("may not find what it had: clawforce.db") },
    });
    await ask("PUT /settings", { since_the_update: "lost by going back" });

    await configured({ image: world.parts.images.controlPlane["1.4.2"], window: "none" });
    const preview = await world.preview();
    expect(preview.output).toMatch(
      /back control-plane-stand-in:1\.5\.0@\w+ -> control-plane-stand-in:1\.4\.2@\w+, with its state: snapshot \w{8} .* is restored .*clawforce\.db/,
    );
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect(await stored("SELECT key, value FROM settings ORDER BY key")).toEqual(before);
    expect(await ask("GET /settings")).toMatchObject({ brave_api_key: "****ests", set_before: "kept" });
    expect(await ask("GET /settings")).not.toHaveProperty("since_the_update");
    expect(await ask("GET /users")).toMatchObject([{ username: "admin" }, { username: "member" }]);
    expect((await ask("GET /instances")) as unknown[]).toHaveLength(2);
    expect(await ask("GET /backups")).toMatchObject({ total: 1 });
  });

  it("does not change in the fleet's window, and the fleet not soon after it: nothing is touched", async () => {
    const before = await world.identity(plane);
    await configured({ image: world.parts.images.controlPlane["1.5.0"], window: "runtime" });
    const refused = await world.preview();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain("This update does not fit into its window; nothing was touched.");
    expect(refused.output).toContain(`${plane} would be updated to control-plane-stand-in:1.5.0@`);
    await configured({
      image: world.parts.images.controlPlane["1.4.2"],
      group: true,
      candidate: world.parts.images.fixture[2],
    });
    const soon = await world.up();
    expect(soon.code).not.toBe(0);
    expect(soon.output).toMatch(
      /the fleet would be updated, but the control plane changed .* ago \(t\w+-1, .*gapBetweenTracks is 12h\. Wait until/,
    );
    expect(await world.identity(plane)).toEqual(before);
  });

  it("brings its instances over one after the other, each after a backup that was opened", async () => {
    await configured({ candidate: "", gap: "1s" });
    const adopted = await world.up();
    expect(adopted.code, adopted.output).toBe(0);
    const untouched = await world.identity(other);

    await configured({ candidate: world.parts.images.fixture[2] });
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
    expect((await world.inspect(canary)).Config.Image).toBe(world.parts.images.fixture[2]);
    expect(await world.identity(other)).toEqual(untouched);
    expect(await ask("GET /settings")).toMatchObject({ default_agent_image: world.images.stable });

    await configured({ wave: 1 });
    const second = await world.up();
    expect(second.code, second.output).toBe(0);
    expect((await world.inspect(other)).Config.Image).toBe(world.parts.images.fixture[2]);
    expect(await ask("GET /settings")).toMatchObject({ default_agent_image: world.parts.images.fixture[2] });
    expect((await world.records(canary)).map(({ kind }) => kind)).toContain("baseline");
    const again = await world.up();
    expect(again.output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
  });

  it("takes them back with their state, which the new version has moved", async () => {
    await configured({ candidate: "", wave: 0 });
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    for (const name of [canary, other]) {
      expect((await world.inspect(name)).Config.Image).toBe(world.images.stable);
      expect(await world.ask(name, "/readyz")).toMatchObject({ status: 200 });
      expect((await world.records(name)).at(-2)).toMatchObject({ kind: "gate", outcome: "passed" });
    }
    expect(await ask("GET /settings")).toMatchObject({ default_agent_image: world.images.stable });
  });

  it("gets a new password in both places: in the stack alone it stops nothing", async () => {
    const next = "the-next-password-of-tests";
    const before = await world.identity(plane);
    await configured({ window: "control-plane", gap: "1s" });
    const argv = ["config", "set", "--secret", "clawforce:controlPlanePassword", next];
    expect((await world.pulumi([...argv, ...world.stackFlags()])).code).toBe(0);
    const alone = await world.up();
    expect(alone.code, alone.output).not.toBe(0);
    expect(alone.output).toContain(`${plane}: preflight failed`);
    expect(alone.output).not.toContain(next);
    expect(await world.identity(plane)).toEqual(before);

    await setPassword(next);
    const both = await world.up();
    expect(both.code, both.output).toBe(0);
    expect(both.output).not.toContain(next);
    expect((await world.inspect(plane)).Config.Env).toContain(`STAND_IN_ADMIN_PASSWORD=${next}`);
    const after = await world.identity(plane);
    expect(after.id).not.toBe(before.id);
    expect(
      (await askStandIn(plane, { username: "admin", password: next }, "GET /instances")).body,
    ).toHaveLength(2);
    const again = await world.up();
    expect(again.output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
    expect(await world.identity(plane)).toEqual(after);
  });

  /** As its own command in its container does it. */
  async function setPassword(password: string): Promise<void> {
    const script = `
      import { randomBytes, scryptSync } from "node:crypto";
      import { DatabaseSync } from "node:sqlite";
      const salt = randomBytes(16).toString("hex");
      const hash = scryptSync(process.argv[1], salt, 32).toString("hex");
      new DatabaseSync("/app/data/clawforce.db")
        .prepare("UPDATE users SET password = ? WHERE username = 'admin'")
        .run(\`scrypt:\${salt}:\${hash}\`);`;
    await dockerCommand("exec", plane, "node", "--input-type=module", "-e", script, password);
  }
});
