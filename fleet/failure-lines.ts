/** Longer than this is for the engine's log, not for a summary. */
const longest = 14;

/**
 * What failed, out of the engine's closing diagnostics, each line once: from the verdict to the way back where a workload
 * said one, else the last errors.
 */
export function failureLines(output: string): string[] {
  const at = output.lastIndexOf("Diagnostics:");
  const lines = output
    .slice(at === -1 ? 0 : at)
    .split("\n")
    .map((line) => line.replace(/^ *(error: )?/, "").trimEnd())
    .filter((line, index, all) => line !== "" && all.indexOf(line) === index && !isFrame(line));
  const wayBack = lines.findIndex((line) => line.includes("The way back: "));
  const begin = lines
    .slice(0, wayBack + 1)
    .findLastIndex((line) => /^[^ ]+: [a-z ]+ (failed|inconclusive)\b/.test(line));
  if (wayBack !== -1) return lines.slice(begin === -1 ? wayBack : begin, wayBack + 1).slice(-longest);
  const failed = lines.findIndex((line) => /^[^ ]+: [a-z ]+ failed: /.test(line));
  return failed === -1 ? lines.slice(-longest) : lines.slice(failed, failed + longest);
}

/** The engine's own words around what a program said. */
function isFrame(line: string): boolean {
  return (
    /^(Diagnostics:|Resources:|Duration:|update failed$|preview failed$)/.test(line) ||
    /^[a-z]+:[^ ]* \([^)]*\):$/i.test(line) ||
    /^(exit status|\d+ error|Running hook|running '?"?node)/.test(line)
  );
}
