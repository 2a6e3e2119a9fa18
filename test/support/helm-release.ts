import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { projectFolder } from "../../fleet/project.ts";
import type { ClusterWorld } from "./cluster-world.ts";
import { type ChartOptions, writeChart } from "./control-plane-chart.ts";
import type { Run } from "./outcome.ts";
import { runProgram } from "./world.ts";

const program = join(projectFolder, "test", "support", "kubernetes-release");

/** A release that the provider's own Release resource makes, in a stack of its own. */
export class HelmRelease {
  readonly name: string;
  readonly #folder: string;
  readonly #on: ClusterWorld;

  private constructor(name: string, folder: string, on: ClusterWorld) {
    this.name = name;
    this.#folder = folder;
    this.#on = on;
  }

  static async create(on: ClusterWorld, options: ChartOptions): Promise<HelmRelease> {
    const folder = join(on.world.folder, "release");
    const chart = join(folder, "chart");
    await mkdir(folder);
    await writeChart(chart, options);
    await copyFile(join(program, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
    const release = new HelmRelease(options.name, folder, on);
    await release.#must("stack", "init", "release", "--no-select", "--cwd", folder);
    const { kubeconfig } = on.cluster;
    const settings = { namespace: on.namespace, kubeconfig, release: options.name, chart, note: "first" };
    for (const [key, value] of Object.entries(settings))
      await release.#must("config", "set", key, value, ...release.#stack());
    await release.#must("up", "--yes", "--skip-preview", ...release.#stack());
    return release;
  }

  /** What `helm upgrade` would do, by the same library. */
  async upgrade(note: string): Promise<Run> {
    await this.#must("config", "set", "note", note, ...this.#stack());
    return this.#run("up", "--yes", "--skip-preview", ...this.#stack());
  }

  #stack(): string[] {
    return ["--stack", "release", "--config-file", join(this.#folder, "Pulumi.release.yaml")];
  }

  #run(...argv: string[]): Promise<Run> {
    const environment = {
      ...this.#on.world.environment(),
      PULUMI_BACKEND_URL: `file://${this.#folder}`,
    };
    return runProgram("pulumi", [...argv, "--non-interactive"], environment, { folder: program });
  }

  async #must(...argv: string[]): Promise<void> {
    const run = await this.#run(...argv);
    if (run.code !== 0) throw new Error(`pulumi ${argv[0]} ended with ${run.code}:\n${run.output}`);
  }
}
