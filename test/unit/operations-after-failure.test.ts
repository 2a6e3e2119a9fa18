import { expect, test } from "vitest";
import type { CutOverEntry, EvidenceRecord } from "../../lifecycle/evidence/records.ts";
import { afterFailure } from "../../lifecycle/update/after-failure.ts";
import { candidate, stable } from "./config-fixture.ts";

const done = { drained: { active: 0, seconds: 0, cut: 0 }, stop: { seconds: 0, killed: false } };

function moved(from: string, to: string, direction: CutOverEntry["direction"], snapshot: string) {
  return { kind: "cut-over", from, to, direction, snapshot, ...done } as EvidenceRecord;
}

test("an instance that a control plane manages is told of the archive of its backup, and of no command that does not work for it", () => {
  const copy = { kind: "snapshot", snapshot: "backup-12", archive: { file: "/e/bot-12.tar.gz", sha256: "" } };
  const records = [
    copy as EvidenceRecord,
    moved(stable, candidate, "forward", "backup-12"),
    moved(candidate, stable, "back", "backup-12"),
  ];
  const workload = {
    stack: "prod",
    name: "bot",
    image: stable,
    wayBack: "set it back.",
    managed: true as const,
  };
  const said = afterFailure(workload, records);
  expect(said).toContain("bot runs the version of before again.");
  expect(said).toContain("is backup-12 of the control plane, kept in /e/bot-12.tar.gz.");
  expect(said).not.toContain("fleet restore");
});
