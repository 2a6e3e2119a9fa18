import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { ReadEntry } from "tar";
import { Parser } from "tar";
import { messageOf } from "../../platforms/failure.ts";

/** A gzip'd tar archive, opened to its last byte. */
export interface OpenedArchive {
  /** Of the file as it is. */
  sha256: string;
  bytes: number;
  entries: number;
  /** Bytes of the regular files in it. */
  contentBytes: number;
  /** Those of the asked paths that are regular files in it. */
  found: string[];
  /** Regular files with the name of OpenClaw's configuration, the likeliest to be an instance's own first. */
  configurations: string[];
}

/** The archive is not whole. */
export class ArchiveDamaged extends Error {}

/** Reads all of an archive: gzip's checksum, every tar header's, and the end mark. `wanted` are paths without a leading slash. */
export async function openArchive(file: string, wanted: readonly string[]): Promise<OpenedArchive> {
  const hash = createHash("sha256");
  const contents = new Contents(wanted);
  let bytes = 0;
  try {
    await pipeline(
      createReadStream(file),
      async function* (source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          hash.update(chunk);
          bytes += chunk.length;
          yield chunk;
        }
      },
      createGunzip(),
      async (source: AsyncIterable<Buffer>) => {
        for await (const chunk of source) {
          contents.feed(chunk);
        }
      },
    );
    contents.end();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      throw error;
    }
    throw new ArchiveDamaged(`the archive is damaged: ${messageOf(error)}`);
  }
  return { sha256: hash.digest("hex"), bytes, ...contents.result() };
}

const configurationFile = "openclaw.json";

/** Of a home with copies of its own in every corner, these tell enough. */
const mostConfigurations = 1000;

/** A state directory has a name that begins with OpenClaw's, and does not lie deep: what lies in a workspace does. */
function unlikelihood(path: string): number {
  const folders = path.split("/").slice(0, -1);
  return folders.length + (/^\.?openclaw/.test(folders.at(-1) ?? "") ? 0 : 100);
}

/** Follows a tar archive by its headers: of no file is the content kept. */
class Contents {
  readonly #wanted: Set<string>;
  readonly #found = new Set<string>();
  readonly #configurations: string[] = [];
  readonly #parser: Parser;
  #entries = 0;
  #contentBytes = 0;
  #ended = false;
  #damage: string | undefined;

  constructor(wanted: readonly string[]) {
    this.#wanted = new Set(wanted);
    this.#parser = new Parser({
      filter: () => false,
      onwarn: (code, message) => {
        // All others tell of an end that came too early, which the missing end mark tells as well.
        if (code === "TAR_ENTRY_INVALID") this.#damage ??= wordsFor(messageOf(message));
      },
    });
    this.#parser.on("ignoredEntry", (entry: ReadEntry) => this.#note(entry));
    this.#parser.on("eof", () => {
      this.#ended = true;
    });
  }

  feed(chunk: Buffer): void {
    // The parser would keep what stands behind the end mark.
    if (!this.#ended) this.#parser.write(chunk);
    if (this.#damage !== undefined) throw new Error(this.#damage);
  }

  end(): void {
    if (!this.#ended) throw new Error("it ends before its end mark");
  }

  result(): Pick<OpenedArchive, "entries" | "contentBytes" | "found" | "configurations"> {
    return {
      entries: this.#entries,
      contentBytes: this.#contentBytes,
      found: [...this.#found],
      configurations: this.#configurations.sort((a, b) => unlikelihood(a) - unlikelihood(b)),
    };
  }

  #note({ meta, path: name, size, type }: ReadEntry): void {
    // The parser reads those of up to 1 MiB; names and times take some hundred bytes.
    if (meta) {
      this.#damage ??= "a header's extension is too long";
      return;
    }
    this.#entries += 1;
    if (type !== "File" && type !== "OldFile") return;
    this.#contentBytes += size;
    const path = name.replace(/^(\.?\/)+/, "");
    if (this.#wanted.has(path)) this.#found.add(path);
    if (posix.basename(path) === configurationFile && this.#configurations.length < mostConfigurations) {
      this.#configurations.push(path);
    }
  }
}

function wordsFor(warning: string): string {
  return warning === "checksum failure" ? "a header's checksum is wrong" : warning;
}
