import { hearsayOf, type SealedRecord } from "../evidence/chain.ts";
import { EvidenceDamaged } from "../evidence/failure.ts";
import type { EvidenceLog } from "../evidence/log.ts";
import type { EvidenceRecord } from "../evidence/records.ts";
import { type Hold, HoldJournal } from "../workdir/hold-journal.ts";
import { type CutOverJournal, Journal } from "../workdir/journal.ts";
import { DocumentDamaged } from "../workdir/whole-file.ts";

/** What is on record of one workload, and what an interrupted update has left of it. */
export interface Known {
  /** Whole, or none: of damaged records nothing counts. */
  sealed: SealedRecord[];
  /** Whatever can be read, verified by nothing: it may keep something from being done and must never cause it. */
  hearsay: EvidenceRecord[];
  journal: CutOverJournal | undefined;
  hold: Hold | undefined;
  /** What is wrong with any of it, and what to do. */
  damaged: { what: string; remedy: string } | undefined;
}

/** Damage is an answer here: it concerns one workload, and the others go on. */
export async function knownOf(log: EvidenceLog, stack: string, name: string): Promise<Known> {
  const known: Known = { sealed: [], hearsay: [], journal: undefined, hold: undefined, damaged: undefined };
  const remedy =
    "Put the file back from a copy. What it still proves, and how to go on without the rest: " +
    `\`fleet evidence check --stack ${stack} --workload ${name}\`.`;
  try {
    known.sealed = await log.readSealed();
    known.hearsay = known.sealed.map(({ record }) => record);
  } catch (error) {
    if (!(error instanceof EvidenceDamaged)) throw error;
    known.damaged = { what: error.what, remedy };
    known.hearsay = hearsayOf(await log.text().catch(() => ""));
  }
  try {
    known.journal = await new Journal(log.folder).read();
    known.hold = await new HoldJournal(log.folder).read();
  } catch (error) {
    if (!(error instanceof DocumentDamaged)) throw error;
    known.damaged ??= { what: error.what, remedy: error.remedy };
  }
  return known;
}
