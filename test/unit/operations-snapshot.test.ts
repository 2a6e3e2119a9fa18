import { describe, expect, it } from "vitest";
import { damagedDatabases, markersOf, parseScriptReport } from "../../lifecycle/snapshot/markers.ts";
import { parseSummary } from "../../lifecycle/snapshot/take.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("parseScriptReport", () => {
  it("reads databases, what was put aside, the stamped version and numbers, whatever the paths contain", () => {
    const path = base64("./memory/it's a\ttab.sqlite");
    const report = parseScriptReport(
      [
        `database\t${path}\t3\t0123456789abcdef\tok`,
        `migration\t${path}\t${base64("goose_db_version")}\t${base64("12")}\tfedcba9876543210`,
        `database\t${base64("./broken.db")}\tunreadable\t\t*** in database main ***`,
        `database\t${base64("./workspace/own.db")}\t1\t\tok`,
        `archive\t${base64("cron/jobs.json.migrated")}\t12 bytes of 2026-11-29+10:00:00`,
        `config\t${base64("2026.4.23")}`,
        "state-free\t4096",
        '{"message_type":"summary"}',
      ].join("\n"),
    );
    expect(markersOf(report)).toEqual({
      databases: {
        "memory/it's a\ttab.sqlite": {
          userVersion: 3,
          schema: "0123456789abcdef",
          migrations: { goose_db_version: { version: "12", rows: "fedcba9876543210" } },
        },
        "broken.db": { unreadable: "*** in database main ***" },
      },
      archives: { "cron/jobs.json.migrated": "12 bytes of 2026-11-29+10:00:00" },
      configVersion: "2026.4.23",
    });
    expect(report.numbers).toEqual({ "state-free": 4096 });
    expect(damagedDatabases(report)).toMatchObject([
      { path: "broken.db", verdict: "*** in database main ***" },
    ]);
  });

  it("sums up what was put aside in one folder, and tells it from other files there", () => {
    const archive = (path: string) => `archive\t${base64(path)}\t1 bytes of 2026-11-29+10:00:00`;
    const archivesOf = (...paths: string[]) =>
      markersOf(parseScriptReport(paths.map(archive).join("\n"))).archives ?? {};
    const two = archivesOf("agents/a/sessions/1.jsonl.migrated", "agents/a/sessions/2.jsonl.migrated");
    expect(Object.keys(two)).toEqual(["agents/a/sessions/*.migrated"]);
    expect(archivesOf("agents/a/sessions/2.jsonl.migrated", "agents/a/sessions/1.jsonl.migrated")).toEqual(
      two,
    );
    expect(
      archivesOf("agents/a/sessions/1.jsonl.migrated", "agents/a/sessions/3.jsonl.migrated"),
    ).not.toEqual(two);
    expect(Object.keys(archivesOf("runs.migrated"))).toEqual(["runs.migrated"]);
    expect(Object.keys(archivesOf("a.migrated", "b.migrated"))).toEqual(["*.migrated"]);
  });

  it("leaves out a version that OpenClaw never stamped", () => {
    expect(markersOf(parseScriptReport("config\t\n"))).toEqual({ databases: {}, archives: {} });
  });
});

describe("parseSummary", () => {
  it("takes restic's last word", () => {
    const stdout = [
      "database\teA==\t1\tok",
      '{"message_type":"status","percent_done":1}',
      '{"message_type":"summary","total_files_processed":3,"total_bytes_processed":812,"snapshot_id":"1faa67ec"}',
      "",
    ].join("\n");
    expect(parseSummary(stdout)).toEqual({ snapshot: "1faa67ec", files: 3, bytes: 812 });
  });

  it("trusts no snapshot that restic did not sum up", () => {
    expect(() => parseSummary('{"message_type":"status"}\n')).toThrow(
      "restic ended without a summary: the snapshot is not to be trusted.",
    );
  });
});
