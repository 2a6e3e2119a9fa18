import { describe, expect, it } from "vitest";
import {
  agentsOf,
  configurationFile,
  judgeConfiguration,
  keysOf,
  namesModel,
  printOf,
} from "../../lifecycle/checks/configuration.ts";
import { parsedJson5 } from "../../lifecycle/checks/json5.ts";

const secret = "the password of the snapshots";
const content = {
  gateway: { port: 18789, auth: { token: "t0p-secret" } },
  channels: { slack: { botToken: "xoxb-1", accounts: { work: { enabled: true } } } },
  agents: {
    defaults: { model: "a/b" },
    list: [
      { id: "main", default: true },
      { id: "ops", model: "c/d" },
    ],
  },
  meta: { lastTouchedVersion: "2026.4.23" },
};

function judged(now: object | undefined, before: object | undefined = content, key = secret) {
  return judgeConfiguration(printOf(before, secret), { file: "openclaw.json", content: now }, key);
}

describe("openclaw.json as JSON5", () => {
  it.each([
    ['{"a": 1}', { a: 1 }],
    ["{a: 1, /* no, */ 'b': \"x // y\", // z\n c: [1, 2,],}", { a: 1, b: "x // y", c: [1, 2] }],
    ["{'it\\'s': 'a \"quote\" /* no comment */'}", { "it's": 'a "quote" /* no comment */' }],
    ['{"a": "b, }", "3": "{c: 1}"}', { a: "b, }", "3": "{c: 1}" }],
    ["{ torn", undefined],
    ["", undefined],
    ["{a: b}", undefined],
  ])("%j", (text, expected) => {
    expect(parsedJson5(text)).toEqual(expected);
  });
});

describe("what goes on record", () => {
  it("stays what records of before have, key by key", () => {
    const print = printOf(
      { channels: { slack: { token: "x", on: true } }, list: [1, "2"] },
      "a secret",
      "00112233445566778899aabbccddeeff",
    );
    expect(print).toEqual({
      salt: "00112233445566778899aabbccddeeff",
      secret: "2201b4b8f111467fe61502d7",
      keys: {
        "channels.slack.token": "0becf4cc0b5ced76914d5b16",
        "channels.slack.on": "dd127259b8ea1360056a5d6b",
        list: "b3a83a992826ec703765f828",
      },
    });
  });
});

describe("where it is", () => {
  it.each([
    [[], "/state/openclaw.json"],
    [["OPENCLAW_STATE_DIR=/home/x/.openclaw"], "/home/x/.openclaw/openclaw.json"],
    [["OPENCLAW_STATE_DIR=/s", "OPENCLAW_CONFIG_PATH=/etc/claw.json"], "/etc/claw.json"],
    [["OPENCLAW_CONFIG_PATH="], "/state/openclaw.json"],
  ])("by %j", (environment, file) => {
    expect(configurationFile(environment, "/state")).toBe(file);
  });
});

describe("the configuration before and after an update", () => {
  it("is the same when it is the same", () => {
    expect(judged(content)).toEqual({
      passed: true,
      detail: `${keysOf(content).size} keys as before, with the same values`,
    });
  });

  it("fails when a key is gone, and names the largest part that is", () => {
    const { channels: _gone, ...rest } = content;
    expect(judged(rest)).toEqual({ passed: false, detail: "gone from openclaw.json: channels" });
    const withoutToken = { ...content, gateway: { port: 18789, auth: {} } };
    expect(judged(withoutToken)).toEqual({
      passed: false,
      detail: "gone from openclaw.json: gateway.auth.token",
    });
  });

  it("fails when it is gone itself, and for an agent that is", () => {
    expect(judged(undefined)).toEqual({ passed: false, detail: "openclaw.json is gone" });
    const oneAgent = { ...content, agents: { ...content.agents, list: [{ id: "main", default: true }] } };
    expect(judged(oneAgent).detail).toBe("gone from openclaw.json: agents.entries.ops");
  });

  it("names changed values, never says them, and lets what writers stamp be", () => {
    const attempt = judged({
      ...content,
      gateway: { port: 18789, auth: { token: "n3w-secret" } },
      meta: { lastTouchedVersion: "2026.9.6" },
      added: true,
    });
    expect(attempt).toEqual({
      passed: true,
      detail: `${keysOf(content).size} keys as before, changed: gateway.auth.token`,
    });
  });

  it("takes agents that are keyed instead of listed, and a model in another form, for the same", () => {
    const moved = {
      ...content,
      agents: {
        defaults: { model: { primary: "a/b" } },
        entries: { main: { default: true }, ops: { model: "c/d" } },
      },
    };
    expect(judged(moved).detail).toBe(
      `${keysOf(content).size} keys as before, changed: agents.defaults.model`,
    );
    expect(judged(content, moved).passed).toBe(true);
    const emptied = { ...content, agents: { ...content.agents, defaults: { model: {} } } };
    expect(judged(emptied, moved).detail).toBe("gone from openclaw.json: agents.defaults.model.primary");
  });

  it("does not miss the mark of the default agent, which later versions take away, as long as that agent is there", () => {
    const entries = (main: object | undefined) => ({
      ...content,
      agents: { defaults: { model: "a/b" }, entries: { ...(main && { main }), ops: { model: "c/d" } } },
    });
    for (const main of [{}, { workspace: "w" }]) {
      expect(judged(entries(main))).toEqual({
        passed: true,
        detail: `${keysOf(content).size} keys as before, changed: agents.entries.main.default`,
      });
    }
    expect(judged(entries(undefined)).detail).toBe("gone from openclaw.json: agents.entries.main");
    const other = { ...content, logging: { default: true } };
    expect(judged(content, other).detail).toBe("gone from openclaw.json: logging");
  });

  it("says that there was none", () => {
    const none = printOf(undefined, secret);
    const judge = (now: object | undefined) =>
      judgeConfiguration(none, { file: "openclaw.json", content: now }, secret);
    expect(judge(undefined)).toEqual({ passed: true, detail: "no openclaw.json, as before" });
    expect(judge({})).toEqual({ passed: true, detail: "openclaw.json is new, there was none before" });
  });

  it("compares no values after the secret was changed, and misses keys all the same", () => {
    expect(judged(content, content, "another").detail).toContain("values not compared");
    expect(judged({}, content, "another")).toMatchObject({ passed: false });
  });

  it("stands on record without a value, salted and keyed", () => {
    const print = printOf(content, secret);
    expect(Object.keys(print.keys ?? {})).toContain("gateway.auth.token");
    expect(JSON.stringify(print)).not.toMatch(/t0p-secret|xoxb|18789/);
    const again = printOf(content, secret);
    expect(again.keys?.["gateway.port"]).not.toBe(print.keys?.["gateway.port"]);
    expect(printOf(content, "another", print.salt).keys?.["gateway.port"]).not.toBe(
      print.keys?.["gateway.port"],
    );
  });
});

describe("the models of a configuration", () => {
  it.each([
    [{}, false],
    [{ agents: { defaults: { model: "a/b" } } }, true],
    [{ agents: { defaults: { model: { primary: "a/b" } } } }, true],
    [{ agents: { defaults: { model: { fallbacks: [] } } } }, false],
    [{ agents: { list: [{ id: "x", model: "a/b" }] } }, true],
    [{ agents: { entries: { x: { model: "a/b" } } } }, true],
    [{ models: { providers: { p: {} } } }, true],
    [{ models: { providers: {} } }, false],
  ])("%j", (configuration, expected) => {
    expect(namesModel(configuration)).toBe(expected);
  });

  it("are those of its agents, listed or keyed", () => {
    const agents = [
      { id: "main", model: undefined, isDefault: true },
      { id: "ops", model: "c/d", isDefault: false },
    ];
    expect(agentsOf(content)).toEqual(agents);
    expect(agentsOf({ agents: { entries: { main: { default: true }, ops: { model: "c/d" } } } })).toEqual(
      agents,
    );
  });
});
