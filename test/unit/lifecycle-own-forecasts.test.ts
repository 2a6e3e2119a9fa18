import { beforeEach, describe, expect, it } from "vitest";
import { ownForecasts, questionsFor, shutdownForecast } from "../../lifecycle/rehearsal/own-forecasts.ts";
import { MemoryWorld } from "../support/memory-world.ts";
import { candidate } from "./config-fixture.ts";

/** What OpenClaw 2026.9.4 prints about a state of 2026.9.1. */
const said = {
  shared: `{
  "schema": "openclaw.state-schema-preflight.v1",
  "databasePath": "/home/node/.openclaw/state/openclaw.sqlite",
  "targetVersion": 17,
  "foundVersion": 15,
  "ownership": null,
  "issues": [],
  "status": "migration-required",
  "requiresWrite": true
}`,
  agent: `{
  "schema": "openclaw.agent-schema-preflight.v1",
  "agentId": "main",
  "targetVersion": 19,
  "requiresWrite": false,
  "issues": [],
  "foundVersion": 19,
  "status": "incompatible",
  "reason": "SQLite schema is incomplete or noncanonical: missing or drifted index idx_agent_session_nodes_active; run openclaw doctor --fix to repair it."
}`,
  lint: `[state/db] state database schema migration pending; verifying integrity first
{"ok":false,"checksRun":33,"checksSkipped":30,"findings":[{"checkId":"core/doctor/telegram-general-topic-conversations","severity":"error","message":"health check threw: a legacy agent database registry schema"},{"checkId":"core/doctor/gateway-auth","severity":"warning","message":"Gateway auth is off or missing a token."}]}`,
};
const shared = "state/openclaw.sqlite";
const agent = "agents/main/agent/openclaw-agent.sqlite";
const home = "/home/node/.openclaw";

let world: MemoryWorld;
const answers = (...outputs: string[]) =>
  world.platform.jobs.set(
    `question to the new version of ${world.name}`,
    outputs.map((stdout) => ({ stdout })),
  );
const versions = (...databases: string[]) => ({
  databases: Object.fromEntries(databases.map((each) => [each, { version: 1 }])),
});

function asked(...databases: string[]) {
  return ownForecasts(world.context, {
    ...{ image: candidate, start: world.workload.startedWith },
    copy: [{ from: { volume: "copy" }, at: home }],
    markers: versions(...databases) as never,
  });
}

beforeEach(() => {
  world = new MemoryWorld();
  world.platform.jobs.set("consolidation of the copied databases", [{}]);
});

describe("what a new version says itself about a copied state", () => {
  it("is its word on each database, and the errors of its doctor", async () => {
    answers(said.shared, said.agent, said.lint);
    expect(await asked(agent, shared, "workspace/own.db")).toEqual([
      { of: shared, says: "migration-required" },
      {
        of: agent,
        says: "incompatible: SQLite schema is incomplete or noncanonical: missing or drifted index idx_agent_session_nodes_active; run openclaw doctor --fix to repair it.",
      },
      { of: "doctor --lint", says: "1 error: health check threw: a legacy agent database registry schema" },
    ]);
    expect(world.did).toEqual([
      `consolidation of the copied databases of ${world.name}`,
      `openclaw database preflight ${home}/${shared} --json on copy`,
      `openclaw database preflight-agent ${home}/${agent} --agent-id main --json on copy`,
      "openclaw doctor --lint --json --non-interactive --severity-min error on copy",
    ]);
  });

  it("is nothing of a state of another kind, and nobody is asked", async () => {
    expect(await asked("memory/main.sqlite")).toEqual([]);
    expect(world.did).toEqual([]);
  });

  it("is nothing from a version that does not know the question, which is not asked on", async () => {
    answers("error: unknown command 'database'");
    expect(await asked(shared, agent)).toEqual([]);
    expect(world.did).toHaveLength(2);
  });

  it("decides nothing where it can't be had: that is told", async () => {
    world.platform.jobs.set("consolidation of the copied databases", [
      { exitCode: 1, stderr: "disk I/O error" },
    ]);
    expect(await asked(shared)).toEqual([]);
    expect(world.said).toContainEqual(
      expect.stringContaining("the new version could not be asked about the state: disk I/O error"),
    );
  });

  it.each([
    [
      30,
      ["with work under way it may take 5m 25s, and it is killed after 30s: `stopGrace: 325s` lets it end"],
    ],
    [325, []],
  ])("is how long its end may take, where an update gives it less: %s s", (stopGrace, says) => {
    // OpenClaw 2026.9.6.
    const line =
      "2026-11-30T14:53:05.123+00:00 [gateway] shutdown budget at startup: drain=315000ms shutdown=325000ms reserve=10000ms exitMargin=5000ms; source=Gateway stop policy=330000ms";
    expect(shutdownForecast(["[gateway] starting...", line], stopGrace).map((each) => each.says)).toEqual(
      says,
    );
    expect(shutdownForecast(["[gateway] ready"], stopGrace)).toEqual([]);
  });

  it("is asked of ten agents at most", () => {
    const many = Array.from({ length: 30 }, (_, k) => `agents/a${k}/agent/openclaw-agent.sqlite`);
    expect(questionsFor(home, [shared, ...many])).toHaveLength(12);
  });
});
