import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { commonPaths, linkPluginPackages, moveFiles, readTree, type Tree } from "./installed-tree.ts";
import { installLocked } from "./npm.ts";
import type { OpenClawVersion } from "./openclaw-versions.ts";
import type { MakeOptions, Workshop } from "./workshop.ts";

/** Build contexts: `files/` is what goes to /opt/openclaw. */
export interface StagedOpenClaw {
  /** The files that all versions of the series have in common. */
  readonly common: string;
  /** The other files of each version. */
  readonly only: ReadonlyMap<OpenClawVersion, string>;
}

type Doing = MakeOptions["doing"];
type Series = readonly OpenClawVersion[];

const staged = new WeakMap<Workshop, Map<string, Promise<StagedOpenClaw>>>();

/** Installs every version of a series and tells apart what they share; once per workshop. */
export function stageOpenClaw(workshop: Workshop, series: Series, doing: Doing): Promise<StagedOpenClaw> {
  const known = staged.get(workshop) ?? new Map<string, Promise<StagedOpenClaw>>();
  staged.set(workshop, known);
  const name = series.join(" ");
  const begun = known.get(name) ?? stage(workshop, series, doing);
  known.set(name, begun);
  return begun;
}

async function stage(workshop: Workshop, series: Series, doing: Doing): Promise<StagedOpenClaw> {
  const trees = new Map<OpenClawVersion, Tree>();
  for (const version of series) {
    doing(`npm ci of OpenClaw ${version}`);
    trees.set(version, await install(workshop, version));
  }
  doing("telling apart what the versions share");
  const shared = commonPaths([...trees.values()]);
  const context = (name: string) => join(workshop.scratch, "contexts", name);
  const only = new Map<OpenClawVersion, string>();
  for (const [version, tree] of trees) {
    only.set(version, context(`openclaw-${version}`));
    await moveFiles(
      modulesOf(workshop, version),
      join(context(`openclaw-${version}`), "files", "node_modules"),
      [...tree.keys()].filter((path) => !shared.has(path)),
    );
  }
  const [first] = series;
  if (first === undefined) throw new Error("a series has no version");
  const common = context(`openclaw-common-${first}`);
  await moveFiles(modulesOf(workshop, first), join(common, "files", "node_modules"), shared);
  return { common, only };
}

async function install(workshop: Workshop, version: OpenClawVersion): Promise<Tree> {
  const modules = modulesOf(workshop, version);
  const folder = join(modules, "..");
  await mkdir(folder, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) {
    await cp(join(import.meta.dirname, "openclaw", version, file), join(folder, file));
  }
  await installLocked(workshop, folder);
  await linkPluginPackages(modules);
  return readTree(modules);
}

function modulesOf(workshop: Workshop, version: OpenClawVersion): string {
  return join(workshop.scratch, "installations", version, "node_modules");
}
