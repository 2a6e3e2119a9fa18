import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
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
  const tar = new TarReader(wanted);
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
          tar.feed(chunk);
        }
      },
    );
    tar.end();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      throw error;
    }
    throw new ArchiveDamaged(`the archive is damaged: ${messageOf(error)}`);
  }
  return { sha256: hash.digest("hex"), bytes, ...tar.result() };
}

const block = 512;

const configurationFile = "openclaw.json";

/** Of a home with copies of its own in every corner, these tell enough. */
const mostConfigurations = 1000;

/** A state directory has a name that begins with OpenClaw's, and does not lie deep: what lies in a workspace does. */
function unlikelihood(path: string): number {
  const folders = path.split("/").slice(0, -1);
  return folders.length + (/^\.?openclaw/.test(folders.at(-1) ?? "") ? 0 : 100);
}

/** Bytes; names and times take some hundred. */
const longestExtension = 1_000_000;

/** As much of the tar format as GNU tar, busybox and Go write. */
class TarReader {
  readonly #wanted: Set<string>;
  readonly #found = new Set<string>();
  readonly #configurations: string[] = [];
  #rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  /** Bytes of content and padding that are still to come. */
  #skip = 0;
  /** Content of a header extension that is still to come. */
  #extension: { type: string; size: number } | undefined;
  #nextName: string | undefined;
  #nextSize: number | undefined;
  #entries = 0;
  #contentBytes = 0;
  #zeroBlocks = 0;

  constructor(wanted: readonly string[]) {
    this.#wanted = new Set(wanted);
  }

  feed(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length > 0) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, this.#rest.length);
        this.#skip -= skipped;
        this.#rest = this.#rest.subarray(skipped);
      } else if (this.#extension !== undefined) {
        const { type, size } = this.#extension;
        if (this.#rest.length < padded(size)) return;
        this.#extend(type, this.#rest.subarray(0, size));
        this.#rest = this.#rest.subarray(padded(size));
        this.#extension = undefined;
      } else {
        if (this.#rest.length < block) return;
        this.#header(this.#rest.subarray(0, block));
        this.#rest = this.#rest.subarray(block);
      }
    }
  }

  end(): void {
    if (this.#rest.length > 0 || this.#skip > 0 || this.#extension !== undefined || this.#zeroBlocks < 2) {
      throw new Error("it ends before its end mark");
    }
  }

  result(): Pick<OpenedArchive, "entries" | "contentBytes" | "found" | "configurations"> {
    return {
      entries: this.#entries,
      contentBytes: this.#contentBytes,
      found: [...this.#found],
      configurations: this.#configurations.sort((a, b) => unlikelihood(a) - unlikelihood(b)),
    };
  }

  #header(header: Buffer): void {
    if (header.every((byte) => byte === 0)) {
      this.#zeroBlocks += 1;
      return;
    }
    if (this.#zeroBlocks >= 2) return;
    this.#zeroBlocks = 0;
    refuseBadChecksum(header);
    const type = String.fromCharCode(header[156] ?? 0);
    const size = numberAt(header, 124, 12);
    if (type === "L" || type === "K" || type === "x" || type === "g") {
      if (size > longestExtension) throw new Error("a header's extension is too long");
      this.#extension = { type, size };
      return;
    }
    const name = this.#nextName ?? nameOf(header);
    const bytes = this.#nextSize ?? size;
    this.#nextName = undefined;
    this.#nextSize = undefined;
    this.#entries += 1;
    this.#skip = padded(bytes);
    if (type === "0" || type === "\0") {
      this.#contentBytes += bytes;
      const path = name.replace(/^(\.?\/)+/, "");
      if (this.#wanted.has(path)) this.#found.add(path);
      if (posix.basename(path) === configurationFile && this.#configurations.length < mostConfigurations) {
        this.#configurations.push(path);
      }
    }
  }

  #extend(type: string, content: Buffer): void {
    if (type === "L") this.#nextName = textOf(content);
    if (type === "x") {
      this.#nextName = /(?:^|\n)\d+ path=(.*)\n/.exec(content.toString("utf8"))?.[1] ?? this.#nextName;
      const size = /(?:^|\n)\d+ size=(\d+)\n/.exec(content.toString("utf8"))?.[1];
      if (size !== undefined) this.#nextSize = Number(size);
    }
  }
}

function refuseBadChecksum(header: Buffer): void {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (sum !== numberAt(header, 148, 8)) {
    throw new Error("a header's checksum is wrong");
  }
}

/** Octal, or binary with the first bit set for large sizes. */
function numberAt(header: Buffer, offset: number, length: number): number {
  const field = header.subarray(offset, offset + length);
  if (((field[0] ?? 0) & 0x80) !== 0) {
    return Number(BigInt(`0x${field.subarray(1).toString("hex")}`));
  }
  return Number.parseInt(textOf(field).trim() || "0", 8);
}

/** POSIX headers have a prefix; GNU's ("ustar ") use that place for other things. */
function nameOf(header: Buffer): string {
  const name = textOf(header.subarray(0, 100));
  const posix = header.subarray(257, 263).toString("latin1") === "ustar\0";
  const prefix = posix ? textOf(header.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end < 0 ? bytes.length : end).toString("utf8");
}

function padded(size: number): number {
  return Math.ceil(size / block) * block;
}
