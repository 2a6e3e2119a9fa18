import { answerOf, run } from "../processes.ts";

/** The Docker engine at one address, through its command line client. */
export class Docker {
  readonly #env: Record<string, string>;
  readonly #log: string;

  /** @param log file for what builds, pushes and pulls print */
  constructor(host: string, log: string) {
    // The classic builder works with every engine and needs no buildx; with it one image is one manifest.
    this.#env = { DOCKER_HOST: host, DOCKER_BUILDKIT: "0" };
    this.#log = log;
  }

  /** The id of an image that this engine has, else undefined. */
  imageId(reference: string): Promise<string | undefined> {
    return this.#answer(["image", "inspect", "--format", "{{.Id}}", reference]);
  }

  build(options: BuildOptions): Promise<void> {
    return this.#run(buildArgs(options));
  }

  /** A root file system as an image of one layer. */
  importArchive(archive: string, reference: string, changes: readonly string[]): Promise<void> {
    return this.#run(["import", ...changes.flatMap((change) => ["--change", change]), archive, reference]);
  }

  pull(reference: string, timeoutMs?: number): Promise<void> {
    return this.#run(["pull", "--platform", "linux/amd64", reference], timeoutMs);
  }

  push(reference: string): Promise<void> {
    return this.#run(["push", reference]);
  }

  tag(image: string, reference: string): Promise<void> {
    return this.#run(["tag", image, reference]);
  }

  async remove(references: readonly string[]): Promise<void> {
    if (references.length > 0) await this.#run(["image", "rm", "--force", ...references]);
  }

  /** The ids of all images with this label, newest first, without the steps of their builds: those go with them. */
  async labelled(label: string): Promise<string[]> {
    const args = ["image", "ls", "--quiet", "--no-trunc", "--filter", `label=${label}`];
    return linesOf(await this.#answer(args));
  }

  /** The names with tag of all images whose name matches a pattern of Docker's. */
  async references(pattern: string): Promise<string[]> {
    const args = ["image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", `reference=${pattern}`];
    return linesOf(await this.#answer(args)).filter((name) => !name.endsWith(":<none>"));
  }

  rootFolder(): Promise<string | undefined> {
    return this.#answer(["info", "--format", "{{.DockerRootDir}}"]);
  }

  #run(args: readonly string[], timeoutMs?: number): Promise<void> {
    const limit = timeoutMs === undefined ? {} : { timeoutMs };
    return run(["docker", ...args], { log: this.#log, env: this.#env, ...limit });
  }

  #answer(args: readonly string[]): Promise<string | undefined> {
    return answerOf(["docker", ...args], this.#env);
  }
}

function linesOf(text = ""): string[] {
  return [...new Set(text.split("\n").filter(Boolean))];
}

export interface BuildOptions {
  readonly context: string;
  /** Default: `Dockerfile` in the context. */
  readonly dockerfile?: string;
  readonly reference: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** `host`: package mirrors are reached as this machine reaches them. */
  readonly network: "host" | "none";
}

export function buildArgs(options: BuildOptions): string[] {
  return [
    "build",
    "--force-rm",
    ...["--network", options.network],
    ...["--platform", "linux/amd64"],
    ...["--tag", options.reference],
    ...(options.dockerfile === undefined ? [] : ["--file", options.dockerfile]),
    ...Object.entries(options.buildArgs).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
    ...Object.entries(options.labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
    options.context,
  ];
}
