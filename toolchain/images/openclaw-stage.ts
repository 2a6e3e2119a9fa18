import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { commonPaths, linkPluginPackages, moveFiles, readTree, type Tree } from "./installed-tree.ts";
import { installLocked } from "./npm.ts";
import { type OpenClawVersion, openClawVersions } from "./openclaw-versions.ts";
import type { MakeOptions, Workshop } from "./workshop.ts";

/** Build contexts: `files/` is what goes to /opt/openclaw. */
export interface StagedOpenClaw {
  /** The files that all versions have in common. */
  readonly common: string;
  /** The other files of each version. */
  readonly only: Readonly<Record<OpenClawVersion, string>>;
}

type Doing = MakeOptions["doing"];

const staged = new WeakMap<Workshop, Promise<StagedOpenClaw>>();

/** Installs every version and tells apart what they share; once per workshop. */
export function stageOpenClaw(workshop: Workshop, doing: Doing): Promise<StagedOpenClaw> {
  const known = staged.get(workshop) ?? stage(workshop, doing);
  staged.set(workshop, known);
  return known;
}

async function stage(workshop: Workshop, doing: Doing): Promise<StagedOpenClaw> {
  const trees = new Map<OpenClawVersion, Tree>();
  for (const version of openClawVersions) {
    doing(`npm ci of OpenClaw ${version}`);
    trees.set(version, await install(workshop, version));
  }
  doing("telling apart what the versions share");
  const shared = commonPaths([...trees.values()]);
  const common = join(workshop.scratch, "contexts", "openclaw-common");
  const only: Partial<Record<OpenClawVersion, string>> = {};
  for (const [version, tree] of trees) {
    const modules = modulesOf(workshop, version);
    const context = join(workshop.scratch, "contexts", `openclaw-${version}`);
    await moveFiles(
      modules,
      join(context, "files", "node_modules"),
      [...tree.keys()].filter((path) => !shared.has(path)),
    );
    only[version] = context;
  }
  await moveFiles(modulesOf(workshop, openClawVersions[0]), join(common, "files", "node_modules"), shared);
  return { common, only: only as Record<OpenClawVersion, string> };
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
