import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../demo/free-port.ts";
import { checkLogin, checkNewestBackup, readBaseline } from "../../operations/control-plane/baseline.ts";
import {
  ApiRefusal,
  ControlPlaneClient,
  NotSetUp,
  UnknownOutcome,
} from "../../operations/control-plane/client.ts";
import type { DatabaseLook } from "../../operations/control-plane/database.ts";
import { judgeUnchanged } from "../../operations/control-plane/unchanged.ts";
import { NoAnswer } from "../../operations/docker/http.ts";
import { drainTasks } from "../../operations/drain.ts";
import { administrator, type StandIn, startReadyStandIn } from "../support/control-plane.ts";
import { fetchClient } from "../support/fetch-client.ts";

let folder: string;
let data: string;
let port: number;
let standIn: StandIn;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "control-plane-client-"));
  data = join(folder, "data");
  port = await freePort();
  standIn = await startReadyStandIn({ data, port });
  const archive = join(folder, "empty.tar.gz");
  writeFileSync(archive, gzipSync(Buffer.alloc(10_240)));
  const database = new DatabaseSync(join(data, "clawforce.db"));
  database.exec(
    `INSERT INTO instances (name, display_name, status, container_image, gateway_token, team_id, env, created_at, updated_at)
     VALUES ('bot-a', 'a', 'stopped', 'agent:1', 'a-token', 1, '{}', '', ''), ('bot-b', 'b', 'stopped', NULL, 'b', 1, '{}', '', '');
     INSERT INTO backups (instance_id, instance_name, status, file_path, paths, note, created_at)
     VALUES (1, 'bot-a', 'completed', '${archive}', '["HOME"]', '', ''), (1, 'bot-a', 'failed', '', '[]', '', '');`,
  );
  database.close();
});
afterAll(() => {
  standIn.child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

async function sessionOf({ url }: StandIn): Promise<string> {
  const answer = await fetch(`${url}/api/v1/auth/login`, {
    method: "POST",
    body: JSON.stringify(administrator),
  });
  return answer.headers.get("set-cookie")?.split(";")[0] ?? "";
}

async function restart(): Promise<void> {
  standIn.child.kill("SIGTERM");
  await standIn.ended;
  standIn = await startReadyStandIn({ data, port });
}

function client(account = administrator, deadline = 5): ControlPlaneClient {
  return new ControlPlaneClient(fetchClient(standIn.url), account, { deadline });
}

describe("the client", () => {
  test("keeps what it needs of an instance, and never the gateway's token", async () => {
    expect(await client().instanceNamed("bot-a")).toEqual({
      id: 1,
      name: "bot-a",
      status: "stopped",
      status_message: "",
      container_image: "agent:1",
      live_image_info: null,
    });
  });

  test("names the instances that there are when the wanted one is not", async () => {
    await expect(client().instanceNamed("bot-c")).rejects.toThrow(
      `The control plane at ${standIn.url} has no instance bot-c (it has: bot-a, bot-b). Correct \`instances\`.`,
    );
  });

  test("says that the account is no admin, where that is why an instance is not seen", async () => {
    const member = { username: "member", password: "of no team" };
    const cookie = await sessionOf(standIn);
    await fetch(`${standIn.url}/api/v1/users`, {
      method: "POST",
      headers: { cookie },
      body: JSON.stringify(member),
    });
    await expect(client(member).instanceNamed("bot-a")).rejects.toThrow(
      `The control plane at ${standIn.url} shows no instance bot-a to the account member, which is no admin. ` +
        "Make it an admin, or name another one under `controlPlane.account`.",
    );
    expect(await checkLogin(client(member), "member")).toMatchObject({
      passed: false,
      detail: expect.stringContaining("the account member has the role user"),
    });
    const database = new DatabaseSync(join(data, "clawforce.db"));
    database.exec("DELETE FROM users WHERE username = 'member'");
    database.close();
  });

  test("logs in again, once, when a restart has ended its session", async () => {
    const one = client();
    await one.instances();
    await restart();
    expect(await one.me()).toEqual({ username: "admin", role: "admin" });
  });

  test("says which secret to set when the password is wrong", async () => {
    const refused = client({ username: "admin", password: "a wrong one" }).instances();
    await expect(refused).rejects.toThrow(
      `The control plane at ${standIn.url} does not accept the password of admin. Correct ` +
        "`clawforce:controlPlane.account` or set the secret again: `pulumi config set --secret clawforce:controlPlanePassword`.",
    );
  });

  test("says that nobody has set it up, where that is so, and not that the password is wrong", async () => {
    const fresh = join(folder, "fresh");
    const unset = await startReadyStandIn({ data: fresh, environment: { STAND_IN_ADMIN_PASSWORD: "" } });
    const login = new ControlPlaneClient(fetchClient(unset.url), administrator).login();
    await expect(login).rejects.toBeInstanceOf(NotSetUp);
    await expect(login).rejects.toThrow(
      `Nobody has set up the control plane at ${unset.url} yet: it has no user. Set it up with the account admin and the ` +
        "password of the secret controlPlanePassword, in its page or with its own command in its container, then run " +
        "`pulumi up` again. Do not change its image or the secret for this.",
    );
    unset.child.kill("SIGKILL");
    await unset.ended;
  });

  test("repeats the control plane's own word of a refusal", async () => {
    const refused = client().instance(99);
    await expect(refused).rejects.toBeInstanceOf(ApiRefusal);
    await expect(refused).rejects.toThrow(
      "GET /api/v1/instances/99 of the control plane was refused with HTTP 404: Instance not found.",
    );
  });

  test("says that the outcome is unknown when no answer comes, and that nothing was done when nobody listens", async () => {
    mkdirSync(join(data, "switches"), { recursive: true });
    const unanswered = client(administrator, 1);
    writeFileSync(join(data, "switches", "hang"), "/api/v1/tasks");
    await expect(unanswered.activeTasks()).rejects.toBeInstanceOf(UnknownOutcome);
    await expect(unanswered.activeTasks()).rejects.toThrow(
      "GET /api/v1/tasks?only_active=true of the control plane came to no answer within 1 s (a longer time: " +
        "`clawforce:controlPlane.deadline`): whether it was done is unknown. Look at the state of the control plane",
    );
    rmSync(join(data, "switches"), { recursive: true });
    const free = await freePort();
    const nobody = new ControlPlaneClient(fetchClient(`http://127.0.0.1:${free}`), administrator);
    await expect(nobody.health()).rejects.toThrow(
      /^The control plane at http:\/\/127\.0\.0\.1:\d+ does not answer \(.+\)\. Start it, or correct where it is\.$/,
    );
  });

  test("asks again for what only reads when no answer came in time, and never repeats what changes something", async () => {
    const asked: string[] = [];
    const late = new ControlPlaneClient(
      {
        target: "elsewhere",
        async send({ method, path }) {
          asked.push(`${method} ${path}`);
          if (path.endsWith("/login")) return { status: 200, cookies: ["session=a"], body: "{}" };
          if (asked.filter((each) => each === `${method} ${path}`).length === 1) {
            throw new NoAnswer("late", { unknown: true, late: true });
          }
          return { status: 200, cookies: [], body: "[]" };
        },
        download: async () => 200,
        close: async () => {},
      },
      administrator,
    );
    expect(await late.activeTasks()).toEqual([]);
    await expect(late.restart(1)).rejects.toThrow(
      "POST /api/v1/instances/1/restart of the control plane came to no answer within 60 s",
    );
    expect(asked).toEqual([
      "POST /api/v1/auth/login",
      "GET /api/v1/tasks?only_active=true",
      "GET /api/v1/tasks?only_active=true",
      "POST /api/v1/instances/1/restart",
    ]);
  });

  test("refuses an answer that is not the control plane's", async () => {
    const other = new ControlPlaneClient(
      {
        target: "elsewhere",
        send: async () => ({ status: 200, cookies: [], body: '{"ok":true,"status":"live"}' }),
        download: async () => 200,
        close: async () => {},
      },
      administrator,
    );
    await expect(other.health()).rejects.toThrow(
      /^GET \/health of the control plane answered HTTP 200 with something else than expected \(database: .*\)\. Is elsewhere the control plane, in a version that this program knows\?$/,
    );
  });

  test("downloads a backup whole, readable by its owner alone, and leaves nothing of one that is refused", async () => {
    const target = join(folder, "downloads");
    mkdirSync(target);
    const file = join(target, "one.tar.gz");
    await client().downloadBackup(1, file);
    expect(readFileSync(file)).toEqual(readFileSync(join(folder, "empty.tar.gz")));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await expect(client().downloadBackup(2, join(target, "two.tar.gz"))).rejects.toThrow(
      "GET /api/v1/backups/2/download of the control plane was refused with HTTP 400: Backup is not completed.",
    );
    expect(readdirSync(target)).toEqual(["one.tar.gz"]);
  });
});

/** What the script in the container of the snapshot tools finds, by another SQLite. */
async function look(): Promise<DatabaseLook> {
  const database = new DatabaseSync(join(data, "clawforce.db"), { readOnly: true });
  const values = (sql: string) =>
    database
      .prepare(sql)
      .all()
      .map(({ value }) => String(value));
  const keys = values("SELECT value FROM settings WHERE key = 'fernet_key'");
  const tokens = values("SELECT value FROM settings WHERE value GLOB 'gAAAAA*'");
  database.close();
  return { found: "database", users: 1, keys, tokens };
}

describe("the baseline", () => {
  test("survives a restart of the control plane unchanged", async () => {
    const one = client();
    const before = await readBaseline(one);
    expect(before).toEqual({
      build: "stand-in-1.4.2",
      instances: [
        { name: "bot-a", status: "stopped" },
        { name: "bot-b", status: "stopped" },
      ],
      backups: 2,
      newestBackup: { id: 1, instance: "bot-a", paths: ["HOME"] },
    });
    await restart();
    expect(judgeUnchanged(before, await readBaseline(one)).passed).toBe(true);
  });

  test("has users, settings and secrets by hashes alone, and each is missed when it is gone", async () => {
    const one = client();
    await one.changeSettings({
      default_agent_image: "agent:1",
      timezone: "UTC",
      unset: "",
      brave_api_key: "a key of 20 letters",
    });
    const what = ["users", "settings", "secret"] as const;
    const before = await readBaseline(one, { what, database: look });
    expect(before).toMatchObject({
      users: [{ name: "admin", role: "admin" }],
      secret: { keys: 1, decrypt: 1, broken: 0 },
    });
    expect(Object.keys(before.settings ?? {})).toEqual(["brave_api_key", "default_agent_image", "timezone"]);
    expect(JSON.stringify(before)).not.toMatch(/agent:1|UTC|letters|ters/);
    await one.changeSettings({ default_agent_image: "agent:2" });
    const { salt = "" } = before;
    expect(judgeUnchanged(before, await readBaseline(one, { what, salt, database: look }), what)).toEqual({
      passed: true,
      detail: "1 users as before, 2 settings as before, 1 stored secrets decrypt with the key of before",
    });

    const database = new DatabaseSync(join(data, "clawforce.db"));
    database.exec(
      "UPDATE settings SET value = 'CET' WHERE key = 'timezone'; DELETE FROM settings WHERE key = 'fernet_key'",
    );
    database.close();
    expect(judgeUnchanged(before, await readBaseline(one, { what, salt, database: look }), what)).toEqual({
      passed: false,
      detail:
        "the setting brave_api_key is gone or empty, the setting timezone has another value, its secrets have another key than before",
    });
  });

  test("has a newest backup that is opened: one of nothing fails", async () => {
    const one = client();
    const baseline = await readBaseline(one);
    const backup = baseline.newestBackup ?? { id: 0, instance: "", paths: [] };
    const options = { backup, folder };
    expect(await checkNewestBackup(one, options)).toEqual({
      passed: false,
      detail: "backup 1 of bot-a: whole, but no openclaw.json is among its 0 entries: it holds no state",
    });
    expect(await checkNewestBackup(one, { ...options, statePath: "/home/node/.openclaw/" })).toEqual({
      passed: false,
      detail: "backup 1 of bot-a: whole, but home/node/.openclaw/openclaw.json is not among its 0 entries",
    });
    const state = join(folder, "root/home/claworc/.openclaw");
    mkdirSync(state, { recursive: true });
    writeFileSync(join(state, "openclaw.json"), randomBytes(300).toString("hex"));
    execFileSync("tar", ["czf", join(folder, "empty.tar.gz"), "-C", join(folder, "root"), "home"]);
    const configuration = "home/claworc/.openclaw/openclaw.json";
    expect(await checkNewestBackup(one, options)).toEqual({
      passed: true,
      detail: expect.stringMatching(
        /^backup 1 of bot-a: 4 entries, .*, home\/claworc\/\.openclaw\/openclaw\.json$/,
      ),
      configuration,
    });
    const again = { ...options, backup: { ...backup, configuration } };
    expect(await checkNewestBackup(one, again)).toMatchObject({ passed: true, configuration });
    const elsewhere = {
      ...options,
      backup: { ...backup, configuration: "home/node/.openclaw/openclaw.json" },
    };
    expect(await checkNewestBackup(one, elsewhere)).toEqual({
      passed: false,
      detail: "backup 1 of bot-a: whole, but home/node/.openclaw/openclaw.json is not among its 4 entries",
    });
    writeFileSync(join(folder, "empty.tar.gz"), "damaged");
    expect(await checkNewestBackup(one, options)).toEqual({
      passed: false,
      detail: "backup 1 of bot-a: the archive is damaged: incorrect header check",
    });
    expect(readdirSync(folder)).not.toContain("backup-1.tar.gz");
  });

  test("has a login of its own each time, and no task under way", async () => {
    expect(await checkLogin(client({ ...administrator, password: "a wrong one" }), "admin")).toMatchObject({
      passed: false,
      detail: expect.stringContaining("does not accept the password of admin"),
    });
    expect(await checkLogin(client(), "admin")).toEqual({
      passed: true,
      detail: "logged in as admin, an admin",
    });
    expect(await client().activeTasks()).toEqual([]);
    expect(await drainTasks(client(), 1)).toMatchObject({ active: 0, cut: 0 });
  });
});
