import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cache, cacheAt, cacheFolder, isOurs, markerName } from "./cache.ts";
import { DockerCommand } from "./docker-command.ts";
import { type DockerEngine, ownEngine, runningEngine } from "./docker-engine.ts";
import { removeImages } from "./images/build.ts";
import { withLock } from "./lock.ts";
import { answerOf, exitOnSignals, stop } from "./processes.ts";
import { lineProgress, type Progress } from "./progress.ts";
import { ownRegistry, registryLabel } from "./registry.ts";
import { failWith, SetUpError } from "./set-up-error.ts";

/** On every container, volume and network that the demo and the tests make. */
const ourLabels = [
  "clawforce.stack=clawforce-demo",
  "clawforce.stack=clawforce-existing",
  "clawforce-fleet.demo",
  "clawforce-fleet.demo-part",
  "clawforce-fleet.test",
  registryLabel,
];
const stopRegistryMs = 5000;
/** The engine stops its containers before it ends. */
const stopEngineMs = 60_000;

/** Stops and removes all that set-up, demo and tests have started and made, and nothing else. */
export async function clean(progress: Progress): Promise<void> {
  const cache = cacheAt(cacheFolder(process.env));
  if (!isOurs(cache.folder)) return removeFromEngine(cache, progress);
  const waiting = (pid: number) => console.log(`  … waiting for the set-up of process ${pid}`);
  await withLock(join(cache.folder, "set-up.lock"), waiting, async () => {
    await removeFromEngine(cache, progress);
    await stopRegistry(cache, progress);
    await stopEngine(cache, progress);
    await removeCache(cache, progress);
  });
}

async function removeFromEngine(cache: Cache, progress: Progress): Promise<void> {
  const engine = await engineToClean(cache);
  if (engine === undefined)
    return console.log("· No Docker engine answers, so there is nothing to remove from one");
  await progress.step("Containers, volumes, networks", async ({ result }) => {
    // Of a failure it is what tells why, and the cache goes as well.
    const folder = mkdtempSync(join(tmpdir(), "clawforce-clean-"));
    const removed = await removeLabelled(new DockerCommand(engine.host, join(folder, "docker.log")));
    rmSync(folder, { recursive: true });
    result(`Removed from ${engine.host}: ${removed}`);
  });
  await progress.step("Images: removed those made here", () => removeImages(engine.host));
}

/** An engine that does not answer must not keep the rest from being removed. */
async function engineToClean(cache: Cache): Promise<DockerEngine | undefined> {
  try {
    return await runningEngine(cache);
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    console.log(`· ${error.message}`);
    return undefined;
  }
}

async function removeLabelled(docker: DockerCommand): Promise<string> {
  const containers = await labelled((label) => docker.containersWith(label));
  await docker.removeContainers(containers);
  const volumes = await labelled((label) => docker.volumesWith(label));
  await docker.removeVolumes(volumes);
  const networks = await labelled((label) => docker.networksWith(label));
  await docker.removeNetworks(networks);
  return `${containers.length} containers, ${volumes.length} volumes, ${networks.length} networks`;
}

/** Several labels in one filter would have to be on the same thing. */
async function labelled(list: (label: string) => Promise<string[]>): Promise<string[]> {
  const found = new Set<string>();
  for (const label of ourLabels) {
    for (const item of await list(label)) found.add(item);
  }
  return [...found];
}

async function stopRegistry(cache: Cache, progress: Progress): Promise<void> {
  const own = await ownRegistry(cache);
  if (own === undefined) return;
  await progress.step(`Registry: stopped process ${own.pid}`, () => stop(own, stopRegistryMs));
}

async function stopEngine(cache: Cache, progress: Progress): Promise<void> {
  const own = await ownEngine(cache);
  if (own === undefined) return;
  await progress.step(`Docker engine: stopped process ${own.pid}`, async () => {
    await stop(own, stopEngineMs);
    if (own.madeBridge) await answerOf(["ip", "link", "delete", "docker0"]);
  });
}

async function removeCache(cache: Cache, progress: Progress): Promise<void> {
  await progress.step(`Cache: removed ${cache.folder}`, async () => {
    for (const mount of mountsBelow(cache.folder)) await answerOf(["umount", mount]);
    // Lock and marker go last: a clean that was cut short can be run again.
    for (const name of readdirSync(cache.folder)) {
      if (name.startsWith("set-up.lock") || name === markerName) continue;
      rmSync(join(cache.folder, name), { recursive: true, force: true });
    }
    rmSync(cache.folder, { recursive: true, force: true });
  });
}

/** What an engine that was killed has left mounted; the innermost first. */
function mountsBelow(folder: string): string[] {
  if (!existsSync("/proc/self/mounts")) return [];
  return mountPointsBelow(folder, readFileSync("/proc/self/mounts", "utf8"));
}

export function mountPointsBelow(folder: string, mounts: string): string[] {
  return mounts
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .map((path) => path.replace(/\\040/g, " "))
    .filter((path) => path.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length);
}

async function main(): Promise<void> {
  exitOnSignals();
  await clean(lineProgress());
}

if (import.meta.main) main().catch(failWith);
