import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../../demo/free-port.ts";
import { scratchFolder } from "../support/scratch.ts";

const server = join(import.meta.dirname, "../../toolchain/images/fixture/server.mjs");
let state: string;
let running: Fixture[];

beforeEach(() => {
  state = scratchFolder();
  running = [];
});
afterEach(() => {
  for (const { child } of running) child.kill("SIGKILL");
});

interface Fixture {
  child: ChildProcess;
  url: string;
  printed(): string;
  ended: Promise<number | null>;
}

async function start(version: "1" | "2" | "3"): Promise<Fixture> {
  const port = await freePort();
  const child = spawn(process.execPath, [server], {
    env: { FIXTURE_VERSION: version, OPENCLAW_STATE_DIR: state, OPENCLAW_GATEWAY_PORT: String(port) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (part) => {
      text += part;
    });
  const ended = once(child, "close").then(([code]) => code as number | null);
  const fixture = { child, url: `http://127.0.0.1:${port}`, printed: () => text, ended };
  running.push(fixture);
  return fixture;
}

async function startReady(version: "1" | "2" | "3"): Promise<Fixture> {
  const fixture = await start(version);
  await expect
    .poll(fixture.printed, { interval: 10, timeout: 50_000 })
    .toContain(`[gateway] ready (fixture ${version};`);
  return fixture;
}

async function ask(fixture: Fixture, path: string, body?: unknown): Promise<[number, unknown]> {
  const answer = await fetch(
    fixture.url + path,
    body === undefined ? {} : { method: "POST", body: JSON.stringify(body) },
  );
  return [answer.status, await answer.json()];
}

async function stop(fixture: Fixture): Promise<number | null> {
  fixture.child.kill("SIGTERM");
  return fixture.ended;
}

test("keeps messages, migrates them forward, and refuses a state newer than itself", async () => {
  const older = await startReady("1");
  expect(older.printed()).toContain("created state schema 1");
  expect(await ask(older, "/version")).toEqual([200, { version: "1" }]);
  expect(await ask(older, "/messages", { text: "first" })).toMatchObject([201, { id: 1, text: "first" }]);
  expect(await stop(older)).toBe(0);

  const newer = await startReady("2");
  expect(newer.printed()).toContain("migrated state schema 1 -> 2");
  await ask(newer, "/messages", { text: "second" });
  expect(await ask(newer, "/messages")).toMatchObject([
    200,
    [
      { text: "first", author: "fixture 1" },
      { text: "second", author: "fixture 2" },
    ],
  ]);
  expect(JSON.parse(readFileSync(join(state, "openclaw.json"), "utf8")).meta.lastTouchedVersion).toBe("2");
  expect(await stop(newer)).toBe(0);

  const back = await start("1");
  expect(await back.ended).toBe(78);
  expect(back.printed()).toContain("state schema 2 is newer than 1: refusing");
});

test("version 3 moves files, stamps only what it writes into, and what it has stamped version 2 refuses", async () => {
  const stamp = () => JSON.parse(readFileSync(join(state, "openclaw.json"), "utf8")).meta.lastTouchedVersion;
  const older = await startReady("2");
  expect(await ask(older, "/jobs", { name: "nightly" })).toEqual([201, { name: "nightly" }]);
  await stop(older);

  const newer = await startReady("3");
  expect(newer.printed()).toContain("moved cron/jobs.json to state/jobs.sqlite");
  expect(existsSync(join(state, "cron/jobs.json.migrated"))).toBe(true);
  expect(await ask(newer, "/jobs")).toEqual([200, [{ name: "nightly" }]]);
  expect(stamp()).toBe("2");
  await stop(newer);

  const back = await startReady("2");
  expect(await ask(back, "/jobs")).toEqual([200, []]);
  await stop(back);

  const again = await startReady("3");
  expect(await ask(again, "/config", { model: "small" })).toEqual([200, { version: "3" }]);
  expect(stamp()).toBe("3");
  await stop(again);
  const refused = await start("2");
  expect(await refused.ended).toBe(78);
  expect(refused.printed()).toContain(
    "this version (2) is older than the config last written by 3: refusing",
  );
});

test("fails on demand, for one version or for all, while the switch is there", async () => {
  const fixture = await startReady("1");
  expect(await ask(fixture, "/healthz")).toEqual([200, { ok: true, status: "live" }]);
  expect(await ask(fixture, "/readyz")).toMatchObject([200, { ready: true }]);

  writeFileSync(join(state, "unhealthy"), "only 2");
  expect((await ask(fixture, "/healthz"))[0]).toBe(200);
  writeFileSync(join(state, "unhealthy"), "");
  expect(await ask(fixture, "/healthz")).toEqual([500, { ok: false, status: "unhealthy" }]);

  writeFileSync(join(state, "not-ready"), "");
  expect(await ask(fixture, "/readyz")).toEqual([503, { ready: false }]);

  writeFileSync(join(state, "broken"), "only 1");
  expect((await ask(fixture, "/messages"))[0]).toBe(500);
  expect(fixture.printed()).toContain("Cannot find package 'openclaw'");
  rmSync(join(state, "broken"));
  expect(await ask(fixture, "/messages")).toEqual([200, []]);
});

test("refuses to start on demand", async () => {
  writeFileSync(join(state, "refuse-start"), "only 2");
  await startReady("1");
  const newer = await start("2");
  expect(await newer.ended).toBe(1);
  expect(newer.printed()).toContain("refusing to start: refuse-start is present");
});

test("starts late on demand", async () => {
  writeFileSync(join(state, "slow-start"), "0.4 only 1");
  const begun = performance.now();
  const fixture = await startReady("1");
  expect(performance.now() - begun).toBeGreaterThan(400);
  expect(fixture.printed()).toContain("slow-start: listening in 0.4s");
});

test("ignores SIGTERM on demand", async () => {
  writeFileSync(join(state, "ignore-sigterm"), "");
  const fixture = await startReady("1");
  fixture.child.kill("SIGTERM");
  await expect.poll(fixture.printed).toContain("ignored: ignore-sigterm is present");
  expect((await ask(fixture, "/healthz"))[0]).toBe(200);
});

test("counts its active work, and says what a stop cuts short", async () => {
  const fixture = await startReady("1");
  expect(await ask(fixture, "/work", { seconds: 60 })).toEqual([202, { active: 1 }]);
  expect(await ask(fixture, "/work", { seconds: 0.05 })).toEqual([202, { active: 2 }]);
  await expect.poll(() => ask(fixture, "/work")).toEqual([200, { active: 1 }]);
  expect(await stop(fixture)).toBe(0);
  expect(fixture.printed()).toContain("1 units of active work cut short");
});

test("refuses a configuration that is not JSON, and answers 404 and 400 in JSON", async () => {
  const fixture = await startReady("1");
  expect(await ask(fixture, "/other")).toEqual([404, { error: "no GET /other here" }]);
  expect(await ask(fixture, "/messages", {})).toEqual([400, { error: "text must be a string" }]);
  await stop(fixture);
  writeFileSync(join(state, "openclaw.json"), "{");
  const refused = await start("1");
  expect(await refused.ended).toBe(78);
  expect(refused.printed()).toContain("Invalid config at ");
});

test("says back what it is told through a WebSocket, with its version", async () => {
  const fixture = await startReady("1");
  const socket = new WebSocket(`${fixture.url.replace("http", "ws")}/echo`);
  const said = new Promise<unknown>((resolve, reject) => {
    socket.onmessage = ({ data }) => resolve(data);
    socket.onerror = () => reject(new Error("the WebSocket failed"));
  });
  await new Promise((resolve) => {
    socket.onopen = resolve;
  });
  socket.send("are you there?");
  expect(await said).toBe("1 are you there?");
  const closed = new Promise<CloseEvent>((resolve) => {
    socket.onclose = resolve;
  });
  socket.close(1000);
  expect(await closed).toMatchObject({ code: 1000, wasClean: true });
});
