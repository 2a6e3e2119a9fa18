import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** An image's own name in the engine (with its key) -> the digest that a registry gave it. */
export type RecordedDigests = Readonly<Record<string, string>>;

/** A record that is missing or damaged is no record: the images are pushed again. */
export async function readRecord(file: string): Promise<RecordedDigests> {
  try {
    const found: unknown = JSON.parse(await readFile(file, "utf8"));
    if (typeof found !== "object" || found === null) return {};
    return Object.fromEntries(
      Object.entries(found).filter(([, digest]) => /^sha256:[0-9a-f]{64}$/.test(String(digest))),
    );
  } catch {
    return {};
  }
}

/** Replaced in one step: a reader never sees half a file. */
export async function writeRecord(file: string, digests: RecordedDigests): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify(digests, null, 2)}\n`);
  await rename(`${file}.new`, file);
}
