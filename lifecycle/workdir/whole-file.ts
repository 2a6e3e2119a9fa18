import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { parsedJson } from "../../config/json.ts";
import { OperationFailure } from "../../platforms/failure.ts";

/** A document that is there and is not what was written. */
export class DocumentDamaged extends OperationFailure {
  override name = "DocumentDamaged";
  /** What is wrong, as a phrase, and what to do about it. */
  readonly what: string;
  readonly remedy: string;

  constructor(what: string, remedy: string) {
    super(`${what}. ${remedy}`);
    this.what = what;
    this.remedy = remedy;
  }
}

/** Writes a document whole or not at all: beside, synced, renamed. */
export async function writeWhole(file: string, document: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const next = `${file}.next`;
  const handle = await open(next, "w", 0o600);
  try {
    await handle.writeFile(JSON.stringify(document));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, file);
}

/**
 * Undefined when there is no such file.
 *
 * @throws DocumentDamaged
 */
export async function readDocument(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    if (code === "ENOENT") return undefined;
    throw new DocumentDamaged(`${file} cannot be read (${code})`, "Make it readable for whoever updates.");
  }
  const document = parsedJson(text);
  if (document === undefined) {
    throw new DocumentDamaged(
      `${file} is damaged: it is no JSON document`,
      "Put it back from a copy. Without a copy, move it aside, but only when no update runs and its workload serves.",
    );
  }
  return document;
}
