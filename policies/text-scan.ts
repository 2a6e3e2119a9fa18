/**
 * What can be told of a text without reading it: whether reading it is worth its time, and whether it is safe. Each look
 * goes through a text once.
 */

/** The words of all names that a rule about images goes by, in fields, settings, annotations and labels. */
const wordsOfImages =
  /image|repo|newname|importpolicy|inject|istio|dapr|keel|flux|watchtower|ouroboros|autoupdate/i;

/** In double quotes a character can be a number, and a word can go on in the next line. */
const otherSpelling = /\\[uUx\r\n]/;

/** A tag can pack a word, and its own name can be in disguise. */
const packing = /binary|%[0-9a-f]{2}|^%TAG/im;

/** Whether a name that speaks of an image can stand in a text, in any spelling of YAML's or JSON's. */
export function mayNameImage(text: string): boolean {
  return wordsOfImages.test(text) || otherSpelling.test(text) || (text.includes("!") && packing.test(text));
}

/** Whether a text can be a list or a mapping: one has a bracket, a dash, a question mark or a colon. */
export function mayHoldStructure(text: string): boolean {
  return /[[{]|(?:^|\s)[-?](?:\s|$)|:(?:\s|$)/.test(text);
}

/** Why a text was not read. */
export type Unread = "long" | "deep" | "tags" | "aliases";

/** Characters. No manifest that people write is longer. */
const longest = 256 * 1024;

/** More of them are on their way to nowhere: only a text that is to hold a reader up nests so deep. */
const deepest = 64;

/** Tags, anchors and aliases: a reader of YAML takes the square of their number. */
const mostProperties = 1000;

/** Why a text is not to be read as YAML; undefined: it can be. */
export function tooMuchIn(text: string): Unread | undefined {
  if (text.length > longest) return "long";
  if (nestsTooDeep(text)) return "deep";
  return hasTooManyProperties(text) ? "tags" : undefined;
}

function nestsTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === "[" || character === "{") depth += 1;
    else if (character === "]" || character === "}") depth -= 1;
    if (depth > deepest) return true;
  }
  return /^[ \t]*(?:[-?][ \t]+){64}/m.test(text);
}

function hasTooManyProperties(text: string): boolean {
  let count = 0;
  for (const _ of text.matchAll(/(?:^|[\s[{,:])[!&*]/g)) {
    count += 1;
    if (count > mostProperties) return true;
  }
  return false;
}
