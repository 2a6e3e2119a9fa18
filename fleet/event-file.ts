import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventsIn, type ProgramEvent } from "../lifecycle/events.ts";

/** Milliseconds between two looks: what a person sees is fresh enough, and an update of minutes costs nothing by it. */
const pause = 250;

/** The file that the programs of one update add their events to, read while it grows. */
export class EventFile {
  readonly path: string;
  readonly #folder: string;
  readonly #onEvent: (event: ProgramEvent) => void;
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);
  #reading: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  private constructor(folder: string, onEvent: (event: ProgramEvent) => void) {
    this.#folder = folder;
    this.path = join(folder, "events.jsonl");
    this.#onEvent = onEvent;
  }

  static async open(onEvent: (event: ProgramEvent) => void): Promise<EventFile> {
    const file = new EventFile(await mkdtemp(join(tmpdir(), "clawforce-events-")), onEvent);
    await writeFile(file.path, "", { mode: 0o600 });
    file.#timer = setInterval(() => file.#look(), pause);
    return file;
  }

  /** Hands over what is left, and removes the file. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#look();
    await this.#reading;
    await rm(this.#folder, { recursive: true, force: true });
  }

  #look(): void {
    this.#reading = this.#reading.then(() => this.#read());
  }

  async #read(): Promise<void> {
    const file = await open(this.path, "r");
    try {
      const { size } = await file.stat();
      const { buffer, bytesRead } = await file.read(
        Buffer.alloc(Math.max(0, size - this.#offset)),
        0,
        size - this.#offset,
        this.#offset,
      );
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
