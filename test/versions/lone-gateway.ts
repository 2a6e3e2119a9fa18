import type Docker from "dockerode";
import { modelSettings, startModelServer } from "../../demo/model-server.ts";
import { execInContainer } from "../../platforms/docker/exec.ts";
import { startContainer, stopContainer } from "../../platforms/docker/lifecycle.ts";
import { oneShotLabel } from "../../platforms/docker/one-shot.ts";
import type { JobResult } from "../../platforms/platform.ts";
import { installLoopbackChannel } from "../support/channel-plugin.ts";
import { stateFolder } from "../support/openclaw-copy.ts";
import type { Parts } from "../support/parts.ts";
import { removeVolume } from "../support/removal.ts";

/** Seconds for a gateway to get ready: nothing in here may fail because the machine is busy. */
const patience = 900;

/** Known to nobody but this gateway. */
export const token = "token-of-a-lone-gateway";

/** One real gateway of a version in a network that leads nowhere, with a model's stand-in and a channel. */
export class LoneGateway {
  readonly name: string;
  readonly image: string;
  readonly #docker: Docker;

  private constructor(docker: Docker, name: string, image: string) {
    this.#docker = docker;
    this.name = name;
    this.image = image;
  }

  static async start(docker: Docker, parts: Parts, version: string, id: string): Promise<LoneGateway> {
    const image = parts.images.openclaw[version];
    if (image === undefined)
      throw new Error(`no image of ${version} is among the parts: run \`npm run versions\``);
    const gateway = new LoneGateway(docker, `asked-${id}`, image);
    try {
      await gateway.#start(parts);
    } catch (error) {
      await gateway.remove();
      throw error;
    }
    return gateway;
  }

  run(argv: readonly string[], deadline = 600): Promise<JobResult> {
    return execInContainer(this.#docker, this.name, [...argv], { deadline });
  }

  async must(...argv: string[]): Promise<JobResult> {
    const result = await this.run(argv);
    if (result.exitCode !== 0) {
      throw new Error(`${argv.join(" ")} ended with ${result.exitCode}: ${result.stdout}${result.stderr}`);
    }
    return result;
  }

  /** Runs a program of its image on its state while it is stopped, and starts it again. */
  async whileStopped(argv: readonly string[]): Promise<void> {
    await stopContainer(this.#docker, this.name, 60);
    const container = await this.#docker.createContainer({
      ...{ Image: this.image, Cmd: [...argv], Labels: { [oneShotLabel]: this.name } },
      HostConfig: { NetworkMode: "none", Init: true, Binds: [this.#state] },
    });
    try {
      await container.start();
      await container.wait();
    } finally {
      await container.remove({ force: true, v: true });
    }
    await startContainer(this.#docker, this.name, patience);
  }

  /** Calls the gateway with the rights of an operator, which some versions give once they are approved. */
  async call(method: string, params: object): Promise<void> {
    const argv = ["openclaw", "gateway", "call", method, "--params", JSON.stringify(params)];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const asked = requestIn(await this.run(argv));
      if (asked === undefined) return;
      // The approval itself asks for rights at first, in place of what was asked for before.
      const instead = requestIn(await this.run([...approve, asked]));
      if (instead !== undefined) await this.must(...approve, instead);
    }
    await this.must(...argv);
  }

  /** Whatever of it is there. */
  async remove(): Promise<void> {
    for (const name of [this.name, this.#model]) {
      await this.#docker.getContainer(name).remove({ force: true, v: true }).catch(unlessMissing);
    }
    await removeVolume(this.#docker, this.name).catch(unlessMissing);
    await this.#docker.getNetwork(this.name).remove().catch(unlessMissing);
  }

  get #state(): string {
    return `${this.name}:${stateFolder}`;
  }

  get #model(): string {
    return `${this.name}-model`;
  }

  async #start(parts: Parts): Promise<void> {
    const labels = { [oneShotLabel]: this.name };
    await this.#docker.createNetwork({ Name: this.name, Internal: true, Labels: labels });
    await startModelServer(this.#docker, {
      ...{ name: this.#model, image: parts.images.fixture[1], network: this.name, labels },
    });
    const container = await this.#docker.createContainer({
      ...{ name: this.name, Image: this.image, Labels: labels, Hostname: "gateway" },
      Env: [`OPENCLAW_GATEWAY_TOKEN=${token}`],
      HostConfig: { NetworkMode: this.name, Init: true, Binds: [this.#state] },
    });
    await container.start();
    const write = "require('node:fs').writeFileSync(process.argv[1], process.argv[2])";
    // Listed as up to 7.x: later versions read that too, and say so.
    const settings = modelSettings(this.#model) as { agents: object };
    const written = { ...settings, agents: { ...settings.agents, list: [{ id: "main", default: true }] } };
    await this.must("node", "-e", write, `${stateFolder}/openclaw.json`, JSON.stringify(written));
    await installLoopbackChannel(this.#docker, this.name);
  }
}

const approve = ["openclaw", "devices", "approve"];

/** The approval that a command has ended for; undefined: it has not ended with a failure. */
function requestIn({ exitCode, stdout, stderr }: JobResult): string | undefined {
  if (exitCode === 0) return undefined;
  return [...`${stdout}${stderr}`.matchAll(/requestId: ([\da-f-]{36})/g)].at(-1)?.[1] ?? "";
}

function unlessMissing(error: unknown): void {
  if ((error as { statusCode?: number }).statusCode !== 404) throw error;
}
