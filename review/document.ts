import type { Review } from "./review.ts";
import type { OtherRow, Row } from "./row.ts";

/** A comment may have 65,536 characters: what is longer is cut here, never the verdict. */
const most = { rows: 100, others: 30, findings: 40, told: 40 } as const;

/** By this line a later review finds the comment of an earlier one. */
export function markOf(stack: string): string {
  return `<!-- clawforce-review ${stack} -->`;
}

/** The whole review as GitHub's Markdown: to be read, pasted or posted. Nothing in it comes from a clock. */
export function documentOf(review: Review): string {
  const { stack, rows, others, refusals, warnings } = review;
  return `${[
    markOf(stack),
    `## Review of ${code(stack)}: ${refusals.length > 0 ? "refused" : "passed"}`,
    "",
    `${verdictOf(review)} ${changesOf(review)}`,
    ...(rows.length === 0 ? [] : ["", ...table(workloadHeads, rows.map(cellsOf), most.rows)]),
    ...listed("Refused", refusals),
    ...listed("Warnings", warnings),
    ...(others.length === 0
      ? []
      : ["", "### Other operations", "", ...table(otherHeads, others.map(otherCells), most.others)]),
    "",
    "<details>",
    "<summary>Counts, rules and the program's own plan</summary>",
    "",
    ...detailsOf(review),
    "",
    "</details>",
  ].join("\n")}\n`;
}

/** The same in a few lines, for a terminal. */
export function summaryOf(review: Review): string {
  const { stack, rows, refusals, warnings } = review;
  return [
    ...rows.map(({ workload, from, to, operation }) => `  ${workload}: ${operation}${fromTo(from, to)}`),
    ...refusals.map((each) => `  refused: ${each}`),
    ...warnings.map((each) => `  warning: ${each}`),
    `${stack}: ${refusals.length > 0 ? "refused" : "passed"}. ${verdictOf(review)} ${changesOf(review)}`,
    "",
  ].join("\n");
}

function fromTo(from: string, to: string): string {
  if (from === to || (from === "" && to === "")) return "";
  return from === "" ? ` on ${to}` : to === "" ? ` (${from})` : ` ${from} -> ${to}`;
}

function verdictOf({ refusals, warnings }: Review): string {
  const [refused, warned] = [counted(refusals.length, "refusal"), counted(warnings.length, "warning")];
  return `${refused}, ${warned}.`.replace(/^n/, "N");
}

function changesOf({ rows, untouched }: Review): string {
  const all = rows.length + untouched;
  return rows.length === 0
    ? `Nothing happens to ${counted(all, "workload")}.`
    : `Something happens to ${rows.length} of ${counted(all, "workload")}.`;
}

function counted(count: number, noun: string): string {
  return `${count === 0 ? "no" : count} ${noun}${count === 1 ? "" : "s"}`;
}

const workloadHeads = ["Workload", "Track", "From", "To", "Operation", "Pauses", "State"];
const otherHeads = ["Resource", "Type", "Operation"];

function cellsOf({ workload, track, from, to, operation, pauses, state }: Row): string[] {
  return [code(workload), track, code(from), code(to), plain(operation), plain(pauses), plain(state)];
}

function otherCells({ resource, type, operation }: OtherRow): string[] {
  return [code(resource), code(type), plain(operation)];
}

function table(heads: readonly string[], rows: readonly string[][], longest: number): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => (cell === "" ? " " : cell)).join(" | ")} |`;
  return [
    line(heads),
    line(heads.map(() => "---")),
    ...rows.slice(0, longest).map(line),
    ...(rows.length > longest ? ["", `And ${rows.length - longest} more.`] : []),
  ];
}

function listed(title: string, sentences: readonly string[]): string[] {
  if (sentences.length === 0) return [];
  return [
    "",
    `### ${title}`,
    "",
    ...sentences.slice(0, most.findings).map((sentence, index) => `${index + 1}. ${plain(sentence)}`),
    ...(sentences.length > most.findings ? ["", `And ${sentences.length - most.findings} more.`] : []),
  ];
}

function detailsOf({ operations, rules, told }: Review): string[] {
  const counts = Object.entries(operations).map(([op, count]) => `${count} ${plain(op)}`);
  return [
    `- Operations: ${counts.length === 0 ? "none" : counts.join(", ")}`,
    `- Rules of the pack that ran: ${rules.length === 0 ? "none" : rules.map(code).join(", ")}`,
    ...told.slice(0, most.told).map((line) => `- ${plain(line)}`),
    ...(told.length > most.told ? [`- And ${told.length - most.told} more lines.`] : []),
  ];
}

/** In code nothing is a link, a mention or HTML; a bar would end the cell all the same. */
function code(text: string): string {
  return text === "" ? "" : `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;
}

/** Names and messages come from the program under review: none of them becomes a link, a mention or HTML. */
function plain(text: string): string {
  return text
    .replace(/[\\`*_[\]<|~]|^>/g, (character) => `\\${character}`)
    .replace(/(?<!\w)@(?=\w)/g, "&#64;")
    .replace(/(?<=https?):/g, "&#58;");
}
