import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, it } from "vitest";
import { judgePins, pinsArgv } from "../../lifecycle/checks/pins.ts";
import { scratchFolder } from "../support/scratch.ts";

let state: string;
let content: object;
beforeEach(() => {
  state = scratchFolder();
  configure({ agents: { defaults: { model: { primary: "anthropic/claude-haiku-4-5" } } } });
});

function configure(configuration: object): void {
  content = configuration;
}

/** As versions that keep sessions in a database have it. */
function sessionsInDatabase(agent: string, entries: Record<string, unknown>): DatabaseSync {
  const folder = join(state, "agents", agent, "agent");
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, "openclaw-agent.sqlite"));
  database.exec(
    "PRAGMA journal_mode = WAL; CREATE TABLE session_nodes (session_key TEXT PRIMARY KEY, entry_json TEXT NOT NULL)",
  );
  for (const [key, entry] of Object.entries(entries)) {
    database.prepare("INSERT INTO session_nodes VALUES (?, ?)").run(key, JSON.stringify(entry));
  }
  return database;
}

function sessions(agent: string, index: unknown): void {
  const folder = join(state, "agents", agent, "sessions");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "sessions.json"), typeof index === "string" ? index : JSON.stringify(index));
}

/** The look into the state as it is run in a container, here on a folder of this machine. */
function look(): ReturnType<typeof judgePins> {
  const [, ...args] = pinsArgv(state);
  const stdout = execFileSync(process.execPath, args, { encoding: "utf8" });
  return judgePins({ exitCode: 0, stdout, stderr: "" }, state, { file: `${state}/openclaw.json`, content });
}

const pinned = {
  sessionId: "b65306e8",
  providerOverride: "google",
  modelOverride: "gemini-3.1-flash-lite-preview",
  modelOverrideSource: "auto",
};

describe("the look for pinned sessions", () => {
  it("passes a state that it has read and found without sessions", () => {
    expect(look()).toEqual({ passed: true, detail: `no session in ${state}/agents: nothing is pinned` });
    sessions("main", {});
    expect(look()).toEqual({ passed: true, detail: `no session in ${state}/agents: nothing is pinned` });
  });

  it("says how many it has looked at", () => {
    sessions("main", { a: { sessionId: "1" }, b: {} });
    sessionsInDatabase("ops", { c: {} }).close();
    expect(look()).toEqual({
      passed: true,
      detail: "none of 3 sessions of 2 agents is pinned to another model",
    });
  });

  it("finds a pin in a database that the gateway has open, and leaves the database to it", () => {
    const database = sessionsInDatabase("main", { "agent:main:main": pinned, "agent:main:other": {} });
    database.exec("BEGIN IMMEDIATE");
    expect(look()).toEqual({
      passed: false,
      detail:
        "agent:main:main is pinned to google/gemini-3.1-flash-lite-preview instead of anthropic/claude-haiku-4-5. " +
        "To undo it: send `/model default` in that session, or start it anew with `/new`; leave its database as it is",
    });
    database.exec("COMMIT");
    database.close();
  });

  it("measures agents that are keyed by their id by their own model", () => {
    configure({ agents: { entries: { main: { model: "google/gemini-3.1-flash-lite-preview" } } } });
    sessionsInDatabase("main", { "agent:main:main": pinned }).close();
    expect(look().passed).toBe(true);
  });

  it.each([
    ["a database of another form", "agents/main/agent/openclaw-agent.sqlite", "no database"],
    ["a list that is torn", "agents/main/sessions/sessions.json", "{ torn"],
    ["a list in a form of its own", "agents/main/sessions/index.bin", "?"],
  ])("comes to no result on %s", (_what, file, text) => {
    mkdirSync(join(state, file, ".."), { recursive: true });
    writeFileSync(join(state, file), text);
    expect(look()).toMatchObject({ passed: false, nothing: true, detail: expect.stringContaining(state) });
  });

  it("lets be what only says which model answered last", () => {
    sessions("main", { "agent:main:main": { sessionId: "1", modelProvider: "google", model: "gemini" } });
    expect(look().passed).toBe(true);
  });

  it("names session, model and the way to undo it, for a failover's pin", () => {
    sessions("main", { "agent:main:main": pinned });
    expect(look()).toEqual({
      passed: false,
      detail:
        "agent:main:main is pinned to google/gemini-3.1-flash-lite-preview instead of anthropic/claude-haiku-4-5. " +
        `To undo it: move ${state}/agents/main/sessions/b65306e8.jsonl aside, take the entry out of ` +
        `${state}/agents/main/sessions/sessions.json (keep a copy), restart the gateway, send a message`,
    });
  });

  it("finds the form that a real case had: provider and model in the entry", () => {
    sessions("main", { "agent:main:main": { provider: "google", model: "gemini-3.1-flash-lite-preview" } });
    expect(look().detail).toMatch(
      /^agent:main:main is pinned to google\/gemini-3.1-flash-lite-preview instead of/,
    );
  });

  it("lets a pin to the configured model be", () => {
    const override = { providerOverride: "anthropic", modelOverride: "claude-haiku-4-5" };
    sessions("main", {
      a: override,
      b: { modelOverride: "claude-haiku-4-5" },
      c: { modelOverride: "anthropic/claude-haiku-4-5" },
    });
    expect(look().passed).toBe(true);
  });

  it("measures an agent with a model of its own by that one, and looks into every agent", () => {
    configure({
      agents: {
        defaults: { model: "anthropic/claude-haiku-4-5" },
        list: [{ id: "ops", model: { primary: "google/gemini-3.1-flash-lite-preview" } }],
      },
    });
    sessions("ops", { "agent:ops:main": pinned });
    expect(look().passed).toBe(true);
    sessions("main", { "agent:main:main": pinned });
    expect(look().detail).toMatch(/^agent:main:main is pinned/);
  });

  it("says when a user has chosen the model", () => {
    sessions("main", { "agent:main:main": { ...pinned, modelOverrideSource: "user" } });
    expect(look().detail).toContain("instead of anthropic/claude-haiku-4-5, chosen by its user.");
  });

  it("comes to no result without Node.js, and without a state", () => {
    const configuration = { file: "openclaw.json", content };
    expect(judgePins({ exitCode: 127, stdout: "", stderr: "node: not found" }, state, configuration)).toEqual(
      {
        passed: false,
        nothing: true,
        detail: "the sessions can't be read: node: not found",
      },
    );
    const [, ...args] = pinsArgv(join(state, "gone"));
    expect(() => execFileSync(process.execPath, args, { stdio: "pipe" })).toThrow("ENOENT");
  });
});
