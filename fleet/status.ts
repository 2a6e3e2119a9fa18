import type { Command } from "./command.ts";
import { type Look, look } from "./running.ts";
import { configOf } from "./stack.ts";
import { type StackStatus, statusLines } from "./status-table.ts";
import { workloadStatus } from "./workload-status.ts";

/** Of a stack in which something is not as the configuration wants it. */
export const differs = 3;

export const status: Command = {
  name: "status",
  summary: "what runs, by digest, and whether it is what the configuration wants",
  help: `
Reads the stack file, what runs on the platform and the evidence directory. Changes nothing. It needs neither Pulumi's engine nor
its lock, so it also works during an update, or after its deployer died.

Exit code 0: everything is as the configuration wants it. 3: something differs; the lines below the table say what.
1: it could not be read.`,
  flags: { json: { type: "boolean", does: "the same as one JSON document, with whole digests" } },
  async run({ stack, configFile, flags, out }) {
    const found = stackStatus(await look(configOf({ stack, configFile }), stack));
    out.write(`${flags.json === true ? JSON.stringify(found, null, 2) : statusLines(found).join("\n")}\n`);
    return found.asWanted ? 0 : differs;
  },
};

export function stackStatus(looked: Look, now = new Date()): StackStatus {
  const workloads = looked.workloads.map((workload) => workloadStatus(workload, now));
  return {
    stack: looked.stack,
    host: looked.host,
    time: now.toISOString(),
    asWanted: looked.strays.length === 0 && workloads.every(({ differences }) => differences.length === 0),
    workloads,
    notInConfiguration: looked.strays,
  };
}
