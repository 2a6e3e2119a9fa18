import { setTimeout as sleep } from "node:timers/promises";

/** What a look has found, or the reason why it has to be looked again. */
export type Look<Found> = { found: Found } | { waitsFor: string };

export interface Patience {
  /** Seconds. There is always one look, and one after that time. */
  deadline: number;
  /** Seconds between two looks. */
  interval: number;
  /** What is thrown when the time is over, with what the last look waited for. */
  late: (waitedFor: string) => Error | Promise<Error>;
}

/** Looks until there is what is waited for. A look that throws ends it: what will never come is not waited for. */
export async function until<Found>(
  look: () => Promise<Look<Found>>,
  { deadline, interval, late }: Patience,
): Promise<Found> {
  const end = performance.now() + deadline * 1000;
  for (;;) {
    const seen = await look();
    if ("found" in seen) return seen.found;
    if (performance.now() > end) throw await late(seen.waitsFor);
    await sleep(interval * 1000);
  }
}
