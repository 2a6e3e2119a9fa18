import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { PreparedMove } from "./move.ts";

/** `prepared`: there is a way back and nothing was changed yet. `moving`: something may have been. */
export interface ManagedJournal {
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
    await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 });
    const entry: ManagedJournal = { phase, prepared, since: new Date().toISOString() };
    await writeFile(this.#file, JSON.stringify(entry), { mode: 0o600 });
  }

  /**
   * What a move goes on with: what an interrupted one began from, however long ago; a preparation only while its backup
   * is younger than `longest` seconds, because what came since would be lost with it.
   */
  async resume(longest: number): Promise<PreparedMove | undefined> {
    const found = await this.#read();
    if (found === undefined) return undefined;
    const age = (Date.now() - Date.parse(found.since)) / 1000;
    return found.phase === "moving" || age <= longest ? found.prepared : undefined;
  }

  async clear(): Promise<void> {
    await rm(this.#file, { force: true });
  }

  async #read(): Promise<ManagedJournal | undefined> {
    try {
      return JSON.parse(await readFile(this.#file, "utf8")) as ManagedJournal;
    } catch {
      return undefined;
    }
  }
}
