import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { placeInMemory, scratchFolder } from "../support/scratch.ts";

/** An evidence directory of one test, with the logs of these workloads of the stack `prod`. */
export function evidenceDirectory(logs: Readonly<Record<string, readonly unknown[]>> = {}): string {
  const directory = scratchFolder(placeInMemory());
  for (const [workload, envelopes] of Object.entries(logs)) {
    const folder = join(directory, "prod", workload);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lines = envelopes.map((envelope) => `${JSON.stringify(envelope)}\n`);
    writeFileSync(join(folder, "records.jsonl"), lines.join(""), { mode: 0o600 });
  }
  return directory;
}

/** Adds text to a log as it is. */
export function addToLog(directory: string, workload: string, text: string): void {
  appendFileSync(join(directory, "prod", workload, "records.jsonl"), text);
}
