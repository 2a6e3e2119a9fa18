import { lstatSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import {
  commonPaths,
  isNeeded,
  linkPluginPackages,
  moveFiles,
  readTree,
} from "../../toolchain/images/installed-tree.ts";
import { scratchFolder } from "../support/scratch.ts";

describe("a gateway's image", () => {
  test.each([
    "zod/index.js",
    "zod/package.json",
    "zod/LICENSE.md",
    "zod/NOTICE",
    "openclaw/docs/reference/templates/AGENTS.md",
    "openclaw/skills/weather/SKILL.md",
    "koffi/build/koffi/linux_x64/koffi.node",
    "jiti/lib/types.ts",
  ])("has %s", (path) => {
    expect(isNeeded(path)).toBe(true);
  });

  test.each([
    "zod/index.d.ts",
    "zod/index.d.cts",
    "zod/index.js.map",
    "openclaw/dist/index.js.map",
    "zod/README.md",
    "zod/docs/intro.mdx",
    "koffi/build/koffi/win32_x64/koffi.node",
    "@lancedb/lancedb/index.js",
    "apache-arrow/Arrow.js",
  ])("leaves out %s", (path) => {
    expect(isNeeded(path)).toBe(false);
  });
});

test("what two versions share is what has the same path, mode and content in both", () => {
  const older = new Map([
    ["a", "644 1"],
    ["b", "644 2"],
    ["c", "644 3"],
    ["d", "644 4"],
  ]);
  const newer = new Map([
    ["a", "644 1"],
    ["b", "755 2"],
    ["c", "644 9"],
    ["e", "644 4"],
  ]);
  expect([...commonPaths([older, newer])]).toEqual(["a"]);
  expect([...commonPaths([older])]).toEqual(["a", "b", "c", "d"]);
  expect([...commonPaths([])]).toEqual([]);
});

describe("an installation on disk", () => {
  let folder: string;
  let modules: string;

  beforeEach(() => {
    folder = scratchFolder();
    modules = join(folder, "node_modules");
  });

  function put(path: string, text: string, mode = 0o600): void {
    const file = join(modules, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode });
  }

  test("is read without what is not needed, and the same whatever umask it was made with", async () => {
    put("a/run.js", "1", 0o700);
    put("a/index.js", "1", 0o600);
    put("a/index.js.map", "{}");
    put("b/run.js", "1", 0o755);
    const tree = await readTree(modules);
    expect([...tree.keys()].sort()).toEqual(["a/index.js", "a/run.js", "b/run.js"]);
    expect(tree.get("a/run.js")).toBe(tree.get("b/run.js"));
    expect(tree.get("a/run.js")).not.toBe(tree.get("a/index.js"));
  });

  test("is moved with fixed times and modes, so that its layer is the same everywhere", async () => {
    put("a/run.js", "1", 0o700);
    const target = join(folder, "files");
    await moveFiles(modules, target, ["a/run.js"]);
    const moved = lstatSync(join(target, "a/run.js"));
    expect(moved.mtimeMs).toBe(0);
    expect(moved.mode & 0o777).toBe(0o755);
  });

  test("shows a bundled plugin that has dependencies the packages of the installation", async () => {
    put("ws/package.json", '{"version":"8.20.0"}');
    put("openclaw/dist/extensions/browser/package.json", '{"dependencies":{"ws":"^8.20.0"}}');
    put("openclaw/dist/extensions/talk-voice/package.json", '{"name":"talk-voice"}');
    put("openclaw/dist/extensions/device-pair/index.js", "");
    await linkPluginPackages(modules);
    const plugins = join(modules, "openclaw/dist/extensions");
    expect(readlinkSync(join(plugins, "browser/node_modules"))).toBe("../../../..");
    expect(readFileSync(join(plugins, "browser/node_modules/ws/package.json"), "utf8")).toContain("8.20.0");
    expect(lstatSync(join(plugins, "talk-voice/node_modules"), { throwIfNoEntry: false })).toBeUndefined();
    expect(lstatSync(join(plugins, "device-pair/node_modules"), { throwIfNoEntry: false })).toBeUndefined();
  });
});
