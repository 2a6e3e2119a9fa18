import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Move } from "../evidence/move.ts";
import type { CutOverEntry } from "../evidence/records.ts";
import { readDocument, writeWhole } from "./whole-file.ts";

/**
 * Where a cut-over stands. Each phase is written before the step that a kill could leave half done; the journal is
 * removed once the workload serves again (gate, serve, `fleet recover`).
 *
 * | phase          | written by, before                        | the old container    | the state is                          |
 * |----------------|-------------------------------------------|----------------------|---------------------------------------|
 * | `draining`     | cut-over, before its requests are held    | serves               | of `from`                             |
 * | `stopping`     | cut-over, before the stop                 | serves or is stopped | of `from`                             |
 * | `snapshotting` | cut-over, before the snapshot             | is stopped           | of `from`                             |
 * | `migrating`    | cut-over or restore hook, before the first step of a migration | is stopped or gone | half moved; `cutOver.snapshot` is that of before |
 * | `removing`     | cut-over, when the snapshot is checked    | is stopped or gone   | of `from`, and `cutOver.snapshot` is it; with `migrated` of `move.to` |
 * | `restoring`    | restore hook, before the state is set back | is gone             | half that of `move.restore`           |
 * | `creating`     | restore hook, when the state is ready     | is gone              | of `move.to`: it may have been started |
 *
 * What a run that comes later makes of it stands in interrupted.ts (how its plan reads it) and creation.ts (what its
 * restore hook does). No phase says that something was *done*: only the records do.
 */
export type CutOverPhase =
  | "draining"
  | "stopping"
  | "snapshotting"
  | "migrating"
  | "removing"
  | "restoring"
  | "creating";

/** What `fleet recover` and the next `up` read. */
export interface CutOverJournal {
  phase: CutOverPhase;
  /** Image of the container that is replaced. */
  from: string;
  move: Move;
  /**
   * Known from `removing` on: what goes on record once the old container is gone. Written here before it is appended, so
   * from `restoring` on it may or may not be on record yet.
   */
  cutOver?: CutOverEntry;
  /** With `removing`: the migration has ended. Nothing of the old version may be started on this state. */
  migrated?: true;
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
