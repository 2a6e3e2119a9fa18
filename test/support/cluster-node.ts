import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Cluster } from "../../toolchain/kubernetes/cluster.ts";
import { inside } from "../../toolchain/kubernetes/places.ts";
import { kubectl } from "./cluster.ts";
import { commandOf, processesUnder } from "./machine-state.ts";

/** The one node of a disposable cluster, seen from the machine that it runs on. */
export class ClusterNode {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The id of its process on this machine. Killed, it is started again. */
  kubelet(): number {
    const program = `${inside.programs}/kubelet`;
    const found = this.#processes().find((pid) => commandOf(pid) === program);
    if (found === undefined) throw new Error("there is no kubelet");
    return found;
  }

  /** Gives a claim that no pod has had yet a file system of its own, of so many megabytes. */
  async limit(namespace: string, claim: string, megabytes: number): Promise<void> {
    const folder = await this.#volumeOf(namespace, claim);
    const mount = ["mount", "--no-mtab", "-t", "tmpfs", "-o", `size=${megabytes}m,mode=755`, "own", folder];
    await promisify(execFile)("nsenter", ["--target", String(this.kubelet()), "--mount", ...mount]);
  }

  /** The files of a claim, as its pods see them. */
  async folderOf(namespace: string, claim: string): Promise<string> {
    return join(`/proc/${this.kubelet()}/root`, await this.#volumeOf(namespace, claim));
  }

  async #volumeOf(namespace: string, claim: string): Promise<string> {
    const of = ["get", "persistentvolumeclaim", claim, "--namespace", namespace];
    await kubectl(this.#cluster, [
      ...["wait", "--for=jsonpath={.status.phase}=Bound", "--timeout=60s"],
      ...[`persistentvolumeclaim/${claim}`, "--namespace", namespace],
    ]);
    const volume = await kubectl(this.#cluster, [...of, "--output=jsonpath={.spec.volumeName}"]);
    return kubectl(this.#cluster, [
      "get",
      "persistentvolume",
      volume,
      "--output=jsonpath={.spec.local.path}",
    ]);
  }

  #processes(): number[] {
    return processesUnder(this.#cluster.record?.keeper.pid ?? -1).pids;
  }
}
