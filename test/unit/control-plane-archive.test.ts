import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { Header } from "tar";
import { beforeEach, describe, expect, test } from "vitest";
import { openArchive } from "../../operations/control-plane/archive.ts";
import { judgeArchive } from "../../operations/control-plane/judge.ts";
import { scratchFolder } from "../support/scratch.ts";

const configuration = "home/node/.openclaw/openclaw.json";
let folder: string;
let file: string;

beforeEach(() => {
  folder = scratchFolder();
  file = join(folder, "backup.tar.gz");
  mkdirSync(join(folder, "root/home/node/.openclaw"), { recursive: true });
  writeFileSync(join(folder, "root", configuration), "{}\n");
  writeFileSync(join(folder, "root/home/node", `${"long".repeat(60)}.txt`), "x".repeat(3000));
});

function pack(...argv: string[]): void {
  execFileSync("tar", ["czf", file, ...argv, "-C", join(folder, "root"), "home"]);
}

/** What GNU tar writes before a file whose name is longer than a header. */
function longName(length: number): Buffer {
  const header = Buffer.alloc(512);
  new Header({ path: "././@LongLink", type: "NextFileHasLongPath", size: length }).encode(header);
  return Buffer.concat([header, Buffer.alloc(length, "a")]);
}

describe("an archive", () => {
  test.each(["gnu", "pax", "posix", "ustar"])(
    "in tar's format %s is read to its last byte",
    async (format) => {
      if (format === "ustar") rmSync(join(folder, "root/home/node", `${"long".repeat(60)}.txt`));
      pack(`--format=${format}`);
      const opened = await openArchive(file, [configuration, "home/node/other"]);
      const content = readFileSync(file);
      expect(opened).toEqual({
        sha256: createHash("sha256").update(content).digest("hex"),
        bytes: content.length,
        entries: format === "ustar" ? 4 : 5,
        contentBytes: format === "ustar" ? 3 : 3003,
        found: [configuration],
        configurations: [configuration],
      });
    },
  );

  test("finds a file whose name is longer than a header", async () => {
    pack();
    const long = `home/node/${"long".repeat(60)}.txt`;
    expect((await openArchive(file, [long])).found).toEqual([long]);
  });

  test("names the configurations in it, the likeliest to be an instance's own first", async () => {
    const deep = "home/node/.openclaw/workspace/app";
    mkdirSync(join(folder, "root", deep), { recursive: true });
    for (const path of ["home/openclaw.json", `${deep}/openclaw.json`]) {
      writeFileSync(join(folder, "root", path), "{}");
    }
    pack();
    const found = (await openArchive(file, [])).configurations;
    expect(found).toEqual([configuration, "home/openclaw.json", `${deep}/openclaw.json`]);
  });

  test("written with ./ before its paths has the same files", async () => {
    execFileSync("tar", ["czf", file, "-C", join(folder, "root"), "."]);
    expect((await openArchive(file, [configuration])).found).toEqual([configuration]);
  });

  test.each([
    [
      "whose gzip is cut off",
      (whole: Buffer) => whole.subarray(0, whole.length - 20),
      "unexpected end of file",
    ],
    ["that is no gzip", () => Buffer.from('{"detail":"Not found"}'), "incorrect header check"],
    [
      "whose tar is cut off",
      (whole: Buffer) => gzipSync(gunzipSync(whole).subarray(0, 2048)),
      "it ends before its end mark",
    ],
    [
      "whose tar is damaged",
      (whole: Buffer) => {
        const tar = gunzipSync(whole);
        tar[3] = (tar[3] ?? 0) ^ 1;
        return gzipSync(tar);
      },
      "a header's checksum is wrong",
    ],
    [
      "with a name of two megabytes",
      (whole: Buffer) => gzipSync(Buffer.concat([longName(2 * 1024 * 1024), gunzipSync(whole)])),
      "a header's extension is too long",
    ],
    ["of nothing at all", () => gzipSync(Buffer.alloc(0)), "it ends before its end mark"],
  ])("%s is damaged", async (_, damage, reason) => {
    pack();
    writeFileSync(file, damage(readFileSync(file)));
    await expect(openArchive(file, [])).rejects.toThrow(`the archive is damaged: ${reason}`);
  });

  test("is read up to its end mark, whatever stands behind it", async () => {
    pack();
    const whole = await openArchive(file, []);
    writeFileSync(file, gzipSync(Buffer.concat([gunzipSync(readFileSync(file)), Buffer.alloc(4096, "x")])));
    const { entries, contentBytes, configurations } = await openArchive(file, []);
    expect({ entries, contentBytes, configurations }).toEqual({
      entries: whole.entries,
      contentBytes: 3003,
      configurations: [configuration],
    });
  });

  test("that tar made of a path that is not there is whole, and still no backup", async () => {
    writeFileSync(file, gzipSync(Buffer.alloc(10_240)));
    const opened = await openArchive(file, [configuration]);
    expect(opened.entries).toBe(0);
    expect(judgeArchive(opened, { files: [configuration], floor: 200 })).toEqual({
      passed: false,
      detail: `whole, but ${configuration} is not among its 0 entries`,
    });
    expect(judgeArchive(opened, { files: [], floor: 200 })).toEqual({
      passed: false,
      detail: `${opened.bytes} bytes, less than the 200 that a state takes`,
    });
  });
});
