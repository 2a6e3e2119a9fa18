import { fieldAt } from "../../config/json.ts";
import { turnArgv } from "../../demo/model-server.ts";
import { jsonOf, oneLine } from "../../lifecycle/checks/cli-output.ts";
import { oneShotLabel } from "../../platforms/docker/one-shot.ts";
import type { Run } from "./outcome.ts";
import { runProgram, type World } from "./world.ts";

/** Where OpenClaw's images have their state. */
export const stateFolder = "/home/node/.openclaw";

/** What an operator would miss. */
export interface Belongings {
  sessions: number;
  /** Names of the jobs, in order. */
  jobs: string[];
}

/** What became of a gateway that was started on a copy. */
export interface Start {
  /** Ready by its own word, or why not. */
  ready: boolean;
  has?: Belongings;
  /** Of one turn in the session of before: undefined where it was answered. */
  turnFailure?: string;
  /** The end of its log. */
  said: string;
}

/**
 * A copy of a gateway's state, and gateways and programs on it, by the docker command alone: what is true of a version,
 * looked at without the program that is judged by it.
 */
export class OpenClawCopy {
  readonly #world: World;
  readonly #volume: string;
  readonly #network: string;

  constructor(world: World, volume: string, network: string) {
    this.#world = world;
    this.#volume = volume;
    this.#network = network;
  }

  /** The world removes what carries its label; volumes are removed by `remove`. */
  static async of(world: World, volume: string, name: string, network: string): Promise<OpenClawCopy> {
    const copy = new OpenClawCopy(world, `${world.stack}-${name}`, network);
    await copy.takeFrom(volume);
    return copy;
  }

  async takeFrom(volume: string): Promise<void> {
    const image = this.#world.parts.images.tools;
    const mounts = ["-v", `${volume}:/from`, "-v", `${this.#volume}:/to`];
    const script = "rm -rf /to/..?* /to/.[!.]* /to/* && cp -a /from/. /to/";
    await this.#must("run", "--rm", ...mounts, "--entrypoint", "sh", image, "-c", script);
  }

  /** A copy of this copy. */
  async again(name: string): Promise<OpenClawCopy> {
    return OpenClawCopy.of(this.#world, this.#volume, name, this.#network);
  }

  /** Runs a program of an image on it, with no gateway beside it. */
  run(image: string, argv: readonly string[]): Promise<Run> {
    const [program = "", ...rest] = argv;
    return this.#docker(
      ...["run", "--rm", "--init", "--network", "none", ...this.#state(), "--entrypoint", program],
      ...[image, ...rest],
    );
  }

  /** Starts a gateway on it, looks at what it has, and stops it again. */
  async start(image: string, patience: number): Promise<Start> {
    const name = `${this.#volume}-gateway`;
    await this.#must(
      ...["run", "-d", "--init", "--name", name, "--network", this.#network, ...this.#state()],
      ...["--label", `${oneShotLabel}=${this.#world.stack}-copy`, image],
    );
    try {
      const ready = await this.#ready(name, patience);
      if (!ready) return { ready, said: await this.#said(name) };
      const has = await belongings((...argv) => this.#docker("exec", name, ...argv));
      const turn = await this.#docker("exec", name, ...turnArgv("two"));
      const failure = turnFailure(turn);
      return {
        ready,
        has,
        ...(failure !== undefined && { turnFailure: failure }),
        said: await this.#said(name),
      };
    } finally {
      await this.#docker("stop", "-t", "60", name);
      await this.#docker("rm", "-f", "-v", name);
    }
  }

  async remove(): Promise<void> {
    await this.#docker("volume", "rm", "-f", this.#volume);
  }

  #state(): string[] {
    return [
      ...["-v", `${this.#volume}:${stateFolder}`, "-e", "OPENCLAW_GATEWAY_TOKEN=of-the-copy"],
      ...["-e", "OPENCLAW_SKIP_CHANNELS=1"],
    ];
  }

  /** By the body, as long as it runs. */
  async #ready(name: string, patience: number): Promise<boolean> {
    const end = Date.now() + patience * 1000;
    const look =
      "fetch('http://127.0.0.1:18789/readyz').then((r)=>r.json()).then((b)=>process.exit(b.ready===true?0:1),()=>process.exit(1))";
    while (Date.now() < end) {
      const running = await this.#docker("inspect", "-f", "{{.State.Running}}", name);
      if (running.output.trim() !== "true") return false;
      if ((await this.#docker("exec", name, "node", "-e", look)).code === 0) return true;
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
    return false;
  }

  async #said(name: string): Promise<string> {
    return (await this.#docker("logs", "--tail", "30", name)).output;
  }

  async #must(...argv: string[]): Promise<void> {
    const { code, output } = await this.#docker(...argv);
    if (code !== 0) throw new Error(`docker ${argv.join(" ")} ended with ${code}: ${output}`);
  }

  #docker(...argv: string[]): Promise<Run> {
    return runProgram("docker", argv, this.#world.environment());
  }
}

/** Why a turn was not answered; undefined: it was. */
export function turnFailure({ code, output }: Run): string | undefined {
  if (code !== 0) return `exit code ${code}: ${oneLine(output)}`;
  // Some versions call that ok, and have a reply beside it.
  if (/"stopReason":\s*"error"/.test(output)) return `it ended with an error: ${oneLine(output)}`;
  return output.includes("pong") ? undefined : oneLine(output);
}

/** As the version's own commands tell it. */
export async function belongings(exec: (...argv: string[]) => Promise<Run>): Promise<Belongings> {
  const sessions = jsonOf((await exec("openclaw", "sessions", "--all-agents", "--json")).output);
  const listed = await exec("openclaw", "cron", "list", "--json");
  const jobs = fieldAt(jsonOf(listed.output), "jobs");
  if (!Array.isArray(jobs)) throw new Error(`no list of jobs: ${oneLine(listed.output)}`);
  return {
    sessions: Number(fieldAt(sessions, "totalCount") ?? fieldAt(sessions, "count")),
    jobs: jobs.map((job) => String(fieldAt(job, "name"))).sort(),
  };
}
