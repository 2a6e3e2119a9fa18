import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { judgePins, pinsArgv } from "../../operations/checks/pins.ts";
import { scratchFolder } from "../support/scratch.ts";

let state: string;
beforeEach(() => {
  state = scratchFolder();
  configure({ agents: { defaults: { model: { primary: "anthropic/claude-haiku-4-5" } } } });
});

function configure(configuration: unknown): void {
  writeFileSync(join(state, "openclaw.json"), JSON.stringify(configuration));
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
  return judgePins({ exitCode: 0, stdout, stderr: "" }, state);
}

const pinned = {
  sessionId: "b65306e8",
  providerOverride: "google",
  modelOverride: "gemini-3.1-flash-lite-preview",
  modelOverrideSource: "auto",
};

describe("the look for pinned sessions", () => {
  it("finds none in a state without sessions", () => {
    expect(look()).toEqual({ passed: true, detail: "no session is pinned to another model" });
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

  it("does not pass what it can't read", () => {
    sessions("main", "{ torn");
    expect(look()).toEqual({ passed: false, detail: `no JSON: ${state}/agents/main/sessions/sessions.json` });
    expect(judgePins({ exitCode: 127, stdout: "", stderr: "node: not found" }, state)).toEqual({
      passed: false,
      detail: "the sessions can't be read: node: not found",
    });
  });
});
