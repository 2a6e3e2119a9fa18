import type Docker from "dockerode";
import { shortReference } from "../config/image-reference.ts";
import type { Terminal } from "../fleet/live.ts";
import { rehearsalClockVariable } from "../lifecycle/clock.ts";
import { inspectContainer } from "../platforms/docker/client.ts";
import { oneShotLabel } from "../platforms/docker/one-shot.ts";
import { addressesOf, gatewaysOn, liveIn, servedImage } from "./gateway.ts";
import { startModelServer } from "./model-server.ts";
import { Narrator } from "./narrator.ts";
import { Outage } from "./outage.ts";
import { type Account, Session } from "./session.ts";
import {
  controlPlaneName,
  doctorCommand,
  groupName,
  hostOf,
  ingressName,
  instances,
  managedInstance,
  modelServerName,
  networkName,
  partLabel,
  stackName,
} from "./settings.ts";
import type { DemoStack } from "./stack.ts";
import type { StreamOptions } from "./stream.ts";

export interface StoryParts {
  demo: DemoStack;
  /** Port of this machine, on 127.0.0.1, that the ingress listens on. */
  ingressPort: number;
  /** Of the control plane. */
  account: Account;
  docker: Docker;
  images: {
    controlPlane: { before: string; after: string };
    openclaw: { stable: string; next: string };
    /** A small image for the instance that the control plane makes, and for the stand-in of a model. */
    small: string;
  };
  terminal: Terminal;
}

/** Requests a second, over all workloads. */
const rate = 40;
/** The demo's clock goes this far ahead, in hours: the tracks have to lie twelve apart. */
const nextWindow = 13;

const [canary, ...others] = instances;
const workloads = [controlPlaneName, ...instances];

/** The demo: both tracks under a steady stream of requests. Every promise is looked up at the Docker host. */
export class Story extends Narrator {
  readonly #parts: StoryParts;
  #session: Session | undefined;

  constructor(parts: StoryParts) {
    super({
      terminal: parts.terminal,
      served: (name) => servedImage(parts.docker, name),
      stack: stackName,
      configFile: parts.demo.configFile,
    });
    this.#parts = parts;
  }

  async tell(): Promise<void> {
    await this.#bringUp();
    await this.#liveIn();
    await this.underStream(this.#stream(), "the ingress", async () => {
      await this.#updateControlPlane();
      await this.#refuseOnACopy();
      await this.#takeBackWithItsState();
      await this.#rollOut();
      await this.#promoteAndReport();
    });
  }

  async #bringUp(): Promise<void> {
    const { openclaw, controlPlane } = this.#parts.images;
    this.title(
      `one control plane and ${instances.length} gateways on ${shortReference(openclaw.stable)} start`,
    );
    await this.up(workloads);
    await this.promiseImage(controlPlaneName, controlPlane.before);
    for (const name of instances) await this.promiseImage(name, openclaw.stable);
  }

  async #liveIn(): Promise<void> {
    const { docker, images } = this.#parts;
    this.title("what is there before the updates");
    await startModelServer(docker, {
      ...{ name: modelServerName, image: images.small, network: networkName },
      labels: { [oneShotLabel]: modelServerName, [partLabel]: modelServerName },
    });
    const surroundings = {
      modelServer: modelServerName,
      proxies: await addressesOf(docker, ingressName),
    };
    await Promise.all(instances.map((name) => liveIn(gatewaysOn(docker), name, surroundings)));
    this.say(`each gateway has a session with ${modelServerName}, a stand-in of a model, and a job`);
    const session = await this.#logIn();
    await session.makeInstance(managedInstance.replace(/^bot-/, ""), images.small);
    this.say(`the control plane has made an instance, ${managedInstance}, and a backup of it`);
  }

  /** What the stream asks the control plane with from now on. */
  async #logIn(): Promise<Session> {
    const { ingressPort, account } = this.#parts;
    this.#session = await Session.open(ingressPort, hostOf(controlPlaneName), account);
    return this.#session;
  }

  async #updateControlPlane(): Promise<void> {
    const { images } = this.#parts;
    this.title("the control plane's window: it is updated, and nothing else");
    const untouched = await this.#identities([...instances, managedInstance]);
    await this.#set("clawforce:window", "control-plane");
    await this.pin("control-plane", images.controlPlane.after);
    await this.fleet(0, "update");
    await this.promiseImage(controlPlaneName, images.controlPlane.after);
    await this.#promiseUntouched(untouched);
    await this.#logIn();
    this.say("its sessions have ended with the old version, as they do: logged in anew");
  }

  async #refuseOnACopy(): Promise<void> {
    const { stable, next } = this.#parts.images.openclaw;
    this.title(`the fleet's window: ${shortReference(next)} is tried on a copy of the canary's state`);
    await this.#set("clawforce:window", "runtime");
    await this.pin("openclaw", next);
    this.say("too soon: the other track has just changed");
    await this.fleet(1, "update");
    const ahead = new Date(Date.now() + nextWindow * 3_600_000);
    process.env[rehearsalClockVariable] = ahead.toISOString();
    this.say(`the demo's clock: ${ahead.toISOString().slice(0, 16)}Z, ${nextWindow} hours on`);
    const untouched = await this.#identities(workloads);
    await this.fleet(3, "update");
    await this.promiseImage(canary, stable);
    await this.#promiseUntouched(untouched);
  }

  async #takeBackWithItsState(): Promise<void> {
    const { docker, images } = this.#parts;
    this.title("with its migration it starts, and nobody gets an answer: it is taken back, with its state");
    await this.#parts.demo.set("clawforce:agentImages.openclaw.migrate", [
      { command: doctorCommand, deadline: "20m" },
    ]);
    this.say(`change: clawforce:agentImages.openclaw.migrate: ${doctorCommand.join(" ")}`);
    this.say(`${modelServerName} goes down in the middle: a gateway is healthy without, and answers nobody`);
    const untouched = await this.#identities([...others, controlPlaneName]);
    const model = new Outage(docker, { of: modelServerName, during: canary });
    model.begin();
    await this.fleet(3, "update");
    await model.end();
    await this.promiseImage(canary, images.openclaw.stable);
    await this.#promiseUntouched(untouched);
    await this.promiseKept(gatewaysOn(docker), [canary]);
  }

  async #rollOut(): Promise<void> {
    const { docker, images } = this.#parts;
    const { stable, next } = images.openclaw;
    this.title(`the model answers again: ${shortReference(next)}, canary first, then wave by wave`);
    await this.pin("openclaw", next);
    for (const updated of [1, 2, 4]) {
      await this.fleet(0, "update");
      for (const [index, name] of instances.entries()) {
        await this.promiseImage(name, index < updated ? next : stable);
      }
    }
    await this.promiseKept(gatewaysOn(docker), instances);
  }

  async #promoteAndReport(): Promise<void> {
    this.title(`${groupName} has come to its end: the candidate becomes the stable release`);
    const untouched = await this.#identities(workloads);
    await this.fleet(0, "promote");
    await this.#promiseUntouched(untouched);
    this.title("the report for the change ticket");
    await this.fleet(0, "report");
  }

  #stream(): StreamOptions {
    const gateway = (name: string) => ({ workload: name, host: hostOf(name), path: "/readyz" });
    return {
      address: "127.0.0.1",
      port: this.#parts.ingressPort,
      rate,
      timeout: 600,
      targets: [
        {
          workload: controlPlaneName,
          host: hostOf(controlPlaneName),
          path: "/api/v1/auth/me",
          headers: () => ({ cookie: this.#session?.cookie ?? "" }),
        },
        ...instances.map(gateway),
      ],
    };
  }

  async #set(path: string, value: string): Promise<void> {
    await this.#parts.demo.set(path, value);
    this.say(`change: ${path}: ${value}`);
  }

  async #promiseUntouched(before: ReadonlyMap<string, string>): Promise<void> {
    const now = await this.#identities([...before.keys()]);
    this.promiseUntouched(before, now, "container id, start and restarts");
  }

  /** What must stay as it is in a workload that is not touched. */
  async #identities(names: readonly string[]): Promise<Map<string, string>> {
    const all = names.map(async (name): Promise<[string, string]> => {
      const found = await inspectContainer(this.#parts.docker, name);
      return [name, JSON.stringify([found?.Id, found?.State.StartedAt, found?.RestartCount])];
    });
    return new Map(await Promise.all(all));
  }
}
