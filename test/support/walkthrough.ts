/** A command of a page, and what the page says that it prints. */
export interface Shown {
  command: string;
  /** Without the marks of a block; empty: the page shows none. */
  output: string;
}

/** What stands for text that differs from host to host, or is left out. */
const gap = "…";

/** A file that a page shows: its first line names it, as a comment. */
export interface ShownFile {
  file: string;
  text: string;
}

/** What is to be typed and the files that are to be written, in the order of the page. A command goes on after a backslash. */
export function stepsOf(page: string): (Shown | ShownFile)[] {
  const fences = /^ *```(console|yaml)\n(.*?)^ *```$/gms;
  return [...page.matchAll(fences)].flatMap(([, kind, block = ""]): (Shown | ShownFile)[] => {
    const text = dedented(block);
    if (kind === "console") return commandsIn(text);
    const file = /^# (\S+)\n/.exec(text)?.[1];
    return file === undefined ? [] : [{ file, text }];
  });
}

function commandsIn(block: string): Shown[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = ""] = /^(?:[^\n]*\\\n)*[^\n]*/.exec(part) ?? [];
      return { command, output: part.slice(command.length).trim() };
    });
}

/**
 * Whether a program has printed what a page shows: all of it, in this order. Columns may be wider, and a gap stands for any
 * text within its line, or for any lines where it is alone in one.
 *
 * @returns the first line of the page that is not there; undefined: all are.
 */
export function missingFrom(printed: string, shown: string): string | undefined {
  const lines = linesOf(printed);
  let at = 0;
  let anyLines = false;
  for (const wanted of linesOf(shown)) {
    if (wanted === gap) {
      anyLines = true;
      continue;
    }
    const pattern = new RegExp(`^${wanted.split(gap).map(escaped).join(".*")}$`);
    const found = lines.findIndex((line, index) => index >= at && pattern.test(line));
    if (found === -1 || (!anyLines && found > at)) return wanted;
    at = found + 1;
    anyLines = false;
  }
  return anyLines || at >= lines.length ? undefined : `the end, before: ${lines[at]}`;
}

/** Without empty lines, and with one space for many. */
function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.replace(/─+/g, "─").replace(/\s+/g, " ").trim())
    .filter((line) => line !== "");
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

function dedented(text: string): string {
  const lines = text.split("\n");
  const margin = Math.min(...lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(margin)).join("\n");
}
