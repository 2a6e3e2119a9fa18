import { describe, expect, it } from "vitest";
import { isOfVersion, movedState } from "../../lifecycle/evidence/moved-state.ts";
import type { DatabaseMarker, Markers } from "../../lifecycle/evidence/records.ts";

const shared = "state/openclaw.sqlite";
const agent = "agents/main/agent/openclaw-agent.sqlite";
const tasks = "tasks/runs.sqlite";

function at(userVersion: number, more: Partial<DatabaseMarker> = {}): DatabaseMarker {
  return { userVersion, schema: `schema ${userVersion}`, ...more };
}

function goose(version: string): DatabaseMarker {
  return at(0, { schema: `tables ${version}`, migrations: { goose_db_version: { version, rows: version } } });
}

function checkpoint(version: string): NonNullable<DatabaseMarker["migrations"]> {
  return { schema_meta: { version, rows: `rows of ${version}` } };
}

function state(databases: Markers["databases"], more: Partial<Markers> = {}): Markers {
  return { databases, archives: {}, ...more };
}

const jobsPutAside = { archives: { "cron/jobs.json.migrated": "212 bytes of 2026-11-02+09:00:00" } };

describe("movedState", () => {
  it.each<[string, Markers, Markers, string[]]>([
    [
      "a newer config stamp",
      state({ "main.sqlite": at(1) }, { configVersion: "2026.7.1" }),
      state({ "main.sqlite": at(1) }, { configVersion: "2026.8.1" }),
      ["config stamp 2026.7.1 -> 2026.8.1"],
    ],
    [
      "a first config stamp",
      state({}),
      state({}, { configVersion: "2026.8.1" }),
      ["config stamp none -> 2026.8.1"],
    ],
    [
      "a new database",
      state({ "main.sqlite": at(1) }),
      state({ "main.sqlite": at(1), [shared]: at(3) }),
      [`${shared} is new`],
    ],
    ["the first database", state({}), state({ [shared]: at(3) }), [`${shared} is new`]],
    [
      "a schema version",
      state({ "main.sqlite": at(1) }),
      state({ "main.sqlite": at(2) }),
      ["main.sqlite 1 -> 2"],
    ],
    [
      "a database that can't be read any more",
      state({ "main.sqlite": at(1), "old.sqlite": at(3) }),
      state({ "main.sqlite": at(1), "old.sqlite": { unreadable: "file is not a database" } }),
      ["old.sqlite can't be read now (file is not a database)"],
    ],
    [
      "a database that never could be read",
      state({ "old.sqlite": { unreadable: "database is locked" } }),
      state({ "old.sqlite": at(1) }),
      ["old.sqlite could not be read for the snapshot (database is locked)"],
    ],
    ["a database that is gone", state({ "old.sqlite": at(3) }), state({}), ["old.sqlite is gone"]],
    [
      "migrations of goose, with user_version 0 all the time",
      state({ "claworc.db": goose("11"), "llm-logs.db": at(0) }),
      state({ "claworc.db": goose("12"), "llm-logs.db": at(0) }),
      ["claworc.db goose_db_version 11 -> 12"],
    ],
    [
      "a migration below the newest one",
      state({ a: at(0, { migrations: { schema_migrations: { version: "7", rows: "six rows" } } }) }),
      state({ a: at(0, { migrations: { schema_migrations: { version: "7", rows: "seven rows" } } }) }),
      ["a schema_migrations has other rows"],
    ],
    [
      "a migration table where there was none",
      state({ a: at(0) }),
      state({ a: at(0, { migrations: { knex_migrations: { version: "1.js", rows: "one" } } }) }),
      ["a knex_migrations none -> 1.js"],
    ],
    [
      "an index under the same version",
      state({ [agent]: at(19) }),
      state({ [agent]: at(19, { schema: "with idx_agent_session_nodes_active" }) }),
      [`${agent} has other tables, columns or indexes`],
    ],
    ["a file that was put aside", state({}), state({}, jobsPutAside), ["cron/jobs.json.migrated is new"]],
    [
      "a file that was put aside once more",
      state({}, { archives: { "cron/jobs.json.migrated": "2 bytes of 2026-01-01+00:00:00" } }),
      state({}, jobsPutAside),
      ["cron/jobs.json.migrated has changed"],
    ],
    [
      "a record of which only versions are known",
      { databases: { "main.sqlite": 1 } },
      state({ "main.sqlite": at(1) }),
      ["main.sqlite: only its user_version is on record, so its schema can't be compared"],
    ],
    [
      "two such records, with versions that differ",
      { databases: { "main.sqlite": 1 } },
      { databases: { "main.sqlite": 2 } },
      ["main.sqlite 1 -> 2"],
    ],
    [
      "two such records that seem to be the same",
      { databases: { "main.sqlite": 1 } },
      { databases: { "main.sqlite": 1 } },
      ["main.sqlite: only its user_version is on record, so its schema can't be compared"],
    ],
  ])("counts %s", (_, before, now, moved) => {
    expect(movedState(before, now)).toEqual(moved);
  });

  it.each<[string, Markers, Markers]>([
    ["nothing at all", state({ [shared]: at(1) }), state({ [shared]: at(1) })],
    ["a state that no one can look into", { databases: {} }, { databases: {} }],
    [
      "a database of the agent that is gone",
      state({ "main.sqlite": at(1), "workspace/tmp.db": at(0) }),
      state({ "main.sqlite": at(1) }),
    ],
    [
      "a database of the agent in an older record, with another version",
      { databases: { "workspace/app.db": 4 } },
      state({ "workspace/app.db": at(5) }),
    ],
    [
      "locks, caches and what users have sent",
      state({}),
      state({
        "tmp/openclaw-1000/gateway.ab12.lock.sqlite": at(1),
        "agents/main/agent/session.lock.sqlite": at(1),
        "cache/models.db": at(1),
        "media/inbound/theirs.db": at(9),
        "extensions/x/node_modules/y/test.db": at(9),
      }),
    ],
    [
      "another agent, whose database is of the kind that the old version makes itself",
      state({ [agent]: at(19), "memory/main.sqlite": at(2) }),
      state({
        [agent]: at(19),
        "agents/helper/agent/openclaw-agent.sqlite": at(19),
        "memory/main.sqlite": at(2),
        "memory/helper.sqlite": at(2),
      }),
    ],
    ["a file put aside that was cleaned away", state({}, jobsPutAside), state({})],
  ])("does not count %s", (_, before, now) => {
    expect(movedState(before, now)).toEqual([]);
  });

  it("counts a place beside the state only where it was read both times", () => {
    const key = "/srv/config/tokens.sqlite";
    const read = { places: ["/srv/config"] };
    expect(movedState(state({}, read), state({ [key]: at(1) }, read))).toEqual([`${key} is new`]);
    expect(movedState(state({ [key]: at(1) }, read), state({}, read))).toEqual([`${key} is gone`]);
    expect(movedState(state({ [key]: at(1) }, read), state({ [key]: at(2) }, read))).toEqual([
      `${key} 1 -> 2`,
    ]);
    // Declared later, or state no more: no restore of that snapshot brings it back.
    const archives = { "/srv/config/jobs.json.migrated": "2 bytes" };
    expect(movedState(state({}), state({ [key]: at(1) }, { ...read, archives }))).toEqual([]);
    expect(movedState(state({ [key]: at(1) }, read), state({}))).toEqual([]);
  });

  it("counts another agent's database of another schema, an empty one, and one that went to another place", () => {
    const before = state({ [agent]: at(19), [tasks]: at(0), "empty/a.db": at(0, { schema: "" }) });
    const added = (path: string, marker: DatabaseMarker) =>
      movedState(before, state({ ...before.databases, [path]: marker }));
    expect(added("agents/helper/agent/openclaw-agent.sqlite", at(20))).toHaveLength(1);
    expect(added("empty/b.db", at(0, { schema: "" }))).toHaveLength(1);
    expect(added("state/runs.sqlite", at(0))).toHaveLength(1);
  });
});

/** What real gateways did to a state of three agents with a session each and a cron job, as executed. */
describe("the jumps of OpenClaw", () => {
  const v6 = { [shared]: at(1), [agent]: at(1) };
  const v7 = { [shared]: at(1, { migrations: checkpoint("1") }), [agent]: at(1) };
  const v91 = { [shared]: at(15), [agent]: at(19) };
  const v94 = { [shared]: at(17), [agent]: at(19) };
  const v96 = { [shared]: at(18), [agent]: at(23) };

  it.each<[jump: string, before: Markers, after: Markers, withState: boolean]>([
    ["4.23 -> 6.11", state({ [tasks]: at(0) }), state({ [shared]: at(1) }, jobsPutAside), true],
    [
      "4.23 -> 6.11, had it kept tasks/runs.sqlite",
      state({ [tasks]: at(0) }),
      state({ [tasks]: at(0), [shared]: at(1) }),
      true,
    ],
    ["6.11 -> 7.1-2, which leaves its checkpoint", state(v6), state(v7), true],
    [
      "6.11 -> 7.1-2, configuration written since",
      state(v6, { configVersion: "2026.6.11" }),
      state(v6, { configVersion: "2026.7.1-2" }),
      true,
    ],
    ["9.1 -> 9.4, which refuses the state and leaves it", state(v91), state(v91), false],
    ["9.1 -> 9.4 after doctor --fix", state(v91), state(v94), true],
    ["7.1-2 -> 9.6", state(v7), state(v96), true],
    ["9.4 -> 9.6", state(v94), state({ ...v96, "state/openclaw-quarantine.sqlite": at(2) }), true],
    [
      "4.23 -> 9.6, half done",
      state({ [tasks]: at(0) }),
      state({ [tasks]: at(0), [shared]: at(18) }, jobsPutAside),
      true,
    ],
    [
      "4.23 -> 9.6, as far as cron/jobs.json",
      state({ [tasks]: at(0) }),
      state({ [tasks]: at(0) }, jobsPutAside),
      true,
    ],
  ])("%s", (_, before, after, withState) => {
    expect(movedState(before, after).length > 0).toBe(withState);
  });
});

describe("isOfVersion", () => {
  it.each([
    [
      true,
      [
        "main.sqlite",
        shared,
        agent,
        tasks,
        "workspaced.db",
        "tmp.db",
        "agents/workspace.db",
        "flows/cache.db",
      ],
    ],
    [
      false,
      ["workspace/a.db", "workspace-helper/a/b.db", "agents/x/workspace/a.db", "tmp/a.db", "a/b.lock.sqlite"],
    ],
    [false, ["workspace/line\nbreak.db", "node_modules/a.db", "x/node_modules/a.db"]],
    // Mounted elsewhere, by their paths in the container.
    [true, ["/home/node/.config/openclaw/tokens.sqlite", "/srv/workspaced/a.db"]],
    [false, ["/home/node/.openclaw/workspace/a.db", "/data/workspace-main/a/b.db", "/srv/media/a.db"]],
  ])("is %s", (expected, paths) => {
    expect(paths.filter((path) => isOfVersion(path) !== expected)).toEqual([]);
  });
});
