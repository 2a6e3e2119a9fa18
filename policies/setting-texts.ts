import { type Document, parseAllDocuments, Schema } from "yaml";
import { isObject } from "./guarded-read.ts";
import { parsedJson } from "./json.ts";
import { lineEnds, withPlainEnds } from "./line-ends.ts";
import { remembered } from "./remembered.ts";
import { mayHoldStructure, tooMuchIn, type Unread } from "./text-scan.ts";

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

/** What a text holds. */
export interface ReadText {
  /** As JSON or YAML. */
  manifests: readonly Manifest[];
  /** Lines of what is neither. */
  others: readonly SettingLine[];
  /** Why a part of it was not read as YAML. */
  unread?: Unread;
}

/** Reads a text as JSON or YAML, document by document, and by its lines where it is neither. */
export const readText: (text: string) => ReadText = remembered(readNew, 1024 * 1024);

function readNew(written: string): ReadText {
  const json = /^\s*[{[]/.test(written) ? parsedJson(written) : undefined;
  if (isObject(json)) return { manifests: [{ place: "", value: json }], others: [] };
  const text = withPlainEnds(written);
  if (!mayHoldStructure(text)) return { manifests: [], others: settingLines(text) };
  const unread = tooMuchIn(text);
  return unread === undefined ? readYaml(text) : { manifests: [], others: settingLines(text), unread };
}

function readYaml(text: string): ReadText {
  const pieces = piecesOf(text).map((piece) => ({ ...piece, ...valuesOf(piece.text) }));
  const values = pieces.flatMap((piece) => piece.values);
  const manifests = values.flatMap((value, index) =>
    isObject(value) ? [{ place: values.length > 1 ? ` document ${index + 1}` : "", value }] : [],
  );
  const others = pieces
    .filter((piece) => piece.values.some((value) => !isObject(value) && value !== ""))
    .flatMap((piece) => settingLines(piece.text, piece.line));
  const unread = pieces.flatMap(({ problem = "other" }) => (problem === "other" ? [] : problem))[0];
  return { manifests, others, ...(unread !== undefined && { unread }) };
}

/**
 * Its documents, each by itself, as those that apply them do: where one is none, others can be of use. A directive stays
 * with its document.
 */
function piecesOf(text: string): { text: string; line: number }[] {
  const pieces: { text: string; line: number }[] = [];
  let [before, line] = ["", 1];
  for (const part of text.split(/^(?=---\s)|(?<=^\.\.\.[ \t\r]*\n)/m)) {
    before += part;
    const hasContent = /^[^\s#%]/m.test(before);
    if (pieces.length === mostPieces || !hasContent) continue;
    pieces.push({ text: before, line });
    line += before.split(lineEnds).length - 1;
    before = "";
  }
  return [...pieces, { text: before, line }];
}

/** The rest is one piece: only a text that is to hold a reader up has more of them. */
const mostPieces = 100;

interface Values {
  values: readonly unknown[];
  /** Why there is none: something else than YAML, or what a reader does not take. */
  problem?: Unread | "other";
}

function valuesOf(text: string): Values {
  const none = (problem: Unread | "other"): Values => ({ values: [undefined], problem });
  try {
    const documents = documentsOf(text);
    const errors = documents.flatMap((document) => document.errors.map(({ code }) => code));
    if (errors.includes("RESOURCE_EXHAUSTION")) return none("deep");
    if (errors.length > 0) return none("other");
    return { values: documents.map((document) => document.toJS({ maxAliasCount: 100 })) };
  } catch (error) {
    // An alias of nothing, or aliases of aliases of aliases.
    return none(error instanceof RangeError ? "deep" : "aliases");
  }
}

/** Of another type it would be bytes. */
const packedText = {
  tag: "tag:yaml.org,2002:binary",
  resolve: (base64: string) => Buffer.from(base64, "base64").toString("utf8"),
};

/** Every scalar as it is written: a tag `1.10` is no number. */
const asWritten = {
  // Made once: a document makes one of its own otherwise.
  schema: new Schema({ schema: "failsafe", customTags: [packedText], merge: true }),
  uniqueKeys: false,
  prettyErrors: false,
  // Templates such as `{{ .Values.image }}` are keys of keys to it: no warning of its own in somebody's preview.
  logLevel: "error",
} satisfies Parameters<typeof parseAllDocuments>[1];

function documentsOf(text: string): readonly Document[] {
  // A text that is no YAML can have as many errors as characters. Nobody asks where in the reader they came up.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return [...parseAllDocuments(text, asWritten)];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * The lines of a text that set something, `key: value` or `KEY=value`; of a line in flow style each part.
 *
 * @param first - what the first line is called.
 */
export function settingLines(text: string, first = 1): SettingLine[] {
  return text.split(lineEnds).flatMap((each, index) => {
    const line = withoutComment(each);
    const fixed = withoutTemplates(line);
    const parts = fixed.includes("{") ? fixed.split(/[{},]/) : [line];
    return parts.flatMap((part) => settingIn(part, first + index) ?? []);
  });
}

function settingIn(text: string, line: number): SettingLine | undefined {
  const [, key = "", value] =
    /^[\s[,]*(?:-\s+)*(?:export\s+)?["']?([\w./-]+)["']?\s*[=:](.*)$/s.exec(text) ?? [];
  return value === undefined ? undefined : { line, key, value: unquoted(value) };
}

/** A value that a template or a shell puts in later is none. */
function withoutTemplates(line: string): string {
  return line.replaceAll(/\{\{[^{}]*\}\}|\$\{[^{}]*\}/g, "");
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
