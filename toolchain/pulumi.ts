import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { type Cache, digestOfSources, type Entry, entryOf, keyOf } from "./cache.ts";
import { download, expectReachable, publishedDigest, textAt } from "./download.ts";
import { type Fallback, firstAvailable, Unavailable } from "./fallbacks.ts";
import { expectGo, goBuild, moduleFolder } from "./go-build.ts";
import { answerOf, run } from "./processes.ts";
import { cpuMinutes, minutesOf } from "./processor-time.ts";
import type { Doing } from "./progress.ts";
import { SetUpError } from "./set-up-error.ts";
import { type Plugin, pulumiVersion } from "./versions.ts";

const releases = "https://get.pulumi.com/releases/sdk";
const platform = `${process.platform}-${process.arch}`;
const cliPrograms = ["pulumi", "pulumi-language-nodejs"] as const;
const cliModules = ["pulumi-cli", "language-nodejs"] as const;
/** A download of 100 MB over a slow line takes its time: only one that hangs comes to this end. */
const installMs = 60 * 60_000;
/** What a build from Go modules usually takes at most, with their download. */
const buildSeconds = 600;
const quiet = { PULUMI_SKIP_UPDATE_CHECK: "true" };

export interface PulumiCli {
  /** The folder that holds pulumi and pulumi-language-nodejs. */
  readonly bin: string;
  readonly origin: string;
}

/** The CLI on PATH when it is exactly the pinned one, else one in the cache. */
export async function pulumiCli(cache: Cache, doing: Doing): Promise<PulumiCli> {
  const found = await cliOnMachine(cache);
  if (found !== undefined) return { bin: found, origin: "found on this machine" };
  const entry = await entryOf(cache, "pulumi", cliKey(), async (into) => {
    const ways: Fallback<void>[] = [
      { name: `downloaded from ${new URL(releases).host}`, get: () => downloadCli(cache, into, doing) },
      { name: "built from Go modules", get: () => buildCli(cache, into, doing) },
    ];
    return (await firstAvailable(`the Pulumi CLI ${pulumiVersion}`, ways)).origin;
  });
  return { bin: entry.folder, origin: originOf(entry) };
}

/** Whether the CLI and the plugins would have to be downloaded or built. */
export function isCold(cache: Cache, wanted: readonly Plugin[]): boolean {
  const folders = [
    `pulumi-${cliKey()}`,
    ...wanted.map((plugin) => `${entryName(plugin)}-${pluginKey(plugin)}`),
  ];
  return !folders.every((folder) => existsSync(join(cache.entries, folder)));
}

/**
 * The plugin, in the given PULUMI_HOME, where the engine finds it without a warning: taken over from the user's own
 * PULUMI_HOME, else installed by the CLI, else built.
 */
export async function pulumiPlugin(
  cache: Cache,
  plugin: Plugin,
  cli: Pick<PulumiCli, "bin">,
  home: string,
  doing: Doing,
): Promise<Entry> {
  const entry = await entryOf(cache, entryName(plugin), pluginKey(plugin), async (into) => {
    // Each gives what else is to be said of the plugin.
    const ways: Fallback<string>[] = [
      { name: "found on this machine", get: () => copyPlugin(plugin, into) },
      { name: "installed by the Pulumi CLI", get: () => installPlugin(cache, plugin, cli, into, doing) },
      { name: "built from Go modules", get: () => buildPlugin(cache, plugin, into, doing) },
    ];
    const { origin, value } = await firstAvailable(`the ${plugin.name} provider ${plugin.version}`, ways);
    return `${origin}${value}`;
  });
  const place = join(home, "plugins", `resource-${plugin.name}-v${plugin.version}`);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true, mode: 0o700 });
  symlinkSync(join(entry.folder, programOf(plugin)), join(place, programOf(plugin)));
  return { ...entry, origin: originOf(entry) };
}

function originOf(entry: Entry): string {
  return entry.found ? `in the cache, ${entry.origin}` : entry.origin;
}

async function cliOnMachine(cache: Cache): Promise<string | undefined> {
  const bin = folderOnPath(process.env.PATH ?? "", cliPrograms[0]);
  // A set-up inside another one sees the cache's own CLI on PATH.
  if (bin === undefined || bin.startsWith(cache.folder)) return undefined;
  if (!cliPrograms.every((program) => existsSync(join(bin, program)))) return undefined;
  const version = await answerOf([join(bin, cliPrograms[0]), "version"], quiet);
  return version === `v${pulumiVersion}` ? bin : undefined;
}

/** The first folder of a PATH that holds the program. */
export function folderOnPath(path: string, program: string): string | undefined {
  return path.split(delimiter).find((folder) => folder !== "" && existsSync(join(folder, program)));
}

async function downloadCli(cache: Cache, into: string, doing: Doing): Promise<void> {
  const archive = `pulumi-v${pulumiVersion}-${platform}.tar.gz`;
  doing("asking for the official Pulumi CLI");
  const digest = publishedDigest(await textAt(`${releases}/pulumi-${pulumiVersion}-checksums.txt`), archive);
  if (digest === undefined) throw new Unavailable(`there is no official release for ${platform}`);
  doing("downloading the Pulumi CLI");
  const file = join(into, archive);
  await download(`${releases}/${archive}`, file, digest);
  const members = cliPrograms.map((program) => `pulumi/${program}`);
  await run(["tar", "-xzf", file, "-C", into, "--strip-components=1", ...members], {
    log: join(cache.logs, "pulumi-cli.log"),
  });
  rmSync(file);
}

async function buildCli(cache: Cache, into: string, doing: Doing): Promise<void> {
  await expectGo("The Pulumi CLI");
  const linkerVariables = [`github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${pulumiVersion}`];
  doing("building the Pulumi CLI from Go modules (about 5 min)", buildSeconds);
  await goBuild(cache, { module: "pulumi-cli", target: "tool", output: `${into}/`, linkerVariables });
  doing("building the Node.js language host from Go modules", buildSeconds);
  await goBuild(cache, {
    module: "language-nodejs",
    output: join(into, "pulumi-language-nodejs"),
    linkerVariables,
  });
}

async function copyPlugin(plugin: Plugin, into: string): Promise<string> {
  const home = process.env.PULUMI_HOME || join(homedir(), ".pulumi");
  const program = join(home, "plugins", `resource-${plugin.name}-v${plugin.version}`, programOf(plugin));
  if (!existsSync(program)) throw new Unavailable("it is not on this machine");
  copyFileSync(program, join(into, programOf(plugin)));
  return "";
}

async function installPlugin(
  cache: Cache,
  plugin: Plugin,
  cli: Pick<PulumiCli, "bin">,
  into: string,
  doing: Doing,
): Promise<string> {
  doing(`asking for the official ${plugin.name} provider`);
  // Asked first, because the CLI itself would try for minutes on a machine without internet.
  await expectReachable("https://get.pulumi.com");
  const home = join(into, "home");
  await run([join(cli.bin, "pulumi"), "plugin", "install", "resource", plugin.name, plugin.version], {
    log: join(cache.logs, `${plugin.module}.log`),
    env: { ...quiet, PULUMI_HOME: home },
    timeoutMs: installMs,
  }).catch((error: unknown) => {
    if (!(error instanceof SetUpError)) throw error;
    throw new Unavailable("pulumi plugin install failed");
  });
  const installed = join(home, "plugins", `resource-${plugin.name}-v${plugin.version}`);
  for (const name of readdirSync(installed)) renameSync(join(installed, name), join(into, name));
  rmSync(home, { recursive: true });
  return "";
}

async function buildPlugin(cache: Cache, plugin: Plugin, into: string, doing: Doing): Promise<string> {
  await expectGo(`The ${plugin.name} provider`);
  doing(`building the ${plugin.name} provider from Go modules`, buildSeconds);
  const { module, build } = plugin;
  const output = join(into, programOf(plugin));
  if (build === undefined) {
    await goBuild(cache, { module, output });
    return "";
  }
  const sources = join(into, "sources");
  await build.sources(cache, sources);
  const { linkerVariables, budgetMinutes, inside } = build;
  const took = await cpuMinutes(() =>
    goBuild(cache, { module, sources, output, linkerVariables, large: true }),
  );
  rmSync(sources, { recursive: true });
  return `; ${inside}; ${minutesOf(took, budgetMinutes)}`;
}

function programOf(plugin: Plugin): string {
  return `pulumi-resource-${plugin.name}`;
}

function entryName(plugin: Plugin): string {
  return `${plugin.name}-provider`;
}

function cliKey(): string {
  const sources = cliModules.map((module) => [module, digestOfSources(moduleFolder(module))] as const);
  return keyOf({ version: pulumiVersion, platform, ...Object.fromEntries(sources) });
}

function pluginKey(plugin: Plugin): string {
  const sources = digestOfSources(moduleFolder(plugin.module));
  return keyOf({ version: plugin.version, platform, sources, ...plugin.build?.recipe });
}
