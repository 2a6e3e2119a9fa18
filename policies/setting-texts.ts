import { parseAllDocuments } from "yaml";
import { isObject } from "./guarded-read.ts";
import { parsedJson } from "./json.ts";

/** A manifest inside of a text. */
export interface Manifest {
  /** What its place is called behind that of the text: ` document 2`, where there is more than one. */
  place: string;
  value: object;
}

/** One line of a text that sets something. */
export interface SettingLine {
  line: number;
  key: string;
  value: string;
}

/** A text that could hold manifests, of which nobody knows which: it is too long, nests too deep, or is all tags. */
export const unread = Symbol("not read");
type Manifests = readonly Manifest[] | typeof unread | undefined;

/** No manifest that people write is longer. */
const longest = 256 * 1024;

/** More of them are on their way to nowhere: only a text that is to hold a reader up nests so deep. */
const deepest = 64;

/** Tags, anchors and aliases: a reader of YAML takes the square of their number. */
const mostProperties = 1000;

const known = new Map<string, Manifests>();
const mostKnown = 64;

/** The manifests that a text holds, as JSON or YAML. Undefined: it is neither. */
export function manifestsIn(text: string): Manifests {
  if (known.has(text)) return known.get(text);
  const manifests = readManifests(text);
  // Each rule asks for the same texts.
  if (known.size >= mostKnown) known.clear();
  known.set(text, manifests);
  return manifests;
}

function readManifests(text: string): Manifests {
  const json = /^\s*[{[]/.test(text) ? parsedJson(text) : undefined;
  if (isObject(json)) return [{ place: "", value: json }];
  if (text.length > longest || nestsTooDeep(text) || hasTooManyProperties(text)) return unread;
  const values = yamlValues(text);
  if (values === unread) return unread;
  if (values === undefined || !values.some(isObject)) return undefined;
  return values.flatMap((value, index) =>
    isObject(value) ? [{ place: values.length > 1 ? ` document ${index + 1}` : "", value }] : [],
  );
}

/** Every scalar as it is written: a tag `1.10` is no number. */
const asWritten = { schema: "failsafe", merge: true, uniqueKeys: false, logLevel: "silent" } as const;

function yamlValues(text: string): unknown[] | typeof unread | undefined {
  try {
    const documents = [...parseAllDocuments(text, asWritten)];
    if (documents.some(({ errors }) => errors.length > 0)) return undefined;
    return documents.map((document) => document.toJS({ maxAliasCount: 100 }));
  } catch {
    // Aliases of aliases of aliases, or a depth that its reader does not take.
    return unread;
  }
}

function nestsTooDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
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

/** The lines of a text that set something, `key: value` or `KEY=value`. */
export function settingLines(text: string): SettingLine[] {
  return text.split("\n").flatMap((each, index) => {
    const [, key = "", value] =
      /^[\s{[,]*(?:-\s+)*(?:export\s+)?["']?([\w./-]+)["']?\s*[=:](.*)$/.exec(each) ?? [];
    return value === undefined ? [] : [{ line: index + 1, key, value: unquoted(withoutComment(value)) }];
  });
}

function withoutComment(text: string): string {
  const hash = text.search(/\s#/);
  return hash < 0 ? text : text.slice(0, hash);
}

function unquoted(text: string): string {
  const bare = text.trim();
  const quote = bare.charAt(0);
  const isQuoted = bare.length > 1 && (quote === '"' || quote === "'") && bare.endsWith(quote);
  return isQuoted ? bare.slice(1, -1) : bare;
}
