import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { OwnedTask } from "../config/contract.ts";
import type { Step } from "../config/order.ts";
import type { BakeConfig, InstanceGroupConfig, StackConfig } from "../config/schema.ts";
import type { PlatformResources } from "../platforms/resources.ts";
import { AgentImage, type ImageSource } from "./agent-image.ts";
import { bakeOfWave } from "./bake.ts";
import { ControlPlane } from "./control-plane.ts";
import { pullHook, type RunProcess, type WorkloadHooks, workloadHooks } from "./hooks.ts";
import { Ingress } from "./ingress.ts";
import { InstanceGroup } from "./instance-group.ts";
import { ManagedWorkload } from "./managed-workload.ts";
import { type OperationSecrets, operationCommand } from "./operation.ts";
import {
  preparation,
  type RunningWorkload,
  unlessUntouched,
  Workload,
  type WorkloadSpec,
} from "./workload.ts";

export interface FleetArgs {
  stack: string;
  config: StackConfig;
  /** `move` is what this run does to each, as the preview says. */
  workloads: { spec: WorkloadSpec; move: object }[];
  /** By the name of an instance group: what a judge of the update has to know of it. */
  judgedGroups: Record<string, object>;
  /** What runs it. */
  resources: PlatformResources;
  /** Puts an image on the Docker host, unless it is there. */
  pull: (reference: string) => Promise<unknown>;
  runProcess: RunProcess;
  /** Tells whoever watches what a workload's part of the update has failed with. */
  tellFailure: (workload: string, text: string) => void;
  /** See IngressArgs. */
  keeper: string;
  /** What this update does, in its order. */
  steps: Step[];
  /** Reference that the control plane is to give to new instances; undefined: that is left alone. */
  defaultImage: string | undefined;
  /** The programs' input for a workload that left the configuration: its removal needs a snapshot too. */
  removed: (name: string) => Promise<OwnedTask["workload"]>;
  /** Seconds after which the program of a hook with this input is stuck. */
  hookDeadline: (input: object) => number;
  secretsOf: (workload: string) => OperationSecrets;
  /** The secrets that the container of a workload gets, by their names. */
  namedOf: (workload: string) => pulumi.Output<Record<string, string>>;
}

/** Everything of one stack: images first, then all preparations, then the steps one after the other. */
export class Fleet extends pulumi.ComponentResource {
  /** What runs in each workload, by its name. */
  readonly running: Record<string, pulumi.Output<RunningWorkload>> = {};
  readonly #args: FleetArgs;
  readonly #inside: { parent: Fleet; providers: pulumi.ProviderResource[] };
  readonly #images: ImageSource;
  readonly #groups = new Map<string, InstanceGroup>();
  readonly #workloads = new Map<string, Workload | ManagedWorkload>();

  constructor(name: string, args: FleetArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("clawforce:fleet:Fleet", name, {}, opts);
    this.#args = args;
    const { config, resources } = args;
    const provider = resources.provider(name, { parent: this });
    this.#inside = { parent: this, providers: [provider] };
    this.#images = { resources, pull: pullHook(args.pull) };
    const images = Object.entries(config.agentImages).flatMap(
      ([image, references]) => new AgentImage(image, references, this.#images, this.#inside).images,
    );
    const networks = this.#networks(provider);
    for (const [group, groupConfig] of Object.entries(config.instanceGroups)) {
      this.#groups.set(group, this.#group(group, groupConfig));
    }
    const prepared = this.#preparations(images);
    const hooks = this.#hooks();
    let last: pulumi.Resource[] = [...networks, ...this.#ingress(networks)];
    for (const step of this.#untouchedLast(args.steps)) {
      last = this.#step(step, hooks, [...prepared, ...last]);
    }
    this.registerOutputs({});
  }

  #group(name: string, { agentImage, waves, wave }: InstanceGroupConfig): InstanceGroup {
    const judged = this.#args.judgedGroups[name] ?? {};
    return new InstanceGroup(name, { agentImage, waves, wave, judged }, this.#inside);
  }

  #networks(provider: pulumi.ProviderResource): pulumi.Resource[] {
    const { resources, stack } = this.#args;
    return unique(
      this.#args.workloads
        .filter(({ spec }) => !spec.managed)
        .flatMap(({ spec }) => ownNetworks(spec.container)),
    )
      .map((network) => resources.network(network, stack, { parent: this, provider }))
      .filter((network) => network !== undefined);
  }

  /** In front of everything, so created before and removed after. */
  #ingress(networks: pulumi.Resource[]): pulumi.Resource[] {
    const { config, stack, workloads, keeper } = this.#args;
    if (config.ingress === undefined) {
      return [];
    }
    const { name, image, publish } = config.ingress;
    const served = workloads.filter(({ spec }) => spec.hosts.length > 0);
    const spec = {
      ...{ stack, name, image, publish, keeper },
      networks: unique(served.map((each) => each.spec.container.network)),
    };
    const args = { ...this.#images, spec, after: networks };
    return [new Ingress("ingress", args, this.#inside).container];
  }

  /**
   * One after the other, and all of them before anything is stopped.
   *
   * @returns what comes after all of them: the last one. To name each would be edges by the square of the fleet.
   */
  #preparations(images: pulumi.Resource[]): pulumi.Resource[] {
    let last = images;
    for (const { spec } of this.#args.workloads) {
      // It can't be prepared, and must not keep the others from it: there is nothing to prepare where nothing is done.
      if (spec.untouched !== undefined && spec.running === "") continue;
      const opts = { parent: this, dependsOn: last };
      last = [preparation(spec, this.#args.secretsOf(spec.name), opts)];
    }
    return last;
  }

  #hooks(): WorkloadHooks {
    const { workloads, removed, hookDeadline, secretsOf, runProcess, tellFailure } = this.#args;
    return workloadHooks(
      async (workload) => {
        const known = workloads.find(({ spec }) => spec.name === workload);
        const input = known?.spec.input ?? (await removed(workload));
        return {
          workload: input,
          move: known?.move,
          untouched: known?.spec.untouched,
          adopts: known?.spec.adopts === true,
          adoptsInPlace: known?.spec.adopted?.now === true,
          fallsBack: known?.spec.fallsBack === true,
          wayBack: known?.spec.wayBack,
          deadline: hookDeadline(input),
          secrets: secretsOf(workload),
        };
      },
      runProcess,
      tellFailure,
    );
  }

  /** @returns what the next step waits for. */
  #step(step: Step, hooks: WorkloadHooks, after: pulumi.Resource[]): pulumi.Resource[] {
    switch (step.kind) {
      case "cut-over": {
        const workload = this.#workload(step.workload, hooks, after);
        this.#workloads.set(step.workload, workload);
        this.running[step.workload] = workload.running;
        return [workload.verification];
      }
      case "bake":
        return [this.#bake(`${step.group}-wave-${step.wave}-bake`, step.workloads, after)];
      case "default-image":
        return [this.#defaultImage(after)];
    }
  }

  /** What can't be done to one workload must not keep the steps of the others from being done. */
  #untouchedLast(steps: readonly Step[]): Step[] {
    const isLast = (step: Step) =>
      step.kind === "cut-over"
        ? this.#spec(step.workload).untouched !== undefined
        : step.kind === "bake" && this.#touched(step.workloads).length === 0;
    return [...steps.filter((step) => !isLast(step)), ...steps.filter(isLast)];
  }

  #touched(workloads: readonly string[]): string[] {
    return workloads.filter((name) => this.#spec(name).untouched === undefined);
  }

  #workload(name: string, hooks: WorkloadHooks, after: pulumi.Resource[]): Workload | ManagedWorkload {
    const { config, secretsOf, namedOf, resources } = this.#args;
    const spec = this.#spec(name);
    const args = { spec, secrets: secretsOf(name), named: namedOf(name), hooks, resources, after };
    if (spec.group === undefined) {
      const previous = config.controlPlane?.previous;
      return new ControlPlane("control-plane", { ...args, ...this.#images, previous }, this.#inside).workload;
    }
    const opts = { parent: this.#groups.get(spec.group) ?? this };
    return spec.managed ? new ManagedWorkload(name, args, opts) : new Workload(name, args, opts);
  }

  #bake(name: string, members: string[], after: pulumi.Resource[]): command.local.Command {
    // Nothing can be put on record of one that nothing is done to, and the others bake without it.
    const touched = this.#touched(members);
    const [first, ...others] = (touched.length > 0 ? touched : members).map((member) => ({
      spec: this.#spec(member),
      workload: this.#workloads.get(member) as Workload | ManagedWorkload,
      secrets: this.#args.secretsOf(member),
    }));
    const opts = {
      ...{ parent: this, dependsOn: after },
      ...(first !== undefined && unlessUntouched(first.spec)),
    };
    return bakeOfWave(
      name,
      [first as NonNullable<typeof first>, ...others],
      first?.spec.bake as BakeConfig,
      opts,
    );
  }

  #defaultImage(after: pulumi.Resource[]): command.local.Command {
    const { config, defaultImage = "", secretsOf } = this.#args;
    const plane = config.controlPlane?.name ?? "";
    return operationCommand(
      "default-image",
      {
        program: "default-image",
        task: { workload: this.#spec(plane).input, defaultImage },
        secrets: secretsOf(plane),
        triggers: [defaultImage],
      },
      { parent: this, dependsOn: after, ...unlessUntouched(this.#spec(plane)) },
    );
  }

  #spec(name: string): WorkloadSpec {
    const found = this.#args.workloads.find(({ spec }) => spec.name === name);
    if (found === undefined) {
      throw new Error(`There is no workload ${name}.`);
    }
    return found.spec;
  }
}

/** Those that the stack makes: one that is said to exist is only joined. */
function ownNetworks({ network, networks = [], networkMode }: WorkloadSpec["container"]): string[] {
  if (networkMode !== undefined) return [];
  const others = networks.map(({ name }) => name);
  return [network, ...others].filter((name) => !networks.some((each) => each.name === name && each.existing));
}

function unique<T>(values: T[]): T[] {
  return [...new Set(values)];
}
