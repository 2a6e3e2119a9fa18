import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Check } from "../config/check-kind.ts";
import type { ContainerConfig } from "../config/container-schema.ts";
import type { OwnedTask } from "../config/contract.ts";
import { digestIn } from "../config/digest.ts";
import { fingerprint } from "../config/fingerprint.ts";
import type { Publish } from "../config/publish.ts";
import type { StateLocation, WorkloadConfig } from "../config/rollout.ts";
import type { BakeConfig } from "../config/schema.ts";
import type { Track } from "../config/track.ts";
import type { PlatformResources } from "../platforms/resources.ts";
import type { WorkloadHooks } from "./hooks.ts";
import { type OperationSecrets, operationCommand } from "./operation.ts";

/** One gateway, as plain data: all that decides what its resources are. */
export interface WorkloadSpec {
  stack: string;
  name: string;
  /** The name of its container, where that is another one. */
  containerName?: string;
  /** Id of the unit that is there, else of the last one on record. */
  there?: string;
  /** It was somebody else's unit, and is still the same one. `now`: in this run. */
  adopted?: { now: boolean; beside: readonly string[] };
  track: Track;
  role: WorkloadConfig["role"];
  /** Undefined for the control plane. */
  group?: string;
  wave: number;
  /** The reference it is to run, with digest. */
  image: string;
  /** That of the container that is there; empty: there is none. */
  running: string;
  /** The port of the Docker host, on 127.0.0.1. */
  publish?: Publish;
  /** The names under which the ingress serves it. */
  hosts: readonly string[];
  state: StateLocation;
  /** What belongs to its state and stands elsewhere. */
  backups?: StateLocation & { path: string };
  container: ContainerConfig;
  /** Made by the running control plane: see ManagedWorkload. */
  managed: boolean;
  stopGrace: number;
  gate: Check[];
  verification: Check[];
  bake?: BakeConfig;
  /** How the ingress serves it. */
  ingress?: object;
  /** What a container is made anew for, as one hash; its preparation runs for the same. */
  trigger: string;
  /** Changes when the workload was found not serving. */
  servingTrigger: string;
  /** Changes when it was found missing where the engine does not see that; empty: it never was. */
  missingTrigger: string;
  /** Of the order that its state was set back by: see evidence/restore-order.ts. */
  restoreEpoch: string;
  /** What this run leaves to a later one, and why: it takes other workloads back. */
  putOff?: { why: string; gate: boolean; verification: boolean; bake: boolean };
  /** Changes when the last preparation belongs to an update that failed; empty until one did. */
  preparationAttempt: string;
  /** Why nothing at all is done to it in this run, as a sentence; undefined: it is treated like any other. */
  untouched?: string;
  /** What its container is not made anew for, because the records do not reach back to where it was made. */
  keeps: {
    trigger: boolean;
    labels: boolean;
    /** Their new values wait for their wave. */
    secrets: boolean;
    /** The container whose network it has is not there: it can't be made anew now. */
    network: boolean;
  };
  /** What a judge of the update has to know of it: plain data, known at preview. */
  judged: object;
  /** It takes over from a container of somebody else's. */
  adopts: boolean;
  /** It goes back by code alone. */
  fallsBack: boolean;
  /** What an operator does to go back, for messages. */
  wayBack: string;
  /** The input of its programs: the same from run to run as long as the configuration is. */
  input: OwnedTask["workload"];
}

export interface RunningWorkload {
  image: string;
  digest: string;
  /** Id of the container. */
  container: string;
}

export interface WorkloadArgs {
  spec: WorkloadSpec;
  secrets: OperationSecrets;
  /** The secrets that containers get, by their names. */
  named: pulumi.Output<Record<string, string>>;
  hooks: WorkloadHooks;
  resources: PlatformResources;
  /** The preparations of all workloads and the verification of the one before. */
  after: pulumi.Resource[];
}

/** Verified anew by other checks, and in another group: that is whose canary speaks for it. */
export function verificationTrigger({ group, verification }: WorkloadSpec): string {
  return fingerprint([group ?? "", verification]);
}

/** What is there stays as it is, whatever the program says: for a workload that nothing is done to. */
export function unlessUntouched({ untouched }: WorkloadSpec): { ignoreChanges?: string[] } {
  return untouched === undefined ? {} : { ignoreChanges: ["*"] };
}

/** What a judge of the update has to know of a workload. */
export function judgedOutputs(spec: WorkloadSpec): object {
  return { ...spec.judged, trigger: spec.trigger };
}

/** Preflight, pull, hot snapshot and drill of one workload: all that happens while it serves. */
export function preparation(
  spec: WorkloadSpec,
  secrets: OperationSecrets,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  const { preparationAttempt: attempt } = spec;
  return operationCommand(
    `${spec.name}-preparation`,
    {
      program: spec.managed ? "prepare-managed" : "prepare",
      task: { workload: spec.input, ...(attempt !== "" && { attempt }) },
      secrets,
      triggers: [spec.trigger, ...(attempt === "" ? [] : [attempt])],
    },
    { ...opts, ...unlessUntouched(spec) },
  );
}

/** One gateway with its state: container, gate and verification, brought over by its hooks. */
export class Workload extends pulumi.ComponentResource {
  /** Done when the workload has passed: the next cut-over waits for it. */
  readonly verification: command.local.Command;
  /** What runs once it has passed. */
  readonly running: pulumi.Output<RunningWorkload>;
  readonly containerId: pulumi.Output<string>;

  constructor(name: string, args: WorkloadArgs, opts: pulumi.ComponentResourceOptions) {
    const { spec, secrets, hooks, resources } = args;
    const { track, role, group, wave, image } = spec;
    super("clawforce:fleet:Workload", name, { track, role, group, wave, image }, opts);
    const places = { state: spec.state, ...(spec.backups && { backups: spec.backups }) };
    const kept = { parent: this, protect: true, retainOnDelete: true };
    const of = { stack: spec.stack, isTaken: spec.adopted?.now === true };
    const volumes = Object.entries(places).flatMap(([what, place]) =>
      "volume" in place ? [resources.volume(`${name}-${what}`, place.volume, of, kept)] : [],
    );
    const container = resources.unit(
      name,
      spec,
      { token: secrets.gatewayToken, named: args.named },
      {
        parent: this,
        dependsOn: [...args.after, ...volumes],
        deleteBeforeReplace: true,
        // Without a trigger the engine compares none: undefined on either side is no difference.
        ...(spec.untouched === undefined &&
          !spec.keeps.trigger && { replacementTrigger: `${spec.trigger}${spec.missingTrigger}` }),
        keeps: { all: spec.untouched !== undefined, ...spec.keeps },
        beforeChange: hooks.replace,
        changeRefused: hooks.changeRefused,
        start: (startName, trigger, opts) =>
          operationCommand(
            startName,
            {
              ...{ secrets, program: "make", triggers: [trigger] },
              task: { workload: spec.input, missing: spec.missingTrigger },
            },
            opts,
          ),
        hooks: { beforeDelete: [hooks.cutOver], beforeCreate: [hooks.restore], onError: [hooks.wayBack] },
        // An engine that hangs must not be waited for as long as the provider would by itself.
        customTimeouts: {
          create: `${Math.ceil(spec.container.health.wait) + 60}s`,
          delete: `${Math.ceil(spec.stopGrace) + 120}s`,
        },
      },
    );
    const common = { task: { workload: spec.input }, secrets };
    const serving = operationCommand(
      `${name}-serving`,
      {
        ...common,
        program: "serve",
        task: { ...common.task, serving: spec.servingTrigger },
        triggers: [spec.servingTrigger],
      },
      { parent: this, dependsOn: [container], ...unlessUntouched(spec) },
    );
    const gate = operationCommand(
      `${name}-gate`,
      {
        ...common,
        program: "gate",
        ...(spec.putOff?.gate === true && { putOff: spec.putOff.why }),
        triggers: [
          container.id,
          spec.servingTrigger,
          fingerprint(spec.gate),
          // It ends with telling the ingress under which names the workload is served.
          ...(spec.ingress === undefined ? [] : [fingerprint(spec.ingress)]),
        ],
      },
      { parent: this, dependsOn: [serving], ...unlessUntouched(spec) },
    );
    this.verification = operationCommand(
      `${name}-verification`,
      {
        ...common,
        program: "verify",
        ...(spec.putOff?.verification === true && { putOff: spec.putOff.why }),
        triggers: [container.id, spec.servingTrigger, verificationTrigger(spec)],
      },
      { parent: this, dependsOn: [gate], ...unlessUntouched(spec) },
    );
    this.containerId = container.id;
    this.running = pulumi.all([container.id, this.verification.id]).apply(([id]) => ({
      image: spec.image,
      digest: digestIn(spec.image),
      container: id,
    }));
    // Outputs, not inputs: from and move differ from run to run, and that is no operation on anything.
    this.registerOutputs({ running: this.running, judged: judgedOutputs(spec) });
  }
}
