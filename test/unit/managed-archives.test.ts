import { expect, test } from "vitest";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { expiredArchives } from "../../lifecycle/managed/archives.ts";
import { recorder } from "../support/records.ts";

const [old, next] = [1, 2].map((n) => `registry.test/agent:${n}@sha256:${String(n).repeat(64)}`) as [
  string,
  string,
];

const history = recorder({ workload: "bot-a" });

function backup(number: number): EvidenceEntry {
  return {
    kind: "snapshot",
    role: "backup",
    snapshot: `backup-${number}`,
    image: old,
    files: 1,
    bytes: 1,
    seconds: 1,
    markers: { databases: {} },
    archive: { file: `/evidence/backups/bot-a-${number}.tar.gz`, sha256: "" },
  };
}

const forward: EvidenceEntry = {
  kind: "cut-over",
  from: old,
  to: next,
  direction: "forward",
  snapshot: "backup-1",
  drained: { active: 0, seconds: 0, cut: 0 },
  stop: { seconds: 0, killed: false },
};

test("archives of releases that can be gone back to stay, and the newest; only what is on record goes", () => {
  const records = history(backup(1), forward, backup(2), backup(3), backup(4));
  const present = [1, 2, 3, 4].map((number) => `bot-a-${number}.tar.gz`).concat("somebody-elses.tar.gz");
  expect(expiredArchives(present, records, 1)).toEqual(["bot-a-2.tar.gz", "bot-a-3.tar.gz"]);
  expect(expiredArchives(["bot-a-3.tar.gz"], records, 1)).toEqual(["bot-a-3.tar.gz"]);
  expect(expiredArchives(present, records, 9)).toEqual([]);
});
