import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import type { Cache } from "./cache.ts";
import { dockerd, installProgram, programPath } from "./debian.ts";
import { Unavailable } from "./fallbacks.ts";
import { answerOf, isRunning, type OwnProcess, startDetached, tailOf } from "./processes.ts";
import type { Doing } from "./progress.ts";
import { SetUpError } from "./set-up-error.ts";
import { waitFor } from "./wait.ts";

const systemSocket = "/var/run/docker.sock";
/** Longer than a busy machine takes for one answer; one that runs and hangs is told by it. */
const answerMs = 60_000;
/** Unix socket addresses end at 108 bytes, and containerd's lies below the run folder. */
const longestCacheFolder = 55;

export interface DockerEngine {
  /** For DOCKER_HOST: unix:///… or tcp://… */
  readonly host: string;
  readonly origin: string;
}

interface OwnEngine extends OwnProcess {
  readonly socket: string;
  /** Whether the bridge docker0 came with it, and so goes with it. */
  readonly madeBridge: boolean;
}

/** An engine that answers: the one DOCKER_HOST names, the machine's, ours from before, else one started now. */
export async function dockerEngine(cache: Cache, doing: Doing): Promise<DockerEngine> {
  const found = await runningEngine(cache);
  if (found !== undefined) return found;
  try {
    const program = programPath(dockerd) ?? (await installProgram(cache, dockerd, doing));
    doing("starting a Docker engine");
    return await startEngine(cache, program);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    throw new SetUpError(
      `No Docker engine answers and ${error.message}: install and start Docker, or start again as root on a machine with apt.`,
    );
  }
}

/** An engine that answers now; nothing is started. */
export async function runningEngine(cache: Cache): Promise<DockerEngine | undefined> {
  const named = process.env.DOCKER_HOST;
  if (named) {
    if (!/^(unix|tcp):\/\//.test(named)) {
      throw new SetUpError(
        `DOCKER_HOST names ${named}: set it to an engine at unix://… or tcp://…, or unset it.`,
      );
    }
    if (await answers(named)) return { host: named, origin: "found by DOCKER_HOST" };
    throw new SetUpError(
      `DOCKER_HOST names ${named}, which does not answer: start that engine or unset DOCKER_HOST.`,
    );
  }
  const system = `unix://${systemSocket}`;
  if (await answers(system)) return { host: system, origin: "found on this machine" };
  const context = await answerOf(["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]);
  if (context && context !== system && (await answers(context))) {
    return { host: context, origin: "found by the current docker context" };
  }
  const own = await ownEngine(cache);
  if (own !== undefined && (await answers(`unix://${own.socket}`))) {
    return { host: `unix://${own.socket}`, origin: `ours from before, process ${own.pid}` };
  }
  return undefined;
}

/** The engine that set-up has started, while it runs. */
export async function ownEngine(cache: Cache): Promise<OwnEngine | undefined> {
  const own = recorded(cache);
  return own !== undefined && (await isRunning(own)) ? own : undefined;
}

async function startEngine(cache: Cache, program: string): Promise<DockerEngine> {
  expectRootAndShortPath(cache);
  expectNoOtherEngine();
  const state = join(cache.run, "docker");
  const socket = join(cache.run, "docker.sock");
  const log = join(cache.logs, "dockerd.log");
  // Also when it is still there from an engine of ours that was killed.
  const madeBridge =
    recorded(cache)?.madeBridge === true || !/^\s*docker0:/m.test(readFileSync("/proc/net/dev", "utf8"));
  rmSync(join(cache.run, "docker.pid"), { force: true });
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const started = await startDetached(
    [
      program,
      `--host=unix://${socket}`,
      `--data-root=${join(cache.folder, "docker")}`,
      `--exec-root=${state}`,
      `--pidfile=${join(cache.run, "docker.pid")}`,
      // Engines before 23 kill docker-proxy when the thread that started it ends, and its port refuses for good.
      "--userland-proxy=false",
      "--log-level=warn",
    ],
    log,
  );
  const own: OwnEngine = { ...started, socket, madeBridge };
  writeFileSync(recordOf(cache), JSON.stringify(own), { mode: 0o600 });
  const host = `unix://${socket}`;
  const problem = await waitFor({
    look: () => answers(host),
    alive: () => isRunning(own),
    pause: 200,
  });
  if (problem === undefined) return { host, origin: `started with ${program}, process ${own.pid}` };
  throw new SetUpError(
    `The Docker engine does not start (${problem}): repair what it names and start again.\n${tailOf(log)}`,
  );
}

function expectRootAndShortPath(cache: Cache): void {
  if (process.getuid?.() !== 0) {
    throw new SetUpError(
      `No Docker engine answers at ${systemSocket} for this user: start Docker, join the group docker, or start again as root.`,
    );
  }
  if (Buffer.byteLength(cache.folder) > longestCacheFolder) {
    throw new SetUpError(
      `The cache folder ${cache.folder} is too long for the sockets in it: set CLAWFORCE_FLEET_CACHE to a path of at most ${longestCacheFolder} characters.`,
    );
  }
}

/** Two engines on one machine would share docker0 and take each other's firewall rules away. */
function expectNoOtherEngine(): void {
  const other = readdirSync("/proc").find((pid) => /^\d+$/.test(pid) && commandOf(pid) === "dockerd");
  if (other !== undefined) {
    throw new SetUpError(
      `A Docker engine runs as process ${other} but not at ${systemSocket}: set DOCKER_HOST to its address, or stop it.`,
    );
  }
}

function commandOf(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Whether an engine answers there. Only local sockets and plain TCP are asked; what else there is counts as silent. */
async function answers(host: string): Promise<boolean> {
  const { protocol, hostname, port, pathname } = new URL(host);
  const target =
    protocol === "unix:"
      ? { socketPath: pathname }
      : protocol === "tcp:"
        ? { host: hostname, port }
        : undefined;
  if (target === undefined) return false;
  return new Promise((resolve) => {
    const ping = request({ ...target, path: "/_ping", timeout: answerMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on("timeout", () => ping.destroy());
    ping.on("error", () => resolve(false));
    ping.end();
  });
}

function recorded(cache: Cache): OwnEngine | undefined {
  try {
    return JSON.parse(readFileSync(recordOf(cache), "utf8")) as OwnEngine;
  } catch {
    return undefined;
  }
}

function recordOf(cache: Cache): string {
  return join(cache.run, "dockerd.json");
}
