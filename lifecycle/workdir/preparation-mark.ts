import { join } from "node:path";
import { DocumentDamaged, readDocument, writeWhole } from "./whole-file.ts";

interface Mark {
  /** The attempt that the last preparation ran for: part of what triggers it. */
  attempt: string;
  /** ISO 8601: when it had passed. */
  since: string;
  /** What it was made for has not come to its gate yet. */
  open: boolean;
}

/**
 * Whether the last preparation of a workload has led to anything. One that belongs to an update which failed says nothing
 * of the state and the containers as they are now: the next update prepares anew.
 */
export class PreparationMark {
  readonly #file: string;

  constructor(folder: string) {
    this.#file = join(folder, "preparation.json");
  }

  /** The attempt of the next preparation: another one than the last, when that one led to nothing. */
  async attempt(): Promise<string> {
    const mark = await this.#read();
    return mark === undefined ? "" : mark.open ? mark.since : mark.attempt;
  }

  /** @param open false for a preparation that nothing is created after */
  passed(attempt: string, open: boolean): Promise<void> {
    return writeWhole(this.#file, { attempt, since: new Date().toISOString(), open } satisfies Mark);
  }

  async used(): Promise<void> {
    const mark = await this.#read();
    if (mark?.open === true) {
      await writeWhole(this.#file, { ...mark, open: false } satisfies Mark);
    }
  }

  /** This machine's memory and no evidence: what can't be read is as good as nothing, and costs one more preparation. */
  async #read(): Promise<Mark | undefined> {
    try {
      return (await readDocument(this.#file)) as Mark | undefined;
    } catch (error) {
      if (error instanceof DocumentDamaged) return undefined;
      throw error;
    }
  }
}
