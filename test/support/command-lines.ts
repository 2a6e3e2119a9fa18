import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { oneShotLabel } from "../../platforms/docker/one-shot.ts";
import type { World } from "./world.ts";

/** Milliseconds between two looks. What lives shorter is seen only where the engine tells of its beginning. */
const pause = 100;

/**
 * Collects what everybody on the machine can read of an update while it runs: the command lines of all processes of this machine,
 * of those in the world's containers, of the containers themselves, and of each program that is started in one.
 */
export class CommandLines {
  readonly seen = new Set<string>();
  readonly #world: World;
  readonly #events: ReturnType<typeof spawn>;
  readonly #told: Promise<unknown>;
  readonly #looks: Promise<void>;
  #stopped = false;

  constructor(world: World) {
    this.#world = world;
    // The engine keeps the latest: what it does before this process listens is told all the same.
    const since = String(Math.floor(Date.now() / 1000));
    const argv = ["events", "--filter", "type=container", "--format", "{{json .}}", "--since", since];
    this.#events = spawn("docker", argv, { env: world.environment(), stdio: ["ignore", "pipe", "inherit"] });
    this.#told = this.#listen();
    this.#looks = this.#look();
    // Whoever stops it gets the error, and not whoever runs meanwhile.
    for (const each of [this.#told, this.#looks]) each.catch(() => {});
  }

  /** One look more, and no other: what runs now is seen for certain. */
  async stop(): Promise<readonly string[]> {
    this.#stopped = true;
    await this.#looks;
    await this.#lookOnce();
    this.#events.kill();
    await this.#told;
    return [...this.seen];
  }

  async #listen(): Promise<void> {
    const { stdout } = this.#events;
    if (stdout === null) return;
    const inspected: Promise<void>[] = [];
    for await (const line of createInterface(stdout)) {
      const { Action, Actor } = JSON.parse(line) as { Action: string; Actor: { ID: string } };
      // `exec_create: node -e …`
      if (Action.startsWith("exec_create")) this.seen.add(Action);
      if (Action === "create") inspected.push(this.#inspect(Actor.ID));
    }
    await Promise.all(inspected);
  }

  async #look(): Promise<void> {
    while (!this.#stopped) {
      await this.#lookOnce();
      await sleep(pause);
    }
  }

  async #lookOnce(): Promise<void> {
    for (const line of await linesOfThisMachine()) this.seen.add(line);
    const { docker, stack } = this.#world;
    const ours = (await docker.listContainers()).filter(
      ({ Labels }) =>
        Labels["clawforce.stack"] === stack || (Labels[oneShotLabel] ?? "").startsWith(`${stack}-`),
    );
    for (const { Id } of ours) {
      await this.#inspect(Id);
      for (const line of await linesInContainer(docker, Id)) this.seen.add(line);
    }
  }

  async #inspect(id: string): Promise<void> {
    const found = await ifThere(this.#world.docker.getContainer(id).inspect());
    if (found === undefined) return;
    this.seen.add([found.Path, ...found.Args].join(" "));
    this.seen.add((found.Config.Healthcheck?.Test ?? []).join(" "));
  }
}

/** Of all processes, whoever they belong to; what has ended meanwhile has none. */
async function linesOfThisMachine(): Promise<string[]> {
  const processes = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = processes.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));
  return (await Promise.all(lines)).map((line) => line.replaceAll("\0", " ").trim());
}

/** As the engine tells them, which may run on another machine; none of a container that has gone or ended meanwhile. */
async function linesInContainer(docker: Docker, id: string): Promise<string[]> {
  const container = docker.getContainer(id);
  for (let attempt = 1; ; attempt++) {
    try {
      const top: { Processes: string[][] | null } = await container.top({ ps_args: "-ww -o pid,args" });
      // Null for a container whose last process has ended just now.
      return (top.Processes ?? []).map(([, ...line]) => line.join(" "));
    } catch (error) {
      // One that ends while it is asked is told of in many words, and for a moment the engine still takes it for running.
      const found = await ifThere(container.inspect());
      if (found?.State.Running !== true) return [];
      if (attempt === 20) throw error;
      await sleep(pause);
    }
  }
}

/** Undefined for a container that has gone meanwhile. */
async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}
