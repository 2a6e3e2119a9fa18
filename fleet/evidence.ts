import { readdir } from "node:fs/promises";
import { dirname } from "node:path";
import { workloadsOf } from "../config/rollout.ts";
import type { StackConfig } from "../config/schema.ts";
import { type Chain, lengthOf } from "../lifecycle/evidence/chain.ts";
import { EvidenceDamaged } from "../lifecycle/evidence/failure.ts";
import { EvidenceKeys } from "../lifecycle/evidence/keys.ts";
import { EvidenceLog, workloadFolder } from "../lifecycle/evidence/log.ts";
import { type Examined, examine, isSick, repair, whatIsWrong } from "../lifecycle/evidence/repair.ts";
import { restoreOf } from "../lifecycle/evidence/restore-order.ts";
import type { Situation } from "../lifecycle/update/situation.ts";
import { keySettings } from "../lifecycle/update/workload-input.ts";
import { logOf } from "../lifecycle/workload.ts";
import { OperationFailure } from "../platforms/failure.ts";
import { type Command, CommandFailure, type Invocation, type Output } from "./command.ts";
import { operationProcesses } from "./operations-under-way.ts";
import { workloadNamed } from "./restore.ts";
import { situationsOf } from "./situations.ts";
import { configOf } from "./stack.ts";
import { tableLines } from "./table.ts";

export const evidence: Command = {
  name: "evidence",
  summary: "whether the records are whole; how to go on with damaged or lost ones",
  help: `
check   Reads every log of the stack: its records, signatures and chain. Says where a chain breaks, what a kill has cut
        off, and which containers of this stack have no records. Changes nothing.
repair  For damaged records without a copy. Keeps the file aside, and begins a new one with the records before the first
        broken line. Puts on record what nothing proves any more. Without --yes it only says what that would be.
begin   For lost records without a copy. Puts on record what runs now, so that the workload can go forward again. It
        can't go back to an earlier release: no record knows its snapshot.

If there is a copy of the file or of the folder, put that back instead: it loses nothing. See docs/evidence.md.

Exit code 0: whole, or done. 1: something is damaged or lost, or it was refused; the last lines say what to do.`,
  argument: { name: "check|repair|begin", does: "what to do" },
  flags: {
    workload: { type: "string", value: "NAME", does: "whose records; check: only these" },
    yes: { type: "boolean", does: "repair: do it; without it nothing is touched" },
    because: { type: "string", value: "TEXT", does: "begin: why the records are lost, for the record" },
  },
  async run(invocation) {
    const config = configOf(invocation);
    switch (invocation.argument) {
      case "check":
        return check(config, invocation);
      case "repair":
        return repairOne(config, invocation);
      case "begin":
        return begin(config, invocation);
      default:
        throw new CommandFailure(
          "What is to be done with the evidence? Write `fleet evidence check`, `fleet evidence repair` or `fleet evidence begin`.",
        );
    }
  },
};

/** The workloads of the configuration, and those that have left it and whose records are there. */
async function workloadsWithRecords(config: StackConfig, stack: string): Promise<string[]> {
  const configured = workloadsOf(config).map(({ name }) => name);
  const folders = await readdir(workloadFolder(config.evidence.directory, stack, "."), {
    withFileTypes: true,
  }).catch(() => []);
  const others = folders
    .filter((each) => each.isDirectory() && each.name !== "reports")
    .map(({ name }) => name);
  return [...new Set([...configured, ...others.toSorted()])];
}

async function chosen(config: StackConfig, { stack, flags }: Invocation): Promise<string[]> {
  const known = await workloadsWithRecords(config, stack);
  if (flags.workload === undefined) return known;
  if (typeof flags.workload === "string" && known.includes(flags.workload)) return [flags.workload];
  throw new CommandFailure(
    `No workload is called ${JSON.stringify(flags.workload)}. There are ${known.join(", ")}.`,
  );
}

function logNamed(config: StackConfig, stack: string, name: string): EvidenceLog {
  return new EvidenceLog(config.evidence.directory, stack, name, new EvidenceKeys(keySettings(config)));
}

async function check(config: StackConfig, invocation: Invocation): Promise<number> {
  const { stack, out } = invocation;
  const names = await chosen(config, invocation);
  const { lost, unknown } = await lostOnes(config, stack);
  const rows: string[][] = [];
  const sick: string[] = [];
  for (const name of names) {
    const log = logNamed(config, stack, name);
    const { row, details } = await checkedLog(stack, name, log, lost.get(name));
    rows.push(row);
    sick.push(...details);
  }
  write(out, tableLines(["WORKLOAD", "RECORDS", "SIGNED", "TORN", "STATE"], rows), sick, unknown);
  write(out, [
    sick.length === 0
      ? `${stack}: the records of ${names.length === 1 ? "1 workload" : `${names.length} workloads`} are whole.`
      : `${stack}: records are damaged or missing. An update leaves these workloads as they are; the others go on.`,
  ]);
  return sick.length === 0 ? 0 : 1;
}

async function checkedLog(
  stack: string,
  name: string,
  log: EvidenceLog,
  lost: string | undefined,
): Promise<{ row: string[]; details: string[] }> {
  let examined: Examined;
  try {
    examined = await examine(log);
  } catch (error) {
    if (!(error instanceof EvidenceDamaged)) throw error;
    return { row: [name, "", "", "", "unreadable"], details: [`  ${name}: ${error.message}`] };
  }
  const { chain } = examined;
  const signed = chain.sealed.filter(({ record }) => record.signedBy !== undefined).length;
  const state = isSick(examined) ? "damaged" : lost !== undefined ? "lost" : "whole";
  return {
    row: [name, String(lengthOf(chain)), String(signed), String(chain.torn.length), state],
    details: isSick(examined)
      ? [`  ${name}: ${damageText(stack, name, log, examined)}`]
      : lost === undefined
        ? []
        : [`  ${name}: ${lost}`],
  };
}

function damageText(stack: string, name: string, { file }: EvidenceLog, examined: Examined): string {
  const { chain, lost } = examined;
  return (
    `${file}: ${whatIsWrong(examined)}. ${lengthOf(chain)} records before it are whole, ${lost} lines from there on prove nothing. ` +
    `Put the file back from a copy. If there is none: \`fleet evidence repair --stack ${stack} --workload ${name}\`.`
  );
}

/** The workloads whose container runs without records, by the Docker host; or why it could not be asked. */
async function lostOnes(
  config: StackConfig,
  stack: string,
): Promise<{ lost: Map<string, string>; unknown: string[] }> {
  try {
    const refused = (await situationsOf(config, stack)).filter(
      (each) => each.refused?.kind === "lost records",
    );
    const lost = refused.map(
      ({ input, refused: why }) => [input.name, `${why?.why}. ${why?.remedy}`] as const,
    );
    return { lost: new Map(lost), unknown: [] };
  } catch (error) {
    if (!(error instanceof OperationFailure)) throw error;
    return {
      lost: new Map(),
      unknown: [`It is not known whether a container runs without records: ${error.message}`],
    };
  }
}

async function repairOne(config: StackConfig, invocation: Invocation): Promise<number> {
  const { stack, flags, out } = invocation;
  if (flags.workload === undefined) {
    throw new CommandFailure(
      "Whose records? Name the workload with --workload; `fleet evidence check` says which.",
    );
  }
  const [name = ""] = await chosen(config, invocation);
  const log = logNamed(config, stack, name);
  const examined = await examine(log);
  if (!isSick(examined)) {
    throw new CommandFailure(
      `The records of ${name} are whole: there is nothing to repair, and nothing was touched.`,
    );
  }
  // Its records are this machine's: they are repaired whether or not the Docker host answers.
  const busy = (await operationProcesses(stack)).filter(({ workload }) => workload === name);
  if (busy.length > 0) {
    const who = busy.map(({ pid, purpose }) => `process ${pid} (${purpose})`).join(", ");
    throw new CommandFailure(
      `${who} works for ${name}: nothing was touched. Wait for it to end, then run the same again.`,
    );
  }
  const { chain, lost, unproved } = examined;
  refuseOpenOrder(config, name, chain);
  write(out, [
    `${name}: ${log.file}: ${whatIsWrong(examined)}.`,
    `It keeps ${lengthOf(chain)} records and loses ${lost} lines. From then on nothing proves:`,
    ...(unproved.length === 0 ? ["  nothing of weight was among them"] : unproved.map((each) => `  ${each}`)),
  ]);
  if (flags.yes !== true) {
    write(out, [
      `Nothing was touched. If there is a copy of ${log.file}, put it back: it loses nothing. Without a copy, run the same with --yes.`,
    ]);
    return 0;
  }
  const { file } = await repair(log, examined, new Date());
  write(out, [
    `Repaired. The damaged file is kept as ${dirname(log.file)}/${file}.`,
    `See what follows from it: \`pulumi preview --stack ${stack}\`.`,
  ]);
  return 0;
}

async function begin(config: StackConfig, { stack, flags, out }: Invocation): Promise<number> {
  const because = typeof flags.because === "string" ? flags.because.trim() : "";
  const workload = workloadNamed(await situationsOf(config, stack), flags.workload);
  refuseUnlessLost(workload);
  if (because === "") {
    throw new CommandFailure(
      'Why are the records lost, and why is there no copy? Say it for the record: --because "the disk of the old deployer is gone".',
    );
  }
  const { input, observed } = workload;
  refuseOpenOrder(config, input.name);
  const image = observed?.image ?? "";
  await logOf(input).append({ kind: "begun", image, container: observed?.id ?? "", because });
  write(out, [
    `${input.name}: on record: it runs ${image} (container ${observed?.id.slice(0, 12)}).`,
    `It can go forward again. It can't go back to an earlier release: no record knows its snapshot. See \`pulumi preview --stack ${stack}\`.`,
  ]);
  return 0;
}

/** With the records goes what tells an order that was carried out from one that was not: the next update would repeat it. */
function refuseOpenOrder(config: StackConfig, name: string, kept?: Chain): void {
  const order = workloadsOf(config).find((each) => each.name === name)?.restore;
  const records = kept?.sealed.map(({ record }) => record) ?? [];
  if (restoreOf(order, records) === undefined) return;
  throw new CommandFailure(
    `The stack file orders the state of ${name} back to snapshot ${order?.snapshot}. Without the lost records nobody can tell whether that was done, ` +
      "so the next update would do it again. Nothing was touched. Take its `restore` out of the stack file, then run the same again. " +
      "If the order is still to be carried out, write it again afterwards, under a name that was not used before.",
  );
}

function refuseUnlessLost({ input, records, refused }: Situation): void {
  if (refused?.kind === "lost records") return;
  throw new CommandFailure(
    refused?.kind === "damaged records"
      ? `The records of ${input.name} are damaged and not lost. ${refused.remedy}`
      : records.length > 0
        ? `${input.name} has ${records.length} records: they go on. Nothing was touched.`
        : `${input.name} has no container that this stack has made: its first start begins its records. Nothing was touched.`,
  );
}

function write(out: Output, ...parts: string[][]): void {
  out.write(parts.flatMap((lines) => lines.map((line) => `${line}\n`)).join(""));
}
