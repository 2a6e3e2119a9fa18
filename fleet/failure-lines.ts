import type { ProgramEvent } from "../lifecycle/events.ts";

/** Longer than this is for the engine's log, not for a summary. */
const longest = 14;

/** What failed, each line once: in the programs' own words, else in the engine's. */
export function failureLines(events: readonly ProgramEvent[], output: string): string[] {
  const said = events.filter(({ kind }) => kind === "failure").flatMap(({ text }) => text.split("\n"));
  return said.length > 0 ? linesOnce(said).slice(-longest) : engineLines(output);
}

/** The engine's closing diagnostics. */
export function engineLines(output: string): string[] {
  const at = output.lastIndexOf("Diagnostics:");
  const lines = output.slice(at === -1 ? 0 : at).split("\n");
  return linesOnce(
    lines.map((line) => line.replace(/^ *(error: )?/, "")).filter((line) => !isFrame(line)),
  ).slice(-longest);
}

function linesOnce(lines: readonly string[]): string[] {
  return [...new Set(lines.map((line) => line.trim()))].filter((line) => line !== "");
}

/** The engine's headings, which say nothing about what failed. */
function isFrame(line: string): boolean {
  return (
    /^(Diagnostics:|Resources:|Duration:|update failed$|preview failed$)/.test(line) ||
    /^[a-z]+:[^ ]* \([^)]*\):$/i.test(line) ||
    /^(exit status|\d+ error|Running hook|running '?"?node)/.test(line)
  );
}
