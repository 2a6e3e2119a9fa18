import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  administrator,
  type StandIn,
  type StandInOptions,
  startReadyStandIn,
  startStandIn,
} from "../support/control-plane.ts";
import { scratchFolder } from "../support/scratch.ts";

let data: string;
let running: StandIn[];

beforeEach(() => {
  data = scratchFolder();
  running = [];
});
afterEach(() => {
  for (const { child } of running) child.kill("SIGKILL");
});

async function ready(options: Partial<StandInOptions> = {}): Promise<StandIn> {
  const standIn = await startReadyStandIn({ data, ...options });
  running.push(standIn);
  return standIn;
}

async function stop(standIn: StandIn): Promise<number | null> {
  standIn.child.kill("SIGTERM");
  return standIn.ended;
}

async function ask(standIn: StandIn, call: string, options: { body?: unknown; cookie?: string } = {}) {
  const [method = "", path = ""] = call.split(" ");
  const answer = await fetch(standIn.url + path, {
    method,
    ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
    headers: options.cookie === undefined ? {} : { cookie: options.cookie },
  });
  return { status: answer.status, body: await answer.json(), cookie: answer.headers.get("set-cookie") };
}

async function logIn(standIn: StandIn): Promise<string> {
  const { cookie } = await ask(standIn, "POST /api/v1/auth/login", { body: administrator });
  return cookie?.split(";")[0] ?? "";
}

/** With another client than the stand-in's own. */
function rows(sql: string): unknown[] {
  const database = new DatabaseSync(join(data, "clawforce.db"), { readOnly: true });
  const found = database.prepare(sql).all();
  database.close();
  return found;
}

const applied = "SELECT max(version_id) AS version FROM goose_db_version WHERE is_applied = 1";

test("says that it is a stand-in, and tells a sick system by the body alone", async () => {
  const standIn = await ready();
  expect(standIn.printed()).toContain("[stand-in] the stand-in of the control plane 1.4.2 listens");
  expect(await ask(standIn, "GET /health")).toMatchObject({
    status: 200,
    body: {
      stand_in: true,
      status: "unhealthy",
      database: "connected",
      orchestrator: "disconnected",
      orchestrator_backend: "none",
      uptime: expect.stringMatching(/^\d+s$/),
      build_date: "stand-in-1.4.2",
    },
  });
});

test("answers nothing without a session, and every restart ends all sessions", async () => {
  const first = await ready();
  const refused = { status: 401, body: { detail: "Authentication required" } };
  for (const path of ["auth/me", "instances", "backups", "settings", "tasks"]) {
    expect(await ask(first, `GET /api/v1/${path}`)).toMatchObject(refused);
  }
  const wrong = { body: { ...administrator, password: "wrong" } };
  expect(await ask(first, "POST /api/v1/auth/login", wrong)).toMatchObject({
    status: 401,
    body: { detail: "Invalid credentials" },
  });
  const cookie = await logIn(first);
  expect(await ask(first, "GET /api/v1/auth/me", { cookie })).toMatchObject({
    status: 200,
    body: { id: 1, username: "admin", role: "admin", teams: [] },
  });
  expect(await stop(first)).toBe(0);
  const second = await ready();
  expect(await ask(second, "GET /api/v1/auth/me", { cookie })).toMatchObject(refused);
  const again = await logIn(second);
  expect((await ask(second, "GET /api/v1/auth/me", { cookie: again })).status).toBe(200);
});

test("is set up once: by its environment at the first start, or by a call", async () => {
  const standIn = await ready();
  expect((await ask(standIn, "GET /api/v1/auth/setup-required")).body).toEqual({ setup_required: false });
  const again = await ask(standIn, "POST /api/v1/auth/setup", { body: administrator });
  expect(again).toMatchObject({ status: 409 });
  const database = new DatabaseSync(join(data, "clawforce.db"), { readOnly: true });
  expect(database.prepare("SELECT password FROM users").get()).toEqual({
    password: expect.stringMatching(/^scrypt:[0-9a-f]{32}:[0-9a-f]{64}$/),
  });
  database.close();
});

test("keeps settings over restarts, unknown keys too", async () => {
  const first = await ready();
  const cookie = await logIn(first);
  const wanted = { default_agent_image: "agent:1", nobody_reads: "this" };
  expect((await ask(first, "PUT /api/v1/settings", { cookie, body: wanted })).body).toEqual(wanted);
  await stop(first);
  const second = await ready({ version: "1.5.0" });
  const session = await logIn(second);
  const body = { default_agent_image: "agent:2" };
  expect((await ask(second, "PUT /api/v1/settings", { cookie: session, body })).body).toEqual({
    ...wanted,
    ...body,
  });
});

test("1.5.0 moves the settings to another table, and leaves user_version and the journal as they were", async () => {
  await stop(await ready({ version: "1.4.1" }));
  await stop(await ready({ version: "1.4.2" }));
  expect(rows(applied)).toEqual([{ version: 1 }]);
  const newer = await ready({ version: "1.5.0" });
  expect(newer.printed()).toContain("goose: successfully migrated database to version: 2");
  await stop(newer);
  expect(rows(applied)).toEqual([{ version: 2 }]);
  expect(rows("PRAGMA user_version")).toEqual([{ user_version: 0 }]);
  expect(rows("PRAGMA journal_mode")).toEqual([{ journal_mode: "delete" }]);
});

test("1.4.x comes up green on what 1.5.0 has moved, and its settings and secrets are gone", async () => {
  const first = await ready({ version: "1.4.2" });
  const body = { default_agent_image: "agent:1", brave_api_key: "a secret of the tests" };
  const shown = { default_agent_image: "agent:1", brave_api_key: "****ests" };
  const put = await ask(first, "PUT /api/v1/settings", { cookie: await logIn(first), body });
  expect(put.body).toEqual(shown);
  expect(JSON.stringify(rows("SELECT * FROM settings"))).not.toContain("a secret of the tests");
  await stop(first);
  const newer = await ready({ version: "1.5.0" });
  expect((await ask(newer, "GET /api/v1/settings", { cookie: await logIn(newer) })).body).toEqual(shown);
  await stop(newer);
  const back = await ready({ version: "1.4.2" });
  expect(back.printed()).toContain("goose: no migrations to run. current version: 2");
  expect((await ask(back, "GET /health")).body).toMatchObject({ database: "connected" });
  const cookie = await logIn(back);
  expect((await ask(back, "GET /api/v1/auth/me", { cookie })).status).toBe(200);
  expect((await ask(back, "GET /api/v1/settings", { cookie })).body).toEqual({});
  expect(rows("SELECT key FROM settings_v2 ORDER BY key")).toEqual(
    ["brave_api_key", "default_agent_image", "fernet_key"].map((key) => ({ key })),
  );
});

test("shows nothing to an account that is no administrator, and refuses it the settings and users", async () => {
  const standIn = await ready();
  const member = { username: "member", password: "of no team" };
  const created = await ask(standIn, "POST /api/v1/users", { cookie: await logIn(standIn), body: member });
  expect(created).toMatchObject({ status: 201, body: { username: "member", role: "user" } });
  const { cookie: session } = await ask(standIn, "POST /api/v1/auth/login", { body: member });
  const cookie = session?.split(";")[0] ?? "";
  for (const path of ["instances", "tasks"]) {
    expect(await ask(standIn, `GET /api/v1/${path}`, { cookie })).toMatchObject({ status: 200, body: [] });
  }
  expect((await ask(standIn, "GET /api/v1/backups", { cookie })).body).toMatchObject({
    backups: [],
    total: 0,
  });
  for (const path of ["settings", "users"]) {
    expect((await ask(standIn, `GET /api/v1/${path}`, { cookie })).status).toBe(403);
  }
  expect((await ask(standIn, "GET /api/v1/auth/me", { cookie })).body).toMatchObject({ role: "user" });
});

test("asks for its set-up while it has no user, and takes no password from nowhere", async () => {
  const standIn = await ready({ environment: { STAND_IN_ADMIN_PASSWORD: "" } });
  expect((await ask(standIn, "GET /api/v1/auth/setup-required")).body).toEqual({ setup_required: true });
  expect((await ask(standIn, "POST /api/v1/auth/login", { body: administrator })).status).toBe(401);
  const made = await ask(standIn, "POST /api/v1/auth/setup", { body: administrator });
  expect(made).toMatchObject({ status: 201, body: { role: "admin" } });
  expect((await ask(standIn, "GET /api/v1/auth/setup-required")).body).toEqual({ setup_required: false });
});

test("makes an instance that was under way an error at its start, and a backup a failed one", async () => {
  await stop(await ready());
  const database = new DatabaseSync(join(data, "clawforce.db"));
  database.exec(
    `INSERT INTO instances (name, display_name, status, gateway_token, team_id, env, created_at, updated_at)
     VALUES ('bot-a', 'a', 'restarting', 't', 1, '{}', '', ''), ('bot-b', 'b', 'running', 't', 1, '{}', '', '');
     INSERT INTO backups (instance_id, instance_name, status, file_path, paths, note, created_at)
     VALUES (1, 'bot-a', 'running', '', '[]', '', '');`,
  );
  database.close();
  const standIn = await ready();
  const cookie = await logIn(standIn);
  expect((await ask(standIn, "GET /api/v1/instances/1", { cookie })).body).toMatchObject({
    status: "error",
    live_image_info: null,
    gateway_token: "t",
  });
  expect((await ask(standIn, "GET /api/v1/backups?limit=1", { cookie })).body).toMatchObject({
    backups: [{ id: 1, status: "failed" }],
    total: 1,
  });
  expect((await ask(standIn, "GET /api/v1/tasks?only_active=true", { cookie })).body).toEqual([]);
});

describe("an instance's image", () => {
  async function put(environment: Record<string, string>) {
    await stop(await ready());
    const database = new DatabaseSync(join(data, "clawforce.db"));
    database.exec(
      `INSERT INTO instances (name, display_name, status, container_image, gateway_token, team_id, env, created_at, updated_at)
       VALUES ('bot-a', 'a', 'stopped', 'agent:1', 't', 1, '{}', '', '')`,
    );
    database.close();
    const standIn = await ready({ environment });
    const cookie = await logIn(standIn);
    return ask(standIn, "PUT /api/v1/instances/1", { cookie, body: { container_image: "agent:2" } });
  }

  test("is ignored by PUT in silence", async () => {
    expect(await put({})).toMatchObject({ status: 200, body: { container_image: "agent:1" } });
  });

  test("is set by PUT in the variant with an API for it", async () => {
    const answer = await put({ STAND_IN_IMAGE_API: "1" });
    expect(answer).toMatchObject({ status: 200, body: { container_image: "agent:2" } });
  });
});

test("keeps its SSH key, readable by its owner alone", async () => {
  await stop(await ready());
  const file = join(data, "ssh_key");
  const { mode, ino } = statSync(file);
  expect(mode & 0o777).toBe(0o600);
  await stop(await ready());
  expect(statSync(file).ino).toBe(ino);
  expect(statSync(`${file}.pub`).isFile()).toBe(true);
});

test("fails on demand: refuse-start for one version, and unhealthy", async () => {
  mkdirSync(join(data, "switches"));
  writeFileSync(join(data, "switches", "refuse-start"), "only 1.4.2");
  const refused = await startStandIn({ data });
  running.push(refused);
  expect(await refused.ended).toBe(1);
  const other = await ready({ version: "1.4.1" });
  expect((await ask(other, "GET /health")).body).toMatchObject({ build_date: "stand-in-1.4.1" });
});
