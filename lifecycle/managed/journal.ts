import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readDocument, writeWhole } from "../workdir/whole-file.ts";
import type { PreparedMove } from "./move-instance.ts";

/** `prepared`: there is a way back and nothing was changed yet. `moving`: something may have been. */
interface ManagedJournal {
  phase: "prepared" | "moving";
  prepared: PreparedMove;
  /** ISO 8601. */
  since: string;
}

/** The way back of a managed instance's move: kept from its preparation until the move has come to an end. */
export class ManagedMoveJournal {
  readonly #file: string;

  constructor(folder: string) {
    this.#file = join(folder, "managed-move.json");
  }

  async write(phase: ManagedJournal["phase"], prepared: PreparedMove): Promise<void> {
    const entry: ManagedJournal = { phase, prepared, since: new Date().toISOString() };
    await writeWhole(this.#file, entry);
  }

  /**
   * What a move goes on with: what an interrupted one began from, however long ago; a preparation only while its backup
   * is younger than `longest` seconds, because what came since would be lost with it.
   */
  async resume(longest: number): Promise<PreparedMove | undefined> {
    const found = (await readDocument(this.#file)) as ManagedJournal | undefined;
    if (found === undefined) return undefined;
    const age = (Date.now() - Date.parse(found.since)) / 1000;
    return found.phase === "moving" || age <= longest ? found.prepared : undefined;
  }

  async clear(): Promise<void> {
    await rm(this.#file, { force: true });
  }
}
