import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventsIn, type ProgramEvent } from "../lifecycle/events.ts";

/** Milliseconds between two looks: what a person sees is fresh enough, and an update of minutes costs nothing by it. */
const pause = 250;

/**
 * The file that the programs of one update add their events to, read while it grows. Whatever becomes of it, the update goes
 * on: then nobody watches, and the engine's own output is all there is.
 */
export class EventFile {
  /** Empty: there is none. */
  readonly path: string;
  readonly #folder: string;
  readonly #onEvent: (event: ProgramEvent) => void;
  readonly #timer: NodeJS.Timeout | undefined;
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);
  #reading: Promise<void> = Promise.resolve();

  private constructor(folder: string, onEvent: (event: ProgramEvent) => void) {
    this.#folder = folder;
    this.path = folder === "" ? "" : join(folder, "events.jsonl");
    this.#onEvent = onEvent;
    this.#timer = folder === "" ? undefined : setInterval(() => this.#look(), pause);
  }

  /** @param place folder that it is made in; default: that of temporary files */
  static async open(onEvent: (event: ProgramEvent) => void, place: string = tmpdir()): Promise<EventFile> {
    try {
      const folder = await mkdtemp(join(place, "clawforce-events-"));
      await writeFile(join(folder, "events.jsonl"), "", { mode: 0o600 });
      return new EventFile(folder, onEvent);
    } catch {
      return new EventFile("", onEvent);
    }
  }

  /** Hands over what is left, and removes the file. */
  async close(): Promise<void> {
    if (this.path === "") return;
    clearInterval(this.#timer);
    this.#look();
    await this.#reading;
    await rm(this.#folder, { recursive: true, force: true }).catch(() => {});
  }

  #look(): void {
    this.#reading = this.#reading.then(() => this.#read()).catch(() => {});
  }

  async #read(): Promise<void> {
    const file = await open(this.path, "r");
    try {
      const { size } = await file.stat();
      const length = Math.max(0, size - this.#offset);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, this.#offset);
      this.#offset += bytesRead;
      const all = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
      // A line that is being written now comes whole with the next look.
      const end = all.lastIndexOf("\n") + 1;
      this.#rest = all.subarray(end);
      for (const event of eventsIn(all.subarray(0, end).toString("utf8"))) this.#onEvent(event);
    } finally {
      await file.close();
    }
  }
}
