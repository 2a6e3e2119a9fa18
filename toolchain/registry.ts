import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Cache } from "./cache.ts";
import { dockerRegistry, installProgram, programPath } from "./debian.ts";
import { DockerCommand } from "./docker-command.ts";
import { firstAvailable, Unavailable } from "./fallbacks.ts";
import { isRunning, type OwnProcess, startDetached, tailOf } from "./processes.ts";
import type { Doing } from "./progress.ts";
import { SetUpError } from "./set-up-error.ts";
import { waitFor } from "./wait.ts";

const officialImage = "registry:2.8.3";
/** On what a container stands that is the registry; clean finds it by this. */
export const registryLabel = "clawforce-fleet.registry";
/** Longer than a busy machine takes for one answer; one that runs and hangs is told by it. */
const answerMs = 60_000;
const firstPort = 5077;
const ports = 200;

export interface Registry {
  /** 127.0.0.1:PORT, as it stands in image references. */
  readonly address: string;
  readonly origin: string;
}

interface OwnRegistry {
  /** Kept when the registry is gone: references with it stay valid when the next one gets it again. */
  readonly port: number;
  /** None when it runs in a container. */
  readonly process?: OwnProcess;
}

/** Our registry: the one running, else Debian's program, else the official image. Its storage is in the cache. */
export async function registry(cache: Cache, dockerHost: string, doing: Doing): Promise<Registry> {
  const known = recorded(cache);
  if (known !== undefined && (await runs(known)) && (await answers(known.port))) {
    return { address: addressOf(known.port), origin: "ours from before" };
  }
  const port = await freePort(known?.port);
  const { origin } = await firstAvailable("a registry", [
    {
      name: "started with Debian's docker-registry",
      get: async () => {
        const program = programPath(dockerRegistry) ?? (await installProgram(cache, dockerRegistry, doing));
        await startProgram(cache, program, port);
      },
    },
    {
      name: `started as a container of ${officialImage}`,
      get: () => startContainer(cache, dockerHost, port, doing),
    },
  ]);
  return { address: addressOf(port), origin };
}

/** The process of the registry that set-up has started, while it runs. */
export async function ownRegistry(cache: Cache): Promise<OwnProcess | undefined> {
  const own = recorded(cache)?.process;
  return own !== undefined && (await isRunning(own)) ? own : undefined;
}

async function startProgram(cache: Cache, program: string, port: number): Promise<void> {
  const storage = join(cache.folder, "registry");
  const config = join(cache.run, "registry.yml");
  const log = join(cache.logs, "registry.log");
  mkdirSync(storage, { recursive: true, mode: 0o700 });
  writeFileSync(config, registryConfig(storage, addressOf(port)), { mode: 0o600 });
  const own = await startDetached([program, "serve", config], log);
  record(cache, { port, process: own });
  await expectAnswer(port, log, () => isRunning(own));
}

/** Debian's own configuration demands a password, so the program gets this one. JSON is YAML. */
export function registryConfig(storage: string, address: string): string {
  return JSON.stringify({
    version: "0.1",
    log: { level: "warn" },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http: { addr: address },
  });
}

/** Starts the container from before, with the images in it, else a new one. */
async function startContainer(cache: Cache, dockerHost: string, port: number, doing: Doing): Promise<void> {
  const log = join(cache.logs, "registry.log");
  const docker = new DockerCommand(dockerHost, log);
  const alive = async () => true;
  const [before, ...others] = await docker.containersWith(registryLabel);
  await docker.removeContainers(others);
  if (before !== undefined && recorded(cache)?.port === port) {
    await docker.start(before);
    return expectAnswer(port, log, alive);
  }
  if (before !== undefined) await docker.removeContainers([before]);
  doing(`pulling ${officialImage}`);
  await docker.pull(officialImage).catch(() => {
    throw new Unavailable(`${officialImage} cannot be pulled`);
  });
  await docker.runService({
    label: registryLabel,
    image: officialImage,
    environment: { REGISTRY_STORAGE_DELETE_ENABLED: "true" },
    publish: `${addressOf(port)}:5000`,
  });
  record(cache, { port });
  await expectAnswer(port, log, alive);
}

async function expectAnswer(port: number, log: string, alive: () => Promise<boolean>): Promise<void> {
  const problem = await waitFor({ look: () => answers(port), alive, pause: 100 });
  if (problem === undefined) return;
  throw new SetUpError(
    `The registry does not start (${problem}): repair what it names and start again.\n${tailOf(log)}`,
  );
}

/** The port from before when it is free, else the first free one of a fixed range. */
async function freePort(before: number | undefined): Promise<number> {
  for (const port of portCandidates(before)) {
    if (await isFree(port)) return port;
  }
  throw new SetUpError(
    `The ports ${firstPort} to ${firstPort + ports - 1} of 127.0.0.1 are all taken: stop what listens there, the registry needs one.`,
  );
}

export function portCandidates(before: number | undefined): number[] {
  const range = Array.from({ length: ports }, (_, index) => firstPort + index);
  return before === undefined ? range : [before, ...range.filter((port) => port !== before)];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

async function runs(own: OwnRegistry): Promise<boolean> {
  return own.process === undefined || (await isRunning(own.process));
}

/** Whether a registry answers there; anything else may listen on a port that was ours once. */
async function answers(port: number): Promise<boolean> {
  const response = await fetch(`http://${addressOf(port)}/v2/`, {
    signal: AbortSignal.timeout(answerMs),
  }).catch(() => undefined);
  await response?.body?.cancel();
  return response?.status === 200 && response.headers.has("docker-distribution-api-version");
}

function addressOf(port: number): string {
  return `127.0.0.1:${port}`;
}

function recorded(cache: Cache): OwnRegistry | undefined {
  try {
    return JSON.parse(readFileSync(recordOf(cache), "utf8")) as OwnRegistry;
  } catch {
    return undefined;
  }
}

function record(cache: Cache, own: OwnRegistry): void {
  writeFileSync(recordOf(cache), JSON.stringify(own), { mode: 0o600 });
}

function recordOf(cache: Cache): string {
  return join(cache.run, "registry.json");
}
