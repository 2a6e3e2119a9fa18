import { shortReference, tagOf } from "../config/image-reference.ts";
import type { Terminal } from "../fleet/live.ts";
import { UpdateEngine } from "../fleet/update-engine.ts";
import { messageOf, OperationFailure } from "../platforms/failure.ts";
import type { Platform } from "../platforms/platform.ts";
import { clusterImage, clusterInstances, clusterStack, hostOfGateway } from "./cluster-settings.ts";
import { jobArgv } from "./gateway.ts";
import { modelSettings, turnArgv } from "./model-server.ts";
import { Narrator } from "./narrator.ts";
import { modelServerName } from "./settings.ts";
import type { DemoStack } from "./stack.ts";
import { failedOf, Stream, streamLines } from "./stream.ts";

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

const stateFolder = "/home/node/.openclaw";
/** Seconds: a machine that starts gateways and answers a stream takes its time. */
const patience = 600;
/** Requests a second, over all gateways. */
const rate = 30;
const [canary, ...others] = clusterInstances;
const write = "require('node:fs').writeFileSync(process.argv[1], process.argv[2])";

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
    const stream = await this.#stream();
    stream.start();
    try {
      await this.#refuseOnACopy();
      await this.#updateAndGoBack();
      await this.#rollOut();
    } finally {
      const counts = await stream.stop();
      this.title(
        `the stream: ${rate} requests a second through the proxy, from the first update to the last`,
      );
      for (const line of streamLines(counts)) this.say(line);
      const failed = failedOf(counts);
      this.promise(failed === 0, `${failed} requests failed`);
    }
    this.title("which digest is running (`fleet status`)");
    await this.fleet(0, "status");
  }

  async #bringUp(): Promise<void> {
    const { images, terminal } = this.#parts;
    this.title(`${clusterInstances.length} gateways on ${shortReference(images.stable)} start`);
    const engine = await UpdateEngine.open(this.named, terminal);
    const { passed, output } = await engine.up(clusterInstances);
    if (!passed) this.write(`${output.split("\n").slice(-60).join("\n")}\n`);
    this.require(passed, "`pulumi up` ends without an error");
    for (const name of clusterInstances) await this.promiseImage(name, images.stable);
    this.title("what is there before the updates");
    for (const name of clusterInstances) await this.#liveIn(name);
    this.say(`each gateway has a session with ${modelServerName}, a stand-in of a model, and a job`);
  }

  async #liveIn(name: string): Promise<void> {
    const { platform, kubectl } = this.#parts;
    const pods = ["get", "pods", "--selector=clawforce.io/role=ingress"];
    const proxy = await kubectl(...pods, "--output=jsonpath={.items[0].status.podIP}");
    const settings = { ...modelSettings(modelServerName), gateway: { trustedProxies: [proxy.trim()] } };
    await this.#must(name, ["node", "-e", write, `${stateFolder}/openclaw.json`, JSON.stringify(settings)]);
    await platform.stop(name, 60);
    await platform.start(name, patience);
    await this.#must(name, turnArgv("message 1"));
    await this.#must(name, jobArgv);
  }

  async #refuseOnACopy(): Promise<void> {
    const { stable, next } = this.#parts.images;
    this.title(`${shortReference(next)} is tried on a copy of the canary's state`);
    await this.#pin(next);
    const untouched = await this.#identities(clusterInstances);
    await this.fleet(3, "update");
    await this.promiseImage(canary, stable);
    await this.#promiseUntouched(untouched);
  }

  async #updateAndGoBack(): Promise<void> {
    const { stable, next } = this.#parts.images;
    this.title("with its migration the canary gets it, and goes back with its state, each as one change");
    const command = ["openclaw", "doctor", "--fix", "--non-interactive", "--no-workspace-suggestions"];
    await this.#parts.demo.set(`clawforce:agentImages.${clusterImage}.migrate`, [
      { command, deadline: "20m" },
    ]);
    this.say(`change: clawforce:agentImages.${clusterImage}.migrate: ${command.join(" ")}`);
    const untouched = await this.#identities(others);
    await this.#pin(next);
    await this.fleet(0, "update");
    await this.promiseImage(canary, next);
    await this.fleet(0, "rollback");
    await this.promiseImage(canary, stable);
    this.promise(await this.#hasWhatItHad(canary), `${canary} has its job, and answers in its session`);
    await this.#promiseUntouched(untouched);
  }

  async #rollOut(): Promise<void> {
    const { next } = this.#parts.images;
    this.title(`${shortReference(next)}, canary first, then the others`);
    await this.#pin(next);
    for (const _ of [1, 2]) await this.fleet(0, "update");
    for (const name of clusterInstances) {
      await this.promiseImage(name, next);
      this.promise(await this.#hasWhatItHad(name), `${name} has its job, and answers in its session`);
    }
  }

  async #stream(): Promise<Stream> {
    const { address, port } = await this.#parts.outside();
    const targets = clusterInstances.map((name) => ({
      ...{ workload: name, host: hostOfGateway(name), path: "/readyz" },
    }));
    return new Stream({ address, port, rate, timeout: 600, targets });
  }

  async #pin(reference: string): Promise<void> {
    const tag = tagOf(reference);
    if (tag === undefined) throw new Error(`${reference} has no tag to pin.`);
    await this.fleet(0, "pin", "--image", clusterImage, tag);
  }

  async #must(name: string, argv: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.#parts.platform.exec(name, argv, { deadline: patience });
    if (exitCode === 0) return stdout;
    throw new OperationFailure(
      `${name}: \`${argv.slice(0, 3).join(" ")}\` failed: ${stdout}${stderr}`.trim(),
    );
  }

  async #hasWhatItHad(name: string): Promise<boolean> {
    try {
      const turn = await this.#must(name, turnArgv("message 2"));
      const jobs = await this.#must(name, ["openclaw", "cron", "list", "--json"]);
      return turn.includes("pong") && jobs.includes('"monthly"');
    } catch (error) {
      this.say(messageOf(error));
      return false;
    }
  }

  async #promiseUntouched(before: ReadonlyMap<string, string>): Promise<void> {
    const now = await this.#identities([...before.keys()]);
    const changed = [...before].filter(([name, was]) => now.get(name) !== was).map(([name]) => name);
    const names = [...before.keys()].join(", ");
    this.promise(
      changed.length === 0,
      changed.length === 0
        ? `${names}: untouched, by the pod's uid, start and restarts`
        : `${changed.join(", ")} should have stayed untouched`,
    );
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
