import { spawn } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Docker from "dockerode";
import { stringify } from "yaml";
import { projectFolder } from "../../fleet/engine.ts";
import { EvidenceLog } from "../../lifecycle/evidence/log.ts";
import type { EvidenceRecord } from "../../lifecycle/evidence/records.ts";
import type { StepName } from "../../lifecycle/update/step-names.ts";
import { dockerClient, inspectContainer } from "../../platforms/docker/client.ts";
import { type Asked, answerIn, askArgv } from "./asked.ts";
import { outcomeOf, type Run } from "./outcome.ts";
import type { Parts } from "./parts.ts";
import { removeAllWith } from "./removal.ts";
import { type AgentImages, fixtureGroup, hostOf, networkOf } from "./world-settings.ts";

export async function partsOfThisRun(): Promise<Parts> {
  const file = process.env.CLAWFORCE_TEST_PARTS;
  if (file === undefined) {
    throw new Error("Run `npm test`: it sets up the real parts and names them in CLAWFORCE_TEST_PARTS.");
  }
  return JSON.parse(await readFile(file, "utf8")) as Parts;
}

export interface WorldOptions {
  instances?: number;
  /** Where instance k keeps its state; default a volume of its own. */
  directory?: (name: string) => string;
  group?: Record<string, unknown>;
  /** Nothing has to fail in this world, so each thing gets the time of a busy machine. */
  patience?: boolean;
  /** Runs OpenClaw with the configuration's own defaults instead of the fixture with its short times. */
  openclaw?: boolean;
  snapshots?: Record<string, unknown>;
  /** Puts an ingress in front with these settings; it serves each workload under its `hostOf`. */
  ingress?: Record<string, unknown>;
  /** Another engine than the machine's, as this test reaches it; how the stack does stands in `settings`. */
  dockerHost?: string;
  /** More variables for whoever deploys. */
  environment?: Record<string, string>;
  /** More keys of the configuration, without namespace; asked again at each `configure`. */
  settings?: (world: World) => Record<string, unknown>;
}

/** One stack of its own on the real engine and the real Docker host: names, folders and repositories that no other test shares. */
export class World {
  readonly folder: string;
  readonly stack: string;
  readonly docker: Docker;
  readonly parts: Parts;
  readonly instances: string[];
  readonly breakpoints: string;
  readonly #options: WorldOptions;
  #breaks = false;
  images: AgentImages;
  wave = 0;
  /** Additions to single instances of the configuration: `{name: {restore: id}}`. */
  instanceSettings: Record<string, Record<string, unknown>> = {};

  private constructor(folder: string, parts: Parts, images: AgentImages, options: WorldOptions) {
    this.folder = folder;
    this.parts = { ...parts, dockerHost: options.dockerHost ?? parts.dockerHost };
    this.images = images;
    this.#options = options;
    this.stack = `t${folder
      .slice(-6)
      .toLowerCase()
      .replace(/[^a-z0-9]/g, "x")}`;
    this.docker = dockerClient(this.parts.dockerHost);
    this.instances = Array.from(
      { length: options.instances ?? 3 },
      (_, index) => `${this.stack}-${index + 1}`,
    );
    this.breakpoints = join(folder, "breakpoints");
  }

  static async create(images: AgentImages, options: WorldOptions = {}): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), "clawforce-test-"));
    const world = new World(folder, await partsOfThisRun(), images, options);
    for (const each of ["project", "state", "breakpoints", "repositories"]) {
      await mkdir(join(folder, each), { mode: 0o700 });
    }
    await copyFile(join(projectFolder, "Pulumi.yaml"), join(folder, "project", "Pulumi.yaml"));
    await world.#mustPulumi(["stack", "init", world.stack, "--no-select", "--cwd", join(folder, "project")]);
    await world.configure();
    // One process for all, which reads them from its arguments alone: that is for secrets of tests.
    const secrets = Object.entries(world.secrets).flatMap(([key, secret]) => [
      "--secret",
      `clawforce:${key}=${secret}`,
    ]);
    await world.#mustPulumi(["config", "set-all", "--path", ...secrets, ...world.stackFlags()]);
    await world.configure();
    return world;
  }

  /** By key of the configuration. No two worlds share one, so whoever looks for one finds its own. */
  get secrets(): Record<"snapshotPassword" | "controlPlanePassword", string> & Record<string, string> {
    const secret = (key: string) => `secret-of-${this.stack}-${key}`;
    const tokens = this.instances.map((name) => `gatewayTokens.${name}`);
    return {
      snapshotPassword: secret("snapshotPassword"),
      controlPlanePassword: secret("controlPlanePassword"),
      ...Object.fromEntries(tokens.map((key) => [key, secret(key)])),
    };
  }

  /** Name of the ingress's container, in a world that has one. */
  get ingress(): string {
    return `${this.stack}-ingress`;
  }

  get configFile(): string {
    return join(this.folder, "project", `Pulumi.${this.stack}.yaml`);
  }

  /** Writes the stack's configuration from `images`, `wave` and `instanceSettings`; keeps the secrets. */
  async configure(change: { images?: AgentImages; wave?: number } = {}): Promise<void> {
    this.images = change.images ?? this.images;
    this.wave = change.wave ?? this.wave;
    const kept = (await readFile(this.configFile, "utf8").catch(() => "")).split("\n");
    const { parse } = await import("yaml");
    const before = (parse(kept.join("\n")) ?? {}) as { config?: Record<string, unknown> };
    const { snapshots, ingress, settings: more } = this.#options;
    const settings = {
      "clawforce:environment": "staging",
      "clawforce:window": "runtime",
      "clawforce:platform": { kind: "docker", host: this.parts.dockerHost },
      "clawforce:agentImages": { agent: this.images },
      ...(ingress && {
        "clawforce:ingress": { name: this.ingress, image: this.parts.images.proxy, ...ingress },
      }),
      "clawforce:instanceGroups":
        this.instances.length === 0 ? {} : { [`${this.stack}-group`]: this.#group() },
      "clawforce:snapshots": {
        repositories: join(this.folder, "repositories"),
        image: this.parts.images.tools,
        minimumFree: "100 MB",
        ...(this.#options.openclaw
          ? {}
          : { drill: { deadline: this.#options.patience ? "120s" : "20s", memory: "100 MB" } }),
        ...snapshots,
      },
      // Most tests are of what comes after it.
      "clawforce:rehearsal": { enabled: false },
      "clawforce:evidence": { directory: join(this.folder, "evidence") },
      // A command of OpenClaw's takes minutes on a starved machine, and nothing in these tests has to fail by the clock.
      ...(this.#options.openclaw && { "clawforce:deadlines": { baseline: "10m", longest: "15m" } }),
      ...Object.fromEntries(
        Object.entries(more?.(this) ?? {}).map(([key, value]) => [`clawforce:${key}`, value]),
      ),
    };
    await writeFile(this.configFile, stringify({ ...before, config: { ...before.config, ...settings } }));
  }

  #group(): Record<string, unknown> {
    const { group, directory, openclaw, ingress, patience } = this.#options;
    return {
      agentImage: "agent",
      instances: this.instances.map((name) => ({
        name,
        ...(directory && { directory: directory(name) }),
        ...(ingress && { hosts: [hostOf(name)] }),
        ...this.instanceSettings[name],
      })),
      waves: this.instances.map((_, index) => index + 1),
      wave: this.wave,
      ...(openclaw
        ? { container: { network: networkOf(this.stack), health: { wait: "10m" } } }
        : fixtureGroup(this.stack, patience)),
      ...group,
    };
  }

  up(...flags: string[]): Promise<Run> {
    return this.pulumi([
      "up",
      "--yes",
      "--skip-preview",
      "--non-interactive",
      ...this.stackFlags(),
      ...flags,
    ]);
  }

  preview(...flags: string[]): Promise<Run> {
    return this.pulumi(["preview", "--non-interactive", ...this.stackFlags(), ...flags]);
  }

  /** A run of `fleet` in a process of its own. */
  fleet(...argv: string[]): Promise<Run> {
    return runProgram(
      "node",
      [join(projectFolder, "fleet/main.ts"), ...argv, ...this.stackFlags()],
      this.environment(),
    );
  }

  pulumi(argv: string[]): Promise<Run> {
    return runProgram("pulumi", argv, this.environment());
  }

  /** Starts an `up` in a process group of its own, so that a test can kill the deployer with all its children. */
  startUp(...flags: string[]): { pid: number; ended: Promise<Run> } {
    const argv = ["up", "--yes", "--skip-preview", "--non-interactive", ...this.stackFlags(), ...flags];
    const child = spawn("pulumi", argv, {
      cwd: projectFolder,
      env: this.environment(),
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    return { pid: child.pid ?? -1, ended: outcomeOf(child) };
  }

  /** An `up` that waits before this step of this workload. */
  async startUpTo(name: string, step: StepName): Promise<ReturnType<World["startUp"]>> {
    await this.breakAt(name, step);
    const run = this.startUp();
    const early = run.ended.then(({ output }) => {
      throw new Error(`the update ended before ${step}:\n${output}`);
    });
    await Promise.race([this.reached(name, step), early]);
    early.catch(() => {});
    return run;
  }

  environment(): Record<string, string> {
    return {
      ...(process.env as Record<string, string>),
      ...this.parts.environment,
      DOCKER_HOST: this.parts.dockerHost,
      ...this.#options.environment,
      PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "a passphrase of the tests",
      // Without it the engine has no `--event-log`.
      PULUMI_DEBUG_COMMANDS: "true",
      ...(this.#breaks && { CLAWFORCE_BREAKPOINTS: this.breakpoints }),
    };
  }

  async inspect(name: string): Promise<Docker.ContainerInspectInfo> {
    const found = await inspectContainer(this.docker, name);
    if (found === undefined) {
      throw new Error(`there is no container ${name}`);
    }
    return found;
  }

  /** What must not change in a workload that is not touched. */
  async identity(name: string): Promise<{ id: string; startedAt: string; restartCount: number }> {
    const { Id, State, RestartCount } = await this.inspect(name);
    return { id: Id, startedAt: State.StartedAt, restartCount: RestartCount };
  }

  records(name: string): Promise<EvidenceRecord[]> {
    return new EvidenceLog(join(this.folder, "evidence"), this.stack, name).read();
  }

  /** The next run stops at this step of this workload until `release`. */
  async breakAt(name: string, step: StepName): Promise<void> {
    this.#breaks = true;
    // What an earlier test left here would stop this run at another step.
    await rm(this.breakpoints, { recursive: true });
    await mkdir(this.breakpoints);
    await writeFile(join(this.breakpoints, `${name}.${step.replaceAll(" ", "-")}`), "");
  }

  async reached(name: string, step: StepName, seconds = 900): Promise<void> {
    const file = join(this.breakpoints, `${name}.${step.replaceAll(" ", "-")}.reached`);
    await until(
      `${name} reaches ${step}`,
      () =>
        readFile(file, "utf8").then(
          () => true,
          () => false,
        ),
      seconds,
    );
  }

  async release(name: string, step: StepName): Promise<void> {
    await rm(join(this.breakpoints, `${name}.${step.replaceAll(" ", "-")}.reached`));
  }

  /** Runs Node inside a container: looks at a workload with another client than ours. */
  async ask(name: string, path: string, asked: Asked = {}): Promise<{ status: number; body: unknown }> {
    return answerIn(await runProgram("docker", ["exec", name, ...askArgv(path, asked)], this.environment()));
  }

  /** Puts a switch of the fixture into a workload's state. */
  setSwitch(name: string, file: string, text = ""): Promise<void> {
    return this.#inState(
      name,
      "require('node:fs').writeFileSync(process.argv[1], process.argv[2])",
      file,
      text,
    );
  }

  removeSwitch(name: string, file: string): Promise<void> {
    return this.#inState(name, "require('node:fs').rmSync(process.argv[1], { force: true })", file);
  }

  async #inState(name: string, script: string, file: string, ...args: string[]): Promise<void> {
    const done = await runProgram(
      "docker",
      ["exec", name, "node", "-e", script, `/home/node/.openclaw/${file}`, ...args],
      this.environment(),
    );
    if (done.code !== 0) {
      throw new Error(done.output);
    }
  }

  /** The process that waits at a breakpoint. */
  async pidAtBreakpoint(name: string, step: StepName): Promise<number> {
    return Number(
      await readFile(join(this.breakpoints, `${name}.${step.replaceAll(" ", "-")}.reached`), "utf8"),
    );
  }

  /** Removes all that this world has started, found by its name alone. */
  async destroy(): Promise<void> {
    await removeAllWith(this.stack, this.docker);
    await chmod(this.folder, 0o700);
    await rm(this.folder, { recursive: true, force: true });
  }

  stackFlags(): string[] {
    return ["--stack", this.stack, "--config-file", this.configFile];
  }

  async #mustPulumi(argv: string[]): Promise<void> {
    const { code, output } = await this.pulumi(argv);
    if (code !== 0) {
      throw new Error(`pulumi ${argv.join(" ")} ended with ${code}:\n${output}`);
    }
  }
}

/** Waits for a state of the world; fails loudly when it does not come. */
export async function until(what: string, look: () => Promise<boolean>, seconds = 180): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await look())) {
    if (Date.now() > end) {
      throw new Error(`${what}: not within ${seconds} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Runs a program to its end, in the project's folder unless another one is named. */
export function runProgram(
  program: string,
  argv: string[],
  env: Record<string, string>,
  { folder = projectFolder }: { folder?: string } = {},
): Promise<Run> {
  return outcomeOf(spawn(program, argv, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] }));
}
