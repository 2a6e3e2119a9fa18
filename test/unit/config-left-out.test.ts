import { describe, expect, it, test } from "vitest";
import { asExpression, asGlob, isLeftOut, leftOutOf, overlap, patternFault } from "../../config/left-out.ts";
import { keptBy, type StateView } from "../../config/left-out-rule.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { rawConfig, refusal } from "./config-fixture.ts";

const home = "/home/node/.openclaw";
const view: StateView = { stateDirectory: home, environment: {}, furtherPlaces: ["/work", `${home}/media`] };

describe("what is left out of snapshots is written as a path", () => {
  it.each(["workspace/downloads", "workspace-*/node_modules", `${home}/cache`, "a b/ü/[x]", "..hidden"])(
    "%s",
    (pattern) => {
      expect(patternFault(pattern)).toBeUndefined();
    },
  );

  it.each<[string, RegExp]>([
    ["", /is the state itself/],
    ["/", /is the state itself/],
    ["workspace/", /a slash too many/],
    ["//workspace", /a slash too many/],
    ["a//b", /a slash too many/],
    ["./workspace", /`\.` or `\.\.`/],
    ["a/../agents", /`\.` or `\.\.`/],
    ["media/**", /`\*\*`/],
    ["a\nb", /control character/],
    ["a\tb", /control character/],
  ])("and %j is none", (pattern, fault) => {
    expect(patternFault(pattern)).toMatch(fault);
  });
});

describe("two names can mean the same", () => {
  it.each([
    ["", "", true],
    ["", "*", true],
    ["a", "", false],
    ["a", "a", true],
    ["a", "b", false],
    ["a*", "*b", true],
    ["a*", "b*", false],
    ["*.db", "x.*", true],
    ["*.db", "x.sqlite", false],
    ["workspace-*", "workspace", false],
    ["*a*", "bab", true],
    ["*a*", "bbb", false],
    ["a*c", "abbbc", true],
    ["a*c", "abbb", false],
    [".", "x", false],
  ])("%j and %j: %s", (one, other, expected) => {
    expect(overlap(one, other)).toBe(expected);
    expect(overlap(other, one)).toBe(expected);
  });
});

describe("what an update can't do without is not left out", () => {
  it.each([
    "workspace/downloads",
    "workspace/downloads/*",
    "workspace/build-*",
    "workspace-*/node_modules",
    "media/inbound",
    "cache",
    "tmp",
    "logs",
    "logs/*",
    "browser",
    "models",
    "/work/out",
    "/elsewhere/x",
    "workspace/openclaw.json.txt",
    "agents2",
    `${home}/workspace/downloads`,
  ])("but %s is", (pattern) => {
    expect(keptBy(pattern, view)).toBeUndefined();
  });

  it.each<[string, string]>([
    ["*", `all of ${home}/media`],
    ["openclaw.json", "openclaw.json, the configuration"],
    ["openclaw.*", "openclaw.json, the configuration"],
    [".*", ".env, the gateway's secrets"],
    ["agents", "agents, agents with their sessions and databases"],
    ["agents/main/workspace/downloads", "agents, agents with their sessions and databases"],
    ["a*", "agents, agents with their sessions and databases"],
    ["*/cache", "openclaw.json, the configuration"],
    ["cred*/x", "credentials, credentials of channels and models"],
    ["cron/jobs.json", "cron, jobs"],
    ["devices", "devices, paired devices"],
    ["identity/device.json", "identity, the gateway's identity"],
    ["sessions", "sessions, sessions"],
    ["state", "state, the gateway's own databases"],
    ["memory/old", "memory, the agents' memory"],
    ["workspace", "workspace/.openclaw, the set-up of a workspace"],
    ["workspace/*", "workspace/.openclaw, the set-up of a workspace"],
    ["workspace/*.md", "workspace/AGENTS.md, what an agent goes by"],
    ["workspace-ops", "workspace-*/.openclaw, the set-up of a workspace"],
    ["*/MEMORY.md", "openclaw.json, the configuration"],
    ["media", `all of ${home}/media`],
    ["/work", "all of /work"],
    ["/*", `all of ${home}`],
    ["/home", `all of ${home}`],
    [home, `all of ${home}`],
    [`${home}/agents/*`, "agents, agents with their sessions and databases"],
    ["workspace/x.db", "names that end in .db, as databases and what comes of them"],
    ["cache/*.sqlite", "names that end in .sqlite, as databases and what comes of them"],
    ["cache/x.sqlite-wal", "names that end in .sqlite-wal, as databases and what comes of them"],
    ["cache/*.sql*", "names that end in .sqlite, as databases and what comes of them"],
    ["/work/*.d*", "names that end in .db, as databases and what comes of them"],
    ["logs/*.*", "names that end in .sqlite, as databases and what comes of them"],
    ["logs/jobs.json.migrated", "names that end in .migrated, as databases and what comes of them"],
    ["logs/*.bak", "*.pre-startup-migration-*.bak, which tells of a migration"],
  ])("%s: %s", (pattern, kept) => {
    expect(keptBy(pattern, view)).toBe(kept);
  });

  it("wherever a container keeps its state and its configuration", () => {
    const elsewhere = (environment: Record<string, string>) => ({
      ...{ stateDirectory: "/data", environment, furtherPlaces: [] },
    });
    const moved = elsewhere({ OPENCLAW_STATE_DIR: "/data/openclaw/" });
    expect(keptBy("openclaw/agents", moved)).toMatch(/^agents, /);
    expect(keptBy("openclaw", moved)).toMatch(/^openclaw\.json, /);
    expect(keptBy("openclaw/cache", moved)).toBeUndefined();
    const named = elsewhere({ OPENCLAW_CONFIG_PATH: "/data/etc/gateway.json" });
    expect(keptBy("etc", named)).toBe("/data/etc/gateway.json, the configuration");
    expect(keptBy("etc/other", named)).toBeUndefined();
  });

  test("and a stack file that does is refused, with the pattern at its place", () => {
    const path = "snapshots.exclude";
    expect(refusal({ [path]: ["workspace/downloads", "agents/*", "a/../b"] })).toEqual(
      expect.stringMatching(
        /clawforce:snapshots\.exclude\[2\]: "a\/\.\.\/b" has `\.` or `\.\.` in it\. Write a path in the state, as in "workspace\/downloads"\./,
      ),
    );
    expect(refusal({ [path]: ["workspace/downloads", "agents/*"] })).toEqual(
      expect.stringContaining(
        'clawforce:snapshots.exclude[1]: "agents/*" would leave out agents, agents with their sessions and databases, and a gateway can\'t go back without that. Name what may be lost more exactly.',
      ),
    );
    expect(parseStackConfig(rawConfig({ [path]: ["workspace/x"] })).snapshots.exclude).toEqual([
      "workspace/x",
    ]);
    expect(parseStackConfig(rawConfig({})).snapshots).not.toHaveProperty("exclude");
  });
});

describe("a pattern in the places of a state", () => {
  const places = [home, `${home}/workspace-a`, "/work"] as const;

  it.each<[string, [at: string, below: string][]]>([
    ["cache", [[home, "cache"]]],
    ["/work/out/*", [["/work", "out/*"]]],
    ["/work", []],
    ["/elsewhere/x", []],
    ["/home/other/x", []],
    [
      "workspace-*/downloads",
      [
        [home, "workspace-*/downloads"],
        [`${home}/workspace-a`, "downloads"],
      ],
    ],
  ])("%s", (pattern, expected) => {
    const found = leftOutOf([pattern], places).map(({ at, names }) => [at, names.join("/")]);
    expect(found).toEqual(expected);
  });

  it.each<[string, string, string]>([
    ["a.b/c*d", "a\\.b/c[^/]*d", "a.b/c*d"],
    ["a(b)+{1}^$|", "a\\(b\\)\\+\\{1\\}\\^\\$\\|", "a(b)+{1}^$|"],
    ["[x]?\\", "\\[x\\]\\?\\\\", "\\[x]\\?\\\\"],
  ])("%s is the same for find and for restic", (pattern, expression, glob) => {
    const names = pattern.split("/");
    expect([asExpression({ names }), asGlob({ names })]).toEqual([expression, glob]);
  });

  it.each([
    ["a/b", "a/b", true],
    ["a/b/c", "a/b", true],
    ["a/bc", "a/b", false],
    ["x/a/b", "a/b", false],
    ["a/x\ny/b", "a/*/b", true],
    ["a/x/y/b", "a/*/b", false],
  ])("%j is left out by %s: %s", (path, pattern, expected) => {
    expect(isLeftOut(path, { names: pattern.split("/") })).toBe(expected);
  });
});
