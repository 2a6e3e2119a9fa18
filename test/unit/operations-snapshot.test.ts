import { describe, expect, it } from "vitest";
import { damagedDatabases, markersOf, parseScriptReport } from "../../operations/snapshot/markers.ts";
import { parseSummary } from "../../operations/snapshot/take.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("parseScriptReport", () => {
  it("reads databases, the stamped version and numbers, whatever the paths contain", () => {
    const path = "./memory/it's a\ttab.sqlite";
    const report = parseScriptReport(
      [
        `database\t${base64(path)}\t3\tok`,
        `database\t${base64("./broken.db")}\tunreadable\t*** in database main ***`,
        `config\t${base64("2026.4.23")}`,
        "state-free\t4096",
        '{"message_type":"summary"}',
      ].join("\n"),
    );
    expect(markersOf(report)).toEqual({
      databases: { "memory/it's a\ttab.sqlite": 3 },
      configVersion: "2026.4.23",
    });
    expect(report.numbers).toEqual({ "state-free": 4096 });
    expect(damagedDatabases(report)).toEqual(["broken.db: *** in database main ***"]);
  });

  it("leaves out a version that OpenClaw never stamped", () => {
    expect(markersOf(parseScriptReport("config\t\n"))).toEqual({ databases: {} });
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
