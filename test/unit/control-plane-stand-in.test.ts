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

function schema(): unknown {
  const database = new DatabaseSync(join(data, "clawforce.db"), { readOnly: true });
  const modes = [
    database.prepare("PRAGMA user_version").get(),
    database.prepare("PRAGMA journal_mode").get(),
  ];
  database.close();
  return modes;
}

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

test("1.5.0 moves the database's schema, and 1.4.x refuses it then", async () => {
  await stop(await ready({ version: "1.4.1" }));
  await stop(await ready({ version: "1.4.2" }));
  expect(schema()).toEqual([{ user_version: 1 }, { journal_mode: "delete" }]);
  const newer = await ready({ version: "1.5.0" });
  expect(newer.printed()).toContain("database schema 1 -> 2");
  await stop(newer);
  expect(schema()).toEqual([{ user_version: 2 }, { journal_mode: "delete" }]);
  const back = await startStandIn({ data, version: "1.4.2" });
  running.push(back);
  expect(await back.ended).toBe(1);
  expect(back.printed()).toContain("database schema 2 is newer than 1: refusing to start");
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
