import { isDeepStrictEqual } from "node:util";
import {
  type Document,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  type Pair,
  parseDocument,
  stringify,
  type YAMLMap,
} from "yaml";
import type { Path } from "../config/problem.ts";
import { pathText } from "../config/problem.ts";

type Setting = string | number | { [key: string]: Setting };

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
 * Makes edits in the text of a stack file. Everything else stays as it was written, comments, order and blank lines: a
 * reviewer sees the lines that changed and no others. An edit that changes nothing is left out of `changes`.
 */
export function editStackText(text: string, edits: readonly Edit[]): { text: string; changes: Change[] } {
  const changes: Change[] = [];
  let edited = text;
  for (const { path, value } of edits) {
    const document = parseDocument(edited);
    const keys = keysOf(path);
    const before = plain(document.getIn(keys, true), document);
    if (isDeepStrictEqual(before, value)) continue;
    edited = withEdit(edited, document, keys, value);
    changes.push({ path, before, after: value });
  }
  return { text: edited, changes };
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

/**
 * The change is spliced into the text. Where that does not give what was asked for (an alias, a form of YAML that nobody
 * writes by hand), the whole document is written anew, still with its comments and in its order.
 */
function withEdit(
  text: string,
  document: Document,
  keys: readonly (string | number)[],
  value: Setting | undefined,
): string {
  const spliced =
    value === undefined ? withoutPair(text, document, keys) : withValue(text, document, keys, value);
  if (value === undefined) {
    document.deleteIn(keys);
  } else {
    document.setIn(keys, typeof value === "object" ? document.createNode(value, { flow: true }) : value);
  }
  return spliced !== undefined && isDeepStrictEqual(valueIn(spliced), document.toJS())
    ? spliced
    : document.toString({ lineWidth: 0 });
}

/** Undefined when the text is no YAML any more. */
function valueIn(text: string): unknown {
  const document = parseDocument(text);
  return document.errors.length > 0 ? undefined : document.toJS();
}

function withValue(
  text: string,
  document: Document,
  keys: readonly (string | number)[],
  value: Setting,
): string | undefined {
  const written = stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim();
  const node = document.getIn(keys, true);
  if (isScalar(node) && node.range) {
    return `${text.slice(0, node.range[0])}${written}${text.slice(node.range[1])}`;
  }
  const parent = document.getIn(keys.slice(0, -1), true);
  return node === undefined && isMap(parent)
    ? withPair(text, parent, String(keys.at(-1)), written)
    : undefined;
}

/** Behind the last scalar of the mapping, in the mapping's own form. */
function withPair(text: string, parent: YAMLMap, key: string, written: string): string | undefined {
  const last = parent.items.findLast((pair) => isScalar(pair.value) && isOneLine(text, pair));
  const range = isNode(last?.value) ? last.value.range : undefined;
  if (last === undefined || !range || !isScalar(last.key) || !last.key.range) return undefined;
  if (parent.flow === true) {
    return `${text.slice(0, range[1])}, ${key}: ${written}${text.slice(range[1])}`;
  }
  const keyStart = last.key.range[0];
  const indent = " ".repeat(keyStart - (text.lastIndexOf("\n", keyStart - 1) + 1));
  const end = lineEnd(text, range[1]);
  return `${text.slice(0, end)}\n${indent}${key}: ${written}${text.slice(end)}`;
}

/** Takes whole lines out of a block; the fallback does all else. */
function withoutPair(
  text: string,
  document: Document,
  keys: readonly (string | number)[],
): string | undefined {
  const parent = document.getIn(keys.slice(0, -1), true);
  if (!isMap(parent) || parent.flow === true || parent.items.length < 2) return undefined;
  const pair = parent.items.find((each) => isScalar(each.key) && each.key.value === keys.at(-1));
  if (pair === undefined || !isOneLine(text, pair) || !isScalar(pair.key) || !pair.key.range)
    return undefined;
  const start = text.lastIndexOf("\n", pair.key.range[0] - 1) + 1;
  // Behind "- " there is more on the line than this pair.
  if (text.slice(start, pair.key.range[0]).trim() !== "") return undefined;
  return `${text.slice(0, start)}${text.slice(lineEnd(text, pair.key.range[0]) + 1)}`;
}

function isOneLine(text: string, pair: Pair): boolean {
  const { key, value } = pair;
  if (!isNode(key) || !isNode(value) || isCollection(value) || !key.range || !value.range) return false;
  return !text.slice(key.range[0], value.range[1]).includes("\n");
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

function plain(node: unknown, document: Document): unknown {
  if (isNode(node)) return node.toJS(document) as unknown;
  return isPair(node) ? undefined : node;
}

/** What stands at a path of the settings as they are written; undefined where nothing does. */
export function fieldAt(settings: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === "object" && at !== null && Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined,
    settings,
  );
}
