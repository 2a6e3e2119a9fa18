import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { isMapping } from "./json.ts";
import { SecretMark } from "./secret-mark.ts";

/** With merge keys: `<<: *usual` takes over the entries of another mapping. */
export const asPulumiReads = { merge: true } as const;

/** A stack file cannot be read. One sentence that says why and what to do. */
export class StackFileError extends Error {
  override readonly name = "StackFileError";
}

/**
 * The `clawforce:` keys of a `Pulumi.<stack>.yaml`, without prefix, for commands that work without the engine.
 * A `SecretMark` stands for each encrypted value.
 *
 * @throws StackFileError
 */
export function readStackFile(path: string): Record<string, unknown> {
  return stackSettings(stackFileText(path), path);
}

/** The same from the text of a stack file that may not be written yet; `path` is for messages. */
export function stackSettings(text: string, path: string): Record<string, unknown> {
  const content = parsedText(text, path);
  const config = isMapping(content) ? content.config : undefined;
  if (!isMapping(config)) {
    throw new StackFileError(
      `${path} has no mapping \`config:\`; write the stack's configuration below that key.`,
    );
  }
  const prefix = "clawforce:";
  return Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), withMarks(value)]),
  );
}

function parsedText(text: string, path: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { ...asPulumiReads, lineCounter, prettyErrors: false });
  const error = document.errors[0];
  if (error !== undefined) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    throw new StackFileError(`${path} is not YAML at line ${line}, column ${col}: ${error.message}.`);
  }
  return document.toJS();
}

/** @throws StackFileError that names the stack files that are there. */
export function stackFileText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const code = "code" in error ? error.code : undefined;
    if (code !== "ENOENT") throw new StackFileError(`${path} cannot be read: ${error.message}.`);
    throw new StackFileError(
      `There is no ${basename(path)} in ${dirname(path)}; ${stackFilesIn(dirname(path))}.`,
    );
  }
}

function stackFilesIn(folder: string): string {
  const files = listing(folder).filter((file) => /^Pulumi\..+\.yaml$/.test(file));
  return files.length === 0 ? "no stack file is there" : `there are ${files.toSorted().join(", ")}`;
}

function listing(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function withMarks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMarks);
  if (!isMapping(value)) return value;
  const keys = Object.keys(value);
  if (keys.length === 1 && typeof value.secure === "string") return new SecretMark();
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withMarks(entry)]));
}
