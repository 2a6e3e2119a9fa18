/** What this review judges by itself, beside the rules of the pack, in the order of its documentation. */
export const checks = [
  "preview",
  "pack",
  "claims",
  "one-track",
  "move-first",
  "way-back",
  "cut-over",
  "state-kept",
  "secret-marked",
  "order",
] as const;

export type Check = (typeof checks)[number];

export interface Finding {
  check: Check;
  level: "refusal" | "warning";
  /** Name of the resource, or of what it is about. */
  resource: string;
  /** What is there. */
  what: string;
  /** Why it matters. */
  why: string;
  /** What to do instead. */
  write: string;
}

/** The form in which the policy pack says its own. */
export function sentenceOf({ check, resource, what, why, write }: Finding): string {
  return `[${check}] ${resource}: ${what}. Why: ${why}. Write: ${write}.`;
}

const longest = 160;
const longestLine = 600;

/** A value that somebody else has chosen, in quotes that show what an eye does not see. */
export function quoted(text: string): string {
  const escaped = visible(JSON.stringify(text.slice(0, longest)));
  return text.length > longest ? `${escaped.slice(0, -1)}…"` : escaped;
}

/** What somebody else has said, on one line. */
export function oneLine(text: string): string {
  const line = visible(text.trim().replace(/\s+/g, " "));
  return line.length > longestLine ? `${line.slice(0, longestLine)}…` : line;
}

function visible(text: string): string {
  return text.replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
