import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type Cache, digestOfSources, type Entry, entryOf, keyOf } from "../cache.ts";
import {
  cniPlugins,
  containerd,
  type DebianProgram,
  etcd,
  installPrograms,
  nodeCommands,
  programPath,
} from "../debian.ts";
import { Unavailable } from "../fallbacks.ts";
import { expectGo, goBuild, moduleFolder } from "../go-build.ts";
import { expectRoom } from "../machine.ts";
import { answerOf } from "../processes.ts";
import { cpuMinutes, minutesOf } from "../processor-time.ts";
import type { Progress } from "../progress.ts";
import { SetUpError } from "../set-up-error.ts";
import { type Hierarchy, hierarchyProblem, mountedHierarchies } from "./control-groups.ts";
import { packPauseImage } from "./pause-image.ts";

/** That of its go.mod; each of the programs says it to whoever asks. */
export const kubernetesVersion = "v1.34.4";
/** Processor time that a build from nothing may take on quiet cores. */
export const budgetMinutes = 12;

const module = "kubernetes-programs";
/** The names that the one program is started under, see main.go. */
export const programNames = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-proxy",
  "kube-scheduler",
  "kubectl",
  "kubelet",
] as const;
/** What Go's caches grow by, and the link step of all programs at once. */
const neededRoom = { disk: 8 * 1024 ** 3, memory: 6 * 1024 ** 3 };
/** With the download of its modules. */
const buildSeconds = 1200;

/** All that a disposable cluster is started from. */
export interface ClusterPrograms {
  /** Kubernetes' own programs by their names, and the archive of the pause image. */
  readonly folder: string;
  readonly etcd: string;
  readonly containerd: string;
  /** The folder with the network plugins. */
  readonly cni: string;
}

/** What decides whether a cluster can run on a machine. */
export interface Machine {
  /** As Node.js calls it. */
  readonly platform: string;
  /** Of this process's user. */
  readonly userId: number | undefined;
  readonly hierarchies: readonly Hierarchy[];
}

/** Why no disposable cluster can run there, as a clause; undefined where one can. */
export function clusterProblem({ platform, userId, hierarchies }: Machine): string | undefined {
  if (platform !== "linux") return "it runs on Linux alone";
  if (userId !== 0) return "only root may make the namespaces that it runs in";
  return hierarchyProblem(hierarchies);
}

function thisMachine(): Machine {
  const { platform } = process;
  const hierarchies = platform === "linux" ? mountedHierarchies() : [];
  return { platform, userId: process.getuid?.(), hierarchies };
}

/**
 * The programs of a real cluster: built once for each version, and those of Debian. Call it under the set-up lock.
 * Throws `Unavailable` on a machine that can't run them.
 */
export async function clusterPrograms(cache: Cache, progress: Progress): Promise<ClusterPrograms> {
  const problem = clusterProblem(thisMachine());
  if (problem !== undefined) throw new Unavailable(problem);
  return progress.step("Kubernetes", async ({ doing, result }) => {
    const wanted = [etcd, containerd, cniPlugins, ...nodeCommands];
    const missing = wanted.filter((program) => programPath(program) === undefined);
    if (missing.length > 0) await installPrograms(cache, missing, doing);
    const [etcdPath = "", containerdPath = "", cniPath = ""] = wanted.map(programPath);
    const entry = await built(cache, (text) => doing(text, buildSeconds));
    result(
      `Kubernetes ${kubernetesVersion}: ${entry.found ? "in the cache, " : ""}${entry.origin}; with ${await versionsOf(etcdPath, containerdPath, cniPath)}`,
    );
    return {
      folder: entry.folder,
      etcd: etcdPath,
      containerd: containerdPath,
      cni: join(cniPath, ".."),
    };
  });
}

function built(cache: Cache, doing: (text: string) => void): Promise<Entry> {
  const key = keyOf({
    platform: `${process.platform}-${process.arch}`,
    sources: digestOfSources(moduleFolder(module)),
    names: programNames.join(" "),
  });
  return entryOf(cache, "kubernetes", key, async (into) => {
    await expectGo("Kubernetes");
    expectRoom(cache.folder, neededRoom);
    doing(`building Kubernetes from Go modules (about ${budgetMinutes} min of processor time)`);
    const took = await cpuMinutes(async () => {
      await goBuild(cache, {
        module,
        output: join(into, "kubernetes"),
        linkerVariables: [`k8s.io/component-base/version.gitVersion=${kubernetesVersion}`],
        large: true,
      });
      await goBuild(cache, { module, target: "./pause", output: join(into, "pause") });
    });
    for (const name of programNames) symlinkSync("kubernetes", join(into, name));
    await packPauseImage(into, join(into, "pause.tar"));
    return `built from Go modules in ${minutesOf(took, budgetMinutes)}`;
  });
}

/** What is found is said, because nothing pins it: Debian's packages are what they are on this machine. */
async function versionsOf(etcdPath: string, containerdPath: string, cniPath: string): Promise<string> {
  const etcdText = (await answerOf([etcdPath, "--version"])) ?? "";
  const containerdText = (await answerOf([containerdPath, "--version"])) ?? "";
  const [, etcdVersion = "?"] = /etcd Version: (\S+)/.exec(etcdText) ?? [];
  const [, containerdVersion = "?"] = /containerd\S* (\d\S*)/.exec(containerdText) ?? [];
  const cni = await packageVersion(cniPlugins, cniPath);
  return `etcd ${etcdVersion}, containerd ${containerdVersion}, network plugins ${cni}`;
}

async function packageVersion({ packages: [name] }: DebianProgram, path: string): Promise<string> {
  const shown = await answerOf(["dpkg-query", "--show", name]);
  const version = shown?.split("\t")[1];
  if (version !== undefined) return version;
  if (existsSync(path)) return `at ${path}`;
  throw new SetUpError(`${path} is gone: install ${name} and start again.`);
}
