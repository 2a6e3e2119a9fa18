import { createHash } from "node:crypto";
import { chmod, lstat, mkdir, readdir, readFile, readlink, rename, symlink, utimes } from "node:fs/promises";
import { dirname, join, sep } from "node:path";

/** A file of an npm installation: its path below `node_modules` with forward slashes -> what makes it the same file. */
export type Tree = ReadonlyMap<string, string>;

/**
 * Whether running the gateway needs this file of `node_modules`. Left out: types and source maps, packages' own
 * documentation (never OpenClaw's, which it reads), native code of other platforms, and LanceDB, an optional memory
 * store of 134 MB that 2026.4.23 no longer brings along either.
 */
export function isNeeded(path: string): boolean {
  if (/\.map$|\.d\.[cm]?ts$/.test(path)) return false;
  if (/\.mdx?$/.test(path)) return path.startsWith("openclaw/") || /(licen[cs]e|notice)[^/]*$/i.test(path);
  if (path.startsWith("koffi/build/koffi/")) return path.startsWith("koffi/build/koffi/linux_x64/");
  return !/^(@lancedb|apache-arrow)\//.test(path);
}

/** The paths that every one of the trees has with the same content. */
export function commonPaths(trees: readonly Tree[]): Set<string> {
  const [first, ...others] = trees;
  if (first === undefined) return new Set();
  const common = [...first].filter(([path, content]) => others.every((other) => other.get(path) === content));
  return new Set(common.map(([path]) => path));
}

/** Reads a `node_modules` folder, needed files only. */
export async function readTree(root: string): Promise<Tree> {
  const tree = new Map<string, string>();
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (entry.isDirectory()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = file
      .slice(root.length + 1)
      .split(sep)
      .join("/");
    if (isNeeded(path)) tree.set(path, await contentOf(file));
  }
  return tree;
}

async function contentOf(file: string): Promise<string> {
  const status = await lstat(file);
  if (status.isSymbolicLink()) return `link ${await readlink(file)}`;
  const hash = createHash("sha256").update(await readFile(file));
  return `${modeOf(status.mode)} ${hash.digest("hex")}`;
}

/** Without what the umask of the building machine did. */
function modeOf(mode: number): number {
  return mode & 0o111 ? 0o755 : 0o644;
}

/** Moves files of a `node_modules` folder below another one; times and modes become the same on every machine. */
export async function moveFiles(from: string, to: string, paths: Iterable<string>): Promise<void> {
  for (const path of paths) {
    const target = join(to, path);
    await mkdir(dirname(target), { recursive: true });
    await rename(join(from, path), target);
    const status = await lstat(target);
    if (status.isSymbolicLink()) continue;
    await chmod(target, modeOf(status.mode));
    await utimes(target, 0, 0);
  }
}

/**
 * OpenClaw looks for the packages of a bundled plugin in the plugin's own folder and otherwise starts npm, which the
 * image does not have. A link there shows it the packages of this installation; what is missing stays missing.
 */
export async function linkPluginPackages(modules: string): Promise<void> {
  const plugins = join(modules, "openclaw", "dist", "extensions");
  for (const plugin of await readdir(plugins)) {
    const manifest = await readFile(join(plugins, plugin, "package.json"), "utf8").catch(() => undefined);
    if (manifest === undefined || !hasDependencies(manifest)) continue;
    await symlink("../../../..", join(plugins, plugin, "node_modules"));
  }
}

function hasDependencies(manifest: string): boolean {
  const { dependencies } = JSON.parse(manifest) as { dependencies?: Record<string, string> };
  return dependencies !== undefined && Object.keys(dependencies).length > 0;
}
