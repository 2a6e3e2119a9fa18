import { chmod, mkdir } from "node:fs/promises";
import type Docker from "dockerode";
import { variablesOf } from "../platforms/docker/adopted-settings.ts";
import { inspectContainer } from "../platforms/docker/client.ts";
import { execInContainer } from "../platforms/docker/exec.ts";
import { waitHealthy } from "../platforms/docker/lifecycle.ts";
import {
  composeProject,
  existingGateways,
  existingLabel,
  existingNetwork,
  existingStack,
  stateFolder,
} from "./existing-settings.ts";
import { servedImage } from "./gateway.ts";
import { Narrator, type NarratorParts } from "./narrator.ts";
import { type DemoStack, secret } from "./stack.ts";

export interface ExistingParts extends Pick<NarratorParts, "terminal"> {
  demo: DemoStack;
  docker: Docker;
  /** What somebody else has started. */
  image: string;
}

const home = "/home/node/.openclaw";
const names = existingGateways.map(({ name }) => name);

/** Gateways that run already become workloads of a stack, with their state; each command as an operator types it. */
export class ExistingStory extends Narrator {
  readonly #parts: ExistingParts;
  /** What stands in the state of each, written before the adoption. */
  readonly #marks = new Map<string, string>();
  readonly #before = new Map<string, string>();

  constructor(parts: ExistingParts) {
    super({
      terminal: parts.terminal,
      served: (name) => servedImage(parts.docker, name),
      stack: existingStack,
      configFile: parts.demo.configFile,
    });
    this.#parts = parts;
  }

  async tell(): Promise<void> {
    await this.#startWithoutStack();
    await this.#adopt();
    await this.#takeOver();
    await this.#look();
  }

  async #startWithoutStack(): Promise<void> {
    const { docker, image } = this.#parts;
    this.title(`${names.length} gateways run already: three of a Compose project, one by hand`);
    await docker.createNetwork({ Name: existingNetwork, Labels: { [existingLabel]: "existing" } });
    for (const gateway of existingGateways) {
      const { volume } = gateway;
      if (volume !== undefined) {
        await docker.createVolume({ Name: volume, Labels: { [existingLabel]: "existing" } });
      } else {
        // Docker would make it for root, and the gateway is somebody else. Only the demo's owner comes so far.
        const folder = stateFolder(this.#parts.demo.folder, gateway.name);
        await mkdir(folder, { recursive: true });
        await chmod(folder, 0o777);
      }
      const container = await docker.createContainer(containerOf(gateway, image, this.#parts.demo.folder));
      await container.start();
    }
    for (const name of names) {
      await waitHealthy(docker, name, 600);
      const mark = secret();
      const script = `printf %s "$1" > ${home}/mark-of-the-demo`;
      await execInContainer(docker, name, ["sh", "-c", script, "mark", mark], { deadline: 60 });
      this.#marks.set(name, mark);
      this.#before.set(name, (await inspectContainer(docker, name))?.Id ?? "");
      this.say(`${name} serves`);
    }
  }

  async #adopt(): Promise<void> {
    this.title("the stack file gets their lines, and their secrets (`fleet adopt --write`)");
    await this.fleet(0, "adopt", "--compose", composeProject, "--group", "compose", "--write");
    await this.fleet(0, "adopt", "--container", names.at(-1) ?? "", "--group", "by-hand", "--write");
    await this.#promiseSame("none of them was touched");
    this.title("what is missing before the first update (`fleet doctor`)");
    await this.fleet(0, "doctor");
  }

  async #takeOver(): Promise<void> {
    const { docker, image } = this.#parts;
    this.title("each adoption is a move of its own, and carried out one after the other (`fleet update`)");
    await this.fleet(0, "update");
    for (const name of names) {
      await this.promiseImage(name, image);
      const kept = await inspectContainer(docker, `${name}-before-adoption`);
      this.promise(
        kept?.Id === this.#before.get(name) && kept?.State.Running === false,
        `${name}-before-adoption is the old container, stopped`,
      );
      this.promise((await this.#markOf(name)) === this.#marks.get(name), `${name} has its state`);
      const ours = await inspectContainer(docker, name);
      const keyOf = (found: typeof ours) => found && variablesOf(found)[serviceKey];
      this.promise(keyOf(ours) !== undefined && keyOf(ours) === keyOf(kept), `${name} has its own key`);
    }
  }

  async #look(): Promise<void> {
    this.title("they are workloads like any other now (`fleet status`)");
    await this.fleet(0, "status");
  }

  async #promiseSame(sentence: string): Promise<void> {
    const now = await Promise.all(names.map((name) => inspectContainer(this.#parts.docker, name)));
    const same = now.every(
      (found, index) => found?.Id === this.#before.get(names[index] ?? "") && found?.State.Running === true,
    );
    this.promise(same, sentence);
  }

  async #markOf(name: string): Promise<string> {
    const argv = ["cat", `${home}/mark-of-the-demo`];
    return (await execInContainer(this.#parts.docker, name, argv, { deadline: 60 })).stdout;
  }
}

/** A provider's own name would make OpenClaw 2026.9 install that provider's plugin at its first start, from the network. */
const serviceKey = "AGENT_SERVICE_KEY";

function containerOf(
  { name, volume, compose }: (typeof existingGateways)[number],
  image: string,
  folder: string,
): Docker.ContainerCreateOptions {
  const labels = compose
    ? { "com.docker.compose.project": composeProject, "com.docker.compose.service": name.slice(-9) }
    : {};
  return {
    name,
    Image: image,
    Env: [
      ...["OPENCLAW_DISABLE_BONJOUR=1", `OPENCLAW_GATEWAY_TOKEN=${secret()}`],
      `${serviceKey}=${secret()}`,
    ],
    Labels: { ...labels, [existingLabel]: "existing" },
    HostConfig: {
      Binds: [`${volume ?? stateFolder(folder, name)}:${home}`],
      RestartPolicy: { Name: "unless-stopped" },
      NetworkMode: existingNetwork,
    },
  };
}
