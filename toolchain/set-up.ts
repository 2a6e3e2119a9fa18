import { mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { type Cache, cacheAt, cacheFolder, openCache } from "./cache.ts";
import { compose } from "./compose.ts";
import { dockerEngine } from "./docker-engine.ts";
import { type ClusterPrograms, clusterPrograms } from "./kubernetes/programs.ts";
import { kubernetesPlugin } from "./kubernetes/provider.ts";
import { withLock } from "./lock.ts";
import { expectRoom } from "./machine.ts";
import { exitOnSignals } from "./processes.ts";
import { lineProgress, type Progress } from "./progress.ts";
import { isCold, type PulumiCli, pulumiCli, pulumiPlugin } from "./pulumi.ts";
import { registry } from "./registry.ts";
import { failWith } from "./set-up-error.ts";
import { type Plugin, plugins, pulumiVersion } from "./versions.ts";

/** The real parts, found or made on this machine. */
export interface Toolchain {
  /** The folder with pulumi and pulumi-language-nodejs. */
  readonly pulumiBin: string;
  /** Holds the provider plugins; inside the cache, so that nothing of the user's own Pulumi is touched. */
  readonly pulumiHome: string;
  /** The folder whose node runs TypeScript by itself. */
  readonly nodeBin: string;
  /** unix:///… or tcp://… */
  readonly dockerHost: string;
  /** 127.0.0.1:PORT */
  readonly registry: string;
  readonly cache: string;
}

/**
 * Finds, downloads or builds every part, in this order, and says which. Quick when all is there. Two at once do not
 * harm each other: the second waits. What it cannot do is thrown as a `SetUpError`.
 */
export async function setUp(progress: Progress): Promise<Toolchain> {
  const cache = openCache(cacheFolder(process.env));
  return waitingForOthers(cache, progress, () => setUpParts(cache, progress));
}

/** What child processes need to use these parts and no others. */
export function environmentOf(toolchain: Toolchain): Record<string, string> {
  return {
    PATH: [toolchain.pulumiBin, toolchain.nodeBin, process.env.PATH].join(delimiter),
    PULUMI_HOME: toolchain.pulumiHome,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    DOCKER_HOST: toolchain.dockerHost,
  };
}

/** Docker Compose beside these parts, for the tests that ask for it: a folder for `DOCKER_CONFIG`. */
export async function composeOf({ cache: folder }: Toolchain, progress: Progress): Promise<string> {
  const cache = cacheAt(folder);
  return waitingForOthers(cache, progress, () => compose(cache, progress));
}

/** What a Kubernetes cluster takes, for those who ask for one. */
export interface KubernetesParts {
  readonly programs: ClusterPrograms;
  /** The registry that its node pulls from. */
  readonly registry: string;
}

/**
 * The programs of a disposable cluster. Throws `Unavailable` on a machine that can't run the cluster, before anything is
 * built.
 */
export async function kubernetesOf(toolchain: Toolchain, progress: Progress): Promise<KubernetesParts> {
  const cache = cacheAt(toolchain.cache);
  const programs = await waitingForOthers(cache, progress, () => clusterPrograms(cache, progress));
  return { programs, registry: toolchain.registry };
}

/** Pulumi's Kubernetes provider beside the other plugins, for those who ask for it. */
export async function kubernetesProviderOf(toolchain: Toolchain, progress: Progress): Promise<void> {
  const { cache: folder, pulumiBin: bin, pulumiHome } = toolchain;
  const cache = cacheAt(folder);
  await waitingForOthers(cache, progress, () =>
    providerStep(cache, kubernetesPlugin, { bin }, pulumiHome, progress),
  );
}

/** Shows the wait for another set-up as a step, and nothing when there is none. */
async function waitingForOthers<T>(cache: Cache, progress: Progress, work: () => Promise<T>): Promise<T> {
  let waited: (() => void) | undefined;
  const stopWaiting = () => waited?.();
  const waitingFor = (pid: number) => {
    if (waited !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    waited = resolve;
    void progress.step(`Wait for the set-up of process ${pid}`, () => promise);
  };
  return withLock(join(cache.folder, "set-up.lock"), waitingFor, () => {
    stopWaiting();
    return work();
  });
}

async function setUpParts(cache: Cache, progress: Progress): Promise<Toolchain> {
  if (isCold(cache, plugins)) expectRoom(cache.folder);

  const engine = await progress.step("Docker engine", async ({ doing, result }) => {
    const found = await dockerEngine(cache, doing);
    result(`Docker engine: ${found.origin}`);
    return found;
  });
  const images = await progress.step("Registry", async ({ doing, result }) => {
    const found = await registry(cache, engine.host, doing);
    result(`Registry ${found.address}: ${found.origin}`);
    return found;
  });
  const cli = await progress.step("Pulumi CLI", async ({ doing, result }) => {
    const found = await pulumiCli(cache, doing);
    result(`Pulumi CLI ${pulumiVersion}: ${found.origin}`);
    return found;
  });
  const pulumiHome = join(cache.folder, "pulumi-home");
  mkdirSync(pulumiHome, { recursive: true, mode: 0o700 });
  for (const plugin of plugins) await providerStep(cache, plugin, cli, pulumiHome, progress);

  return {
    pulumiBin: cli.bin,
    pulumiHome,
    nodeBin: dirname(process.execPath),
    dockerHost: engine.host,
    registry: images.address,
    cache: cache.folder,
  };
}

function providerStep(
  cache: Cache,
  plugin: Plugin,
  cli: Pick<PulumiCli, "bin">,
  pulumiHome: string,
  progress: Progress,
): Promise<void> {
  return progress.step(`${plugin.name} provider`, async ({ doing, result }) => {
    const found = await pulumiPlugin(cache, plugin, cli, pulumiHome, doing);
    result(`${plugin.name} provider ${plugin.version}: ${found.origin}`);
  });
}

async function main(): Promise<void> {
  exitOnSignals();
  const toolchain = await setUp(lineProgress());
  for (const [name, value] of Object.entries(toolchain)) console.log(`${name}: ${value}`);
}

if (import.meta.main) main().catch(failWith);
