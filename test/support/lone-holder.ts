import { existsSync, openSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Work under a lock: shows by a file of its own that it holds it alone, and keeps it until another file is there. */
export async function holdAlone(witness: string, until: string): Promise<void> {
  // Fails while another one holds it.
  openSync(witness, "wx");
  process.stdout.write("held\n");
  while (until !== "" && !existsSync(until)) await sleep(20);
  rmSync(witness);
}
