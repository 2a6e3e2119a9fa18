import { isDeepStrictEqual } from "node:util";
import { applyPatch, structuredPatch } from "diff";
import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  type ToStringOptions,
} from "yaml";
import type { Path } from "../config/problem.ts";
import { pathText } from "../config/problem.ts";
import { asPulumiReads } from "../config/stack-file.ts";
import { CommandFailure } from "./command.ts";

/** Mappings of one line without inner spaces, as in the example stack files. */
const anyStyle = { lineWidth: 0, flowCollectionPadding: false };

export type Setting = string | number | boolean | Setting[] | { [key: string]: Setting };

/** One setting below the namespace, as `["instanceGroups", "support", "wave"]`; undefined takes it out. */
export interface Edit {
  path: Path;
  value: Setting | undefined;
}

/** What an edit changes, as plain values; undefined: not set. */
export interface Change {
  path: Path;
  before: unknown;
  after: unknown;
}

/**
 * Makes edits in the text of a stack file. Lines that no edit changes stay as they were written, comments, order and blank
 * lines: a reviewer sees the lines that changed and no others. Only where a file mixes layouts around an edit, all of it is
 * written in one layout, with its comments and in its order. An edit that changes nothing is left out of `changes`.
 */
export function editStackText(text: string, edits: readonly Edit[]): { text: string; changes: Change[] } {
  const document = parseDocument(text, asPulumiReads);
  const style = styleOf(text, document);
  const changes: Change[] = [];
  let edited = text;
  for (const { path, value } of edits) {
    const keys = keysOf(path);
    const before = plain(document.getIn(keys, true), document);
    if (isDeepStrictEqual(before, value)) continue;
    const unchanged = document.toString(style);
    const expected = changed(document.toJS(), keys, value);
    if (value === undefined) takeOut(document, keys);
    else put(document, keys, value);
    if (!isDeepStrictEqual(document.toJS(), expected)) throw sharedSetting(path);
    edited = withChange(edited, unchanged, document.toString(style), document.toJS());
    changes.push({ path, before, after: value });
  }
  return { text: edited, changes };
}

/** An edit would change more than what it is for. */
function sharedSetting(path: Path): CommandFailure {
  return new CommandFailure(
    `${pathText(path)} is shared with another part of the stack file by an anchor (\`&name\`, \`*name\`, \`<<\`). ` +
      "A change there would change both; the stack file is as it was. Write that part out in full, then run the command again.",
  );
}

/** The value with one entry set, or taken out. Mappings that are not there yet are made. */
function changed(value: unknown, [key, ...rest]: readonly (string | number)[], entry: unknown): unknown {
  if (key === undefined) return entry;
  const all = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) };
  const next = changed(Reflect.get(all, key), rest, entry);
  if (next === undefined && rest.length === 0) Reflect.deleteProperty(all, key);
  else Reflect.set(all, key, next);
  return all;
}

/** One line for each change: path, old -> new. */
export function changeLines(changes: readonly Change[]): string[] {
  return changes.map(({ path, before, after }) => `${pathText(path)}: ${shown(before)} -> ${shown(after)}`);
}

function shown(value: unknown): string {
  if (value === undefined) return "(not set)";
  return typeof value === "string"
    ? value
    : stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim();
}

function keysOf([first, ...rest]: Path): (string | number)[] {
  return ["config", `clawforce:${first}`, ...rest];
}

function put(document: Document, keys: readonly (string | number)[], value: Setting): void {
  const before = document.getIn(keys, true);
  if (typeof value !== "object") {
    document.setIn(keys, value);
    return;
  }
  // What has parts of its own is read line by line.
  const isFlat = Object.values(value).every((each) => typeof each !== "object");
  const node = document.createNode(value, { flow: isFlat });
  if (isScalar(before)) {
    node.comment = before.comment ?? null;
    node.commentBefore = before.commentBefore ?? null;
  }
  document.setIn(keys, node);
}

/** A comment above a key may speak of more than this key, so it stays. */
function takeOut(document: Document, keys: readonly (string | number)[]): void {
  const parent = document.getIn(keys.slice(0, -1), true);
  const at = isMap(parent)
    ? parent.items.findIndex((pair) => isScalar(pair.key) && pair.key.value === keys.at(-1))
    : -1;
  if (!isMap(parent) || at === -1) return;
  const gone = keyOf(parent.items[at]);
  const next = keyOf(parent.items[at + 1]);
  document.deleteIn(keys);
  if (next === undefined) {
    parent.comment = joined(gone?.commentBefore, parent.comment);
  } else {
    next.commentBefore = joined(gone?.commentBefore, next.commentBefore);
    next.spaceBefore = gone?.spaceBefore === true || next.spaceBefore === true;
  }
}

function keyOf(pair: Pair | undefined): Node | undefined {
  return isNode(pair?.key) ? pair.key : undefined;
}

function joined(...comments: (string | null | undefined)[]): string | null {
  return comments.filter((comment) => typeof comment === "string").join("\n") || null;
}

/** The indents of the text, so that a line that is written anew stands where its neighbours do. */
function styleOf(text: string, document: Document): ToStringOptions {
  const written = new Set(text.split("\n"));
  const [best] = [2, 4]
    .flatMap((indent) => [true, false].map((indentSeq) => ({ ...anyStyle, indent, indentSeq })))
    .map((style) => ({ style, lines: document.toString(style).split("\n") }))
    .map(({ style, lines }) => ({ style, kept: lines.filter((line) => written.has(line)).length }))
    .toSorted((a, b) => b.kept - a.kept);
  return best?.style ?? anyStyle;
}

/**
 * `yaml` writes a whole document in one layout; what changed in that is applied to the text as a patch that ignores white
 * space. Less context fits where a neighbour is written over several lines; what it gives is read again.
 */
function withChange(text: string, before: string, after: string, wanted: unknown): string {
  // Asked for a line behind the end too.
  const bare = (line: string | undefined) => line?.replace(/\s/g, "");
  for (const context of [3, 2, 1, 0]) {
    const patch = structuredPatch("", "", before, after, "", "", { context });
    const patched = applyPatch(text, patch, {
      compareLine: (_number, line, _operation, other) => bare(line) === bare(other),
      fuzzFactor: 1,
    });
    if (patched !== false && isDeepStrictEqual(valueIn(patched), wanted)) return patched;
  }
  return after;
}

/** Undefined when the text is no YAML any more. */
function valueIn(text: string): unknown {
  const document = parseDocument(text, asPulumiReads);
  return document.errors.length > 0 ? undefined : document.toJS();
}

function plain(node: unknown, document: Document): unknown {
  if (isNode(node)) return node.toJS(document) as unknown;
  return isPair(node) ? undefined : node;
}
