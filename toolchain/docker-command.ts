import { answerOf, run } from "./processes.ts";
import { SetUpError } from "./set-up-error.ts";

/** The Docker engine at one address, through its command line client. */
export class DockerCommand {
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

  /** The digests under which registries have an image of this engine: `REPOSITORY@sha256:…`. */
  async digestsOf(reference: string): Promise<string[]> {
    const format = "{{range .RepoDigests}}{{println .}}{{end}}";
    return linesOf(await this.#answer(["image", "inspect", "--format", format, reference]));
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

  /** The ids of all containers with this label, running or not. */
  async containersWith(label: string): Promise<string[]> {
    return this.#list(["container", "ls", "--all", "--quiet", "--no-trunc", "--filter", `label=${label}`]);
  }

  async volumesWith(label: string): Promise<string[]> {
    return this.#list(["volume", "ls", "--quiet", "--filter", `label=${label}`]);
  }

  async networksWith(label: string): Promise<string[]> {
    return this.#list(["network", "ls", "--quiet", "--no-trunc", "--filter", `label=${label}`]);
  }

  /** With the volumes that have no name. */
  async removeContainers(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#run(["container", "rm", "--force", "--volumes", ...ids]);
  }

  async removeVolumes(names: readonly string[]): Promise<void> {
    if (names.length > 0) await this.#run(["volume", "rm", "--force", ...names]);
  }

  /** What of somebody else's is still in one of them leaves it, and stays as it is. */
  async removeNetworks(ids: readonly string[]): Promise<void> {
    const format = "{{range $id, $_ := .Containers}}{{println $id}}{{end}}";
    for (const id of ids) {
      for (const container of linesOf(await this.#answer(["network", "inspect", "--format", format, id]))) {
        await this.#run(["network", "disconnect", "--force", id, container]);
      }
    }
    if (ids.length > 0) await this.#run(["network", "rm", ...ids]);
  }

  start(container: string): Promise<void> {
    return this.#run(["container", "start", container]);
  }

  /** A container that goes on by itself, also after a restart of the engine. */
  runService(options: ServiceOptions): Promise<void> {
    const { label, image, environment, publish } = options;
    return this.#run([
      ...["container", "run", "--detach", "--restart", "unless-stopped"],
      ...["--label", label, "--publish", publish],
      ...Object.entries(environment).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
      image,
    ]);
  }

  rootFolder(): Promise<string | undefined> {
    return this.#answer(["info", "--format", "{{.DockerRootDir}}"]);
  }

  #run(args: readonly string[], timeoutMs?: number): Promise<void> {
    const limit = timeoutMs === undefined ? {} : { timeoutMs };
    return run(["docker", ...args], { log: this.#log, env: this.#env, ...limit });
  }

  /** Fails where the engine does not answer: nothing on a list is no reason to think that nothing is there. */
  async #list(args: readonly string[]): Promise<string[]> {
    const answer = await this.#answer(args);
    if (answer === undefined) {
      throw new SetUpError(
        `\`docker ${args.join(" ")}\` failed: see whether \`docker info\` answers, then start again.`,
      );
    }
    return linesOf(answer);
  }

  #answer(args: readonly string[]): Promise<string | undefined> {
    return answerOf(["docker", ...args], this.#env);
  }
}

function linesOf(text = ""): string[] {
  return [...new Set(text.split("\n").filter(Boolean))];
}

export interface ServiceOptions {
  readonly label: string;
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  /** `ADDRESS:PORT:PORT`, the last one inside the container. */
  readonly publish: string;
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
