import { setTimeout as sleep } from "node:timers/promises";
import { duration } from "./progress.ts";

/** A busy machine takes many times as long as a quiet one: only what hangs comes to this end. Milliseconds. */
const patience = 3_600_000;

export interface Wait {
  /** Whether it is there. */
  look: () => Promise<boolean>;
  /** Whether it can still come. */
  alive: () => Promise<boolean>;
  /** Milliseconds between two looks. */
  pause: number;
  /** Milliseconds after which nobody waits any longer. Default: an hour. */
  patienceMs?: number;
}

/** Undefined once it is there, else why nobody waits any longer: a clause. */
export async function waitFor({
  look,
  alive,
  pause,
  patienceMs = patience,
}: Wait): Promise<string | undefined> {
  for (const end = Date.now() + patienceMs; ; await sleep(pause)) {
    if (await look()) return undefined;
    if (!(await alive())) return "it has ended";
    if (Date.now() >= end) return `it runs and has not answered for ${duration(patienceMs)}`;
  }
}
