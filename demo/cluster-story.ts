import { shortReference } from "../config/image-reference.ts";
import type { Terminal } from "../fleet/live.ts";
import type { Platform } from "../platforms/platform.ts";
import { clusterImage, clusterInstances, clusterStack } from "./cluster-settings.ts";
import { liveIn } from "./gateway.ts";
import { Narrator } from "./narrator.ts";
import { doctorCommand, hostOf, modelServerName } from "./settings.ts";
import type { DemoStack } from "./stack.ts";
import type { StreamOptions } from "./stream.ts";

export interface ClusterStoryParts {
  demo: DemoStack;
  terminal: Terminal;
  platform: Platform;
  /** kubectl as an administrator, in the namespace of the demo. */
  kubectl: (...argv: string[]) => Promise<string>;
  /** Opens a way from this machine to the proxy. */
  outside: () => Promise<{ address: string; port: number }>;
  images: { stable: string; next: string };
}

/** Requests a second, over all gateways. */
const rate = 30;
const [canary, ...others] = clusterInstances;

/** Real gateways on a real cluster: a new version refused on a copy, brought to the canary, taken back, rolled out. */
export class ClusterStory extends Narrator {
  readonly #parts: ClusterStoryParts;

  constructor(parts: ClusterStoryParts) {
    super({
      terminal: parts.terminal,
      served: (name) => servedBy(parts.kubectl, name),
      stack: clusterStack,
      configFile: parts.demo.configFile,
    });
    this.#parts = parts;
  }

  async tell(): Promise<void> {
    await this.#bringUp();
    await this.underStream(await this.#stream(), "the proxy", async () => {
      await this.#refuseOnACopy();
      await this.#updateAndGoBack();
      await this.#rollOut();
    });
    this.title("which digest is running (`fleet status`)");
    await this.fleet(0, "status");
  }

  async #bringUp(): Promise<void> {
    const { images, platform, kubectl } = this.#parts;
    this.title(`${clusterInstances.length} gateways on ${shortReference(images.stable)} start`);
    await this.up(clusterInstances);
    for (const name of clusterInstances) await this.promiseImage(name, images.stable);
    this.title("what is there before the updates");
    const pods = ["get", "pods", "--selector=clawforce.io/role=ingress"];
    const address = await kubectl(...pods, "--output=jsonpath={.items[0].status.podIP}");
    const surroundings = { modelServer: modelServerName, proxies: [address.trim()] };
    for (const name of clusterInstances) await liveIn(platform, name, surroundings);
    this.say(`each gateway has a session with ${modelServerName}, a stand-in of a model, and a job`);
  }

  async #refuseOnACopy(): Promise<void> {
    const { stable, next } = this.#parts.images;
    this.title(`${shortReference(next)} is tried on a copy of the canary's state`);
    await this.pin(clusterImage, next);
    const untouched = await this.#identities(clusterInstances);
    await this.fleet(3, "update");
    await this.promiseImage(canary, stable);
    await this.#promiseUntouched(untouched);
  }

  async #updateAndGoBack(): Promise<void> {
    const { stable, next } = this.#parts.images;
    this.title("with its migration the canary gets it, and goes back with its state, each as one change");
    await this.#parts.demo.set(`clawforce:agentImages.${clusterImage}.migrate`, [
      { command: doctorCommand, deadline: "20m" },
    ]);
    this.say(`change: clawforce:agentImages.${clusterImage}.migrate: ${doctorCommand.join(" ")}`);
    const untouched = await this.#identities(others);
    await this.pin(clusterImage, next);
    await this.fleet(0, "update");
    await this.promiseImage(canary, next);
    await this.fleet(0, "rollback");
    await this.promiseImage(canary, stable);
    await this.promiseKept(this.#parts.platform, [canary]);
    await this.#promiseUntouched(untouched);
  }

  async #rollOut(): Promise<void> {
    const { next } = this.#parts.images;
    this.title(`${shortReference(next)}, canary first, then the others`);
    await this.pin(clusterImage, next);
    for (const _ of [1, 2]) await this.fleet(0, "update");
    for (const name of clusterInstances) await this.promiseImage(name, next);
    await this.promiseKept(this.#parts.platform, clusterInstances);
  }

  async #stream(): Promise<StreamOptions> {
    const { address, port } = await this.#parts.outside();
    const targets = clusterInstances.map((name) => ({
      ...{ workload: name, host: hostOf(name), path: "/readyz" },
    }));
    return { address, port, rate, timeout: 600, targets };
  }

  async #promiseUntouched(before: ReadonlyMap<string, string>): Promise<void> {
    const now = await this.#identities([...before.keys()]);
    this.promiseUntouched(before, now, "the pod's uid, start and restarts");
  }

  async #identities(names: readonly string[]): Promise<Map<string, string>> {
    const format = "{.metadata.uid} {.status.startTime} {.status.containerStatuses[0].restartCount}";
    const all = names.map(async (name): Promise<[string, string]> => {
      return [name, await this.#parts.kubectl("get", "pod", `${name}-0`, `--output=jsonpath=${format}`)];
    });
    return new Map(await Promise.all(all));
  }
}

/** The image of a pod that is ready, as the API says. */
async function servedBy(kubectl: ClusterStoryParts["kubectl"], name: string): Promise<string | undefined> {
  const format = "{.status.containerStatuses[0].ready} {.spec.containers[0].image}";
  const [ready, image] = (await kubectl("get", "pod", `${name}-0`, `--output=jsonpath=${format}`)).split(" ");
  return ready === "true" ? image : undefined;
}
