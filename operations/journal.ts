import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Move } from "../evidence/move.ts";
import type { CutOverEntry } from "../evidence/records.ts";
import { readDocument, writeWhole } from "./whole-file.ts";

/** Up to and with `removing` the old container may still be there; from `restoring` on it is gone. */
export type CutOverPhase = "draining" | "stopping" | "snapshotting" | "removing" | "restoring" | "creating";

/**
 * Where a cut-over stands. Written before each step that a kill could leave half done, removed once the workload
 * serves again: what `fleet recover` and the next `up` read.
 */
export interface CutOverJournal {
  phase: CutOverPhase;
  /** Image of the container that is replaced. */
  from: string;
  move: Move;
  /** Known from `removing` on: what goes on record once the old container is gone. */
  cutOver?: CutOverEntry;
  /** ISO 8601. */
  since: string;
}

export class Journal {
  readonly #file: string;

  constructor(folder: string) {
    this.#file = join(folder, "cut-over.json");
  }

  async read(): Promise<CutOverJournal | undefined> {
    return (await readDocument(this.#file)) as CutOverJournal | undefined;
  }

  write(entry: Omit<CutOverJournal, "since">): Promise<void> {
    return writeWhole(this.#file, { ...entry, since: new Date().toISOString() });
  }

  async clear(): Promise<void> {
    await rm(this.#file, { force: true });
  }
}

/** The image whose state this is, for a workload without a container; undefined when the journal doesn't know. */
export function imageOfInterruptedCutOver(journal: CutOverJournal | undefined): string | undefined {
  return journal === undefined || journal.phase === "restoring" || journal.phase === "creating"
    ? undefined
    : journal.from;
}
