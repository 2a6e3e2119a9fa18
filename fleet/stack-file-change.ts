import { randomBytes } from "node:crypto";
import { open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename } from "node:path";
import { isPlaceholder } from "../config/image-reference.ts";
import { fieldAt } from "../config/json.ts";
import { ConfigError, type Problem } from "../config/problem.ts";
import type { StackConfig } from "../config/schema.ts";
import { readStackFile, stackFileText, stackSettings } from "../config/stack-file.ts";
import { parseStackConfig } from "../lifecycle/stack-config.ts";
import { CommandFailure, type Output } from "./command.ts";
import { type Change, changeLines, type Edit, editStackText } from "./stack-edit.ts";

/** A change of a stack file that was judged and not yet written. */
export class StackFileChange {
  readonly file: string;
  readonly changes: readonly Change[];
  readonly #before: string;
  readonly #after: string;

  private constructor(file: string, before: string, after: string, changes: readonly Change[]) {
    this.file = file;
    this.changes = changes;
    this.#before = before;
    this.#after = after;
  }

  /**
   * @throws ConfigError that lists every problem of the result; nothing is written then. Placeholder digests that stand
   * elsewhere in the file are let be when `placeholdersMayStay`.
   */
  static plan(
    file: string,
    edits: readonly Edit[],
    { placeholdersMayStay = false }: { placeholdersMayStay?: boolean } = {},
  ): StackFileChange {
    const before = stackFileText(file);
    // Says where the file is no YAML.
    stackSettings(before, file);
    const { text, changes } = editStackText(before, edits);
    refuseProblems(text, file, placeholdersMayStay);
    return new StackFileChange(file, before, text, changes);
  }

  /** What the configuration is once the change is written. */
  config(): StackConfig {
    return parseStackConfig(stackSettings(this.#after, this.file));
  }

  show(out: Output): void {
    if (this.changes.length === 0) {
      out.write(`${basename(this.file)} stays as it is.\n`);
      return;
    }
    out.write(
      `${basename(this.file)}:\n${changeLines(this.changes)
        .map((line) => `  ${line}\n`)
        .join("")}`,
    );
  }

  async write(): Promise<void> {
    await replaceText(this.file, this.#before, this.#after);
  }

  /** Puts back what stood there before `write`; does nothing where that was done. */
  async undo(): Promise<void> {
    await replaceText(this.file, this.#after, this.#before);
  }
}

/** Whole or not at all, with the mode that the file has; refused when somebody else has written meanwhile. */
async function replaceText(path: string, expected: string, text: string): Promise<void> {
  if (text === expected) return;
  // A link stays a link.
  const file = await realpath(path);
  const present = stackFileText(file);
  if (present === text) return;
  if (present !== expected) {
    throw new CommandFailure(
      `${path} was changed by somebody else meanwhile; nothing was written. Run the command again.`,
    );
  }
  const { mode } = await stat(file);
  const next = `${file}.${randomBytes(4).toString("hex")}`;
  try {
    const handle = await open(next, "wx", mode & 0o777);
    try {
      await handle.chmod(mode & 0o777);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(next, file);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
}

function refuseProblems(text: string, file: string, placeholdersMayStay: boolean): void {
  const settings = stackSettings(text, file);
  try {
    parseStackConfig(settings);
  } catch (error) {
    if (!(error instanceof ConfigError) || !placeholdersMayStay) throw error;
    const serious = error.problems.filter((problem) => !isPlaceholderAt(settings, problem));
    if (serious.length > 0) throw new ConfigError(serious);
  }
}

function isPlaceholderAt(settings: Record<string, unknown>, { path }: Problem): boolean {
  const value = fieldAt(settings, path);
  return typeof value === "string" && isPlaceholder(value);
}

/** Every place of the configuration where a placeholder digest stands, in the file's order. */
export function placeholdersIn(file: string): { path: (string | number)[]; reference: string }[] {
  return placeholdersBelow(readStackFile(file), []);
}

function placeholdersBelow(
  value: unknown,
  path: (string | number)[],
): { path: (string | number)[]; reference: string }[] {
  if (typeof value === "string") return isPlaceholder(value) ? [{ path, reference: value }] : [];
  if (Array.isArray(value)) return value.flatMap((each, index) => placeholdersBelow(each, [...path, index]));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => placeholdersBelow(each, [...path, key]));
}
