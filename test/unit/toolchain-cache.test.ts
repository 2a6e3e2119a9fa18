import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import {
  type Cache,
  cacheFolder,
  digestOfSources,
  entryOf,
  keyOf,
  openCache,
} from "../../toolchain/cache.ts";
import { SetUpError } from "../../toolchain/set-up-error.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder: string;

beforeEach(() => {
  folder = scratchFolder();
});

describe("the cache folder", () => {
  test.each([
    [{ CLAWFORCE_FLEET_CACHE: "/disk/cache", XDG_CACHE_HOME: "/xdg" }, "/disk/cache"],
    [{ XDG_CACHE_HOME: "/xdg" }, "/xdg/clawforce-fleet"],
  ])("is where %j says", (environment, expected) => {
    expect(cacheFolder(environment)).toBe(expected);
  });

  test("is in the user's own cache when nothing is said", () => {
    expect(cacheFolder({})).toMatch(/\/\.cache\/clawforce-fleet$/);
  });

  test("is never one that holds other files", () => {
    writeFileSync(join(folder, "diary.txt"), "");
    expect(() => openCache(folder)).toThrow(
      new SetUpError(
        `The cache folder ${folder} holds other files: set CLAWFORCE_FLEET_CACHE to a folder of its own.`,
      ),
    );
  });

  test("can be opened again, with what is in it", () => {
    const { entries } = openCache(folder);
    writeFileSync(join(entries, "a-part"), "kept");
    expect(openCache(folder).entries).toBe(entries);
    expect(readFileSync(join(entries, "a-part"), "utf8")).toBe("kept");
  });
});

describe("a key", () => {
  test("does not depend on the order of its parts", () => {
    expect(keyOf({ a: "1", b: "2" })).toBe(keyOf({ b: "2", a: "1" }));
  });

  test.each([[{ a: "1", b: "3" }], [{ a: "1" }], [{ a: "1", c: "2" }]])("is another one for %j", (parts) => {
    expect(keyOf(parts)).not.toBe(keyOf({ a: "1", b: "2" }));
  });
});

describe("the digest of sources", () => {
  test("changes with a file's content and with its name", () => {
    mkdirSync(join(folder, "below"));
    writeFileSync(join(folder, "below", "main.go"), "package main");
    const before = digestOfSources(folder);
    writeFileSync(join(folder, "below", "main.go"), "package other");
    const changed = digestOfSources(folder);
    rmSync(join(folder, "below"), { recursive: true });
    writeFileSync(join(folder, "main.go"), "package other");
    expect(new Set([before, changed, digestOfSources(folder)]).size).toBe(3);
  });
});

describe("a part in the cache", () => {
  let cache: Cache;
  const make = vi.fn(async (into: string) => {
    writeFileSync(join(into, "program"), "works");
    return "built here";
  });

  beforeEach(() => {
    make.mockClear();
    cache = openCache(folder);
  });

  test("is made once", async () => {
    const first = await entryOf(cache, "part", "key", make);
    const second = await entryOf(cache, "part", "key", make);
    expect([first.found, second.found]).toEqual([false, true]);
    expect(second).toMatchObject({ folder: first.folder, origin: "built here" });
    expect(make).toHaveBeenCalledTimes(1);
  });

  test("is made anew under another key, beside the first", async () => {
    await entryOf(cache, "part", "key", make);
    await entryOf(cache, "part", "other", make);
    expect(readdirSync(cache.entries).sort()).toEqual(["part-key", "part-other"]);
  });

  test.each([
    ["changed", (entry: string) => writeFileSync(join(entry, "program"), "broken")],
    ["missing", (entry: string) => rmSync(join(entry, "program"))],
    ["added", (entry: string) => writeFileSync(join(entry, "intruder"), "")],
    ["the manifest", (entry: string) => writeFileSync(join(entry, "manifest.json"), "{")],
  ])("is made anew when a file is damaged: %s", async (_what, damage) => {
    damage((await entryOf(cache, "part", "key", make)).folder);
    const again = await entryOf(cache, "part", "key", make);
    expect(again.found).toBe(false);
    expect(readdirSync(again.folder).sort()).toEqual(["manifest.json", "program"]);
  });

  test("is not there when making it failed or was cut short", async () => {
    const cutShort = async (into: string): Promise<string> => {
      writeFileSync(join(into, "half"), "");
      throw new Error("killed");
    };
    await expect(entryOf(cache, "part", "key", cutShort)).rejects.toThrow("killed");
    expect(existsSync(join(cache.entries, "part-key"))).toBe(false);
    const made = await entryOf(cache, "part", "key", make);
    expect(readdirSync(made.folder).sort()).toEqual(["manifest.json", "program"]);
  });
});
