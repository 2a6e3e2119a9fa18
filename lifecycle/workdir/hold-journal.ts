import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readDocument, writeWhole } from "./whole-file.ts";

/**
 * That a workload's requests are held. Written before the ingress is told, removed after it was told to let them in: so
 * what is held is known even when the ingress has lost it, or when the run that held it is dead.
 */
export interface Hold {
  /** ISO 8601. A hold that is renewed keeps the time of the first one. */
  since: string;
  /** ISO 8601: then the ingress ends it by itself and answers 503. */
  until: string;
  why: string;
}

export class HoldJournal {
  readonly #file: string;

  /** @param folder of the workload's evidence */
  constructor(folder: string) {
    this.#file = join(folder, "hold.json");
  }

  async read(): Promise<Hold | undefined> {
    return (await readDocument(this.#file)) as Hold | undefined;
  }

  write(hold: Hold): Promise<void> {
    return writeWhole(this.#file, hold);
  }

  async clear(): Promise<void> {
    await rm(this.#file, { force: true });
  }
}
