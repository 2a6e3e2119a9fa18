import { describe, expect, it } from "vitest";
import { rehearsalTable } from "../../fleet/rehearsal-table.ts";
import type { RehearsalEntry } from "../../lifecycle/evidence/records.ts";

const passed: RehearsalEntry = {
  ...{ kind: "rehearsal", snapshot: "ab", from: "a", image: "b", migration: "", outcome: "passed" },
  seconds: { migration: 26, start: 30 },
  forecast: { stop: 2, copy: 4, migration: 26, start: 30, gate: 1, total: 63 },
  changes: {
    moves: [
      "state/openclaw.sqlite 15 -> 17",
      "agents/main/agent/openclaw-agent.sqlite schema_meta has other rows",
      "memory/a b.sqlite is new",
      "config stamp none -> 2026.9.4",
    ],
    configuration: { gone: ["channels.irc"], changed: ["gateway.port"] },
    files: { gone: 22, first: ["cron/jobs.json"] },
    bytes: { before: 2_000_000, after: 3_000_000 },
  },
  wayBack: { proved: false, why: "the old version does not come up on it: newer schema" },
};

describe("what a rehearsal found out", () => {
  it("is a table: each database, key and file in a row of its own", () => {
    expect(rehearsalTable(passed)).toEqual([
      "  migration 26s, ready in 30s, a pause of about 1m 3s",
      "  what                                     before  after",
      "  state/openclaw.sqlite                    15      17",
      "  agents/main/agent/openclaw-agent.sqlite          schema_meta has other rows",
      "  memory/a b.sqlite                                is new",
      "  config stamp                             none    2026.9.4",
      "  openclaw.json channels.irc               there   gone",
      "  openclaw.json gateway.port                       has changed",
      "  cron/jobs.json                           there   gone",
      "  21 more files                            there   gone",
      "  bytes                                    2 MB    3 MB",
      "  going back: with the state: the old version does not come up on it: newer schema",
    ]);
  });

  it("says what it took, and that the way back is proved, where nothing is known of changes", () => {
    const { changes: _, forecast: __, ...rest } = passed;
    const wayBack = { proved: true, why: "the old version comes up on what the new one leaves" };
    expect(rehearsalTable({ ...rest, seconds: { migration: 0, start: 3 }, wayBack })).toEqual([
      "  ready in 3s",
      "  going back: code only (proved): the old version comes up on what the new one leaves",
    ]);
  });
});
