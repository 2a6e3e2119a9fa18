import type * as pulumi from "@pulumi/pulumi";
import type { ContainerConfig } from "../config/container-schema.ts";
import type { Publish } from "../config/publish.ts";
import type { StateLocation } from "../config/rollout.ts";
import type { Track } from "../config/track.ts";

/** What the unit of a workload is made of. */
export interface UnitSpec {
  stack: string;
  /** Of the workload. */
  name: string;
  track: Track;
  /** Of its unit, where that is another one. */
  containerName?: string;
  /** Id of the unit that is there, else of the last one on record; undefined: there never was one. */
  there?: string;
  /** Reference with digest. */
  image: string;
  /** Where on the platform's host a port leads to the workload. */
  publish?: Publish;
  state: StateLocation;
  backups?: StateLocation & { path: string };
  container: ContainerConfig;
  /** It was somebody else's unit, on a platform where it stays the same one. */
  adopted?: {
    /** In this very run: the provider does not know it yet. */
    now: boolean;
    /** See `Displaced`. */
    beside: readonly string[];
  };
  /** Seconds between the signal and the kill. */
  stopGrace: number;
  /** What it is made anew for, as one hash. */
  trigger: string;
  /** Changes when it was found missing where the provider does not see that; empty: it never was. */
  missingTrigger: string;
  /** Changes when its state is set back by an order; empty: it never was. */
  restoreEpoch: string;
}

/** What the unit of a workload gets beside its spec, and nobody may read there. */
export interface UnitSecrets {
  token: pulumi.Input<string>;
  /** By the names that `container.secrets` has. */
  named: pulumi.Output<Record<string, string>>;
}

/** What of a unit stays as it is although its spec says something else. */
export interface KeptParts {
  /** All but its image: nothing is done to it, whatever the spec says. */
  all: boolean;
  labels: boolean;
  secrets: boolean;
  network: boolean;
}

/** How a unit is made, beside what it is. The options have the hooks of one that is deleted and created again. */
export interface UnitMaking extends Omit<pulumi.CustomResourceOptions, "dependsOn"> {
  dependsOn: pulumi.Resource[];
  keeps: KeptParts;
  /**
   * For a platform whose provider changes a unit in its place, where to change is not to start: runs before such a change,
   * and stops the unit if that would make it anew.
   */
  beforeChange: pulumi.ResourceHook;
  /** For the same platforms: says what to do where such a change is refused after the stop. */
  changeRefused: pulumi.ErrorHook;
  /** For the same platforms: declares what starts the unit. It runs anew for another trigger. */
  start(name: string, trigger: string, opts: pulumi.CustomResourceOptions): pulumi.CustomResource;
}

export interface IngressSpec {
  stack: string;
  /** Name of its unit. */
  name: string;
  /** A kamal-proxy 0.9, reference with digest. */
  image: string;
  /** Where on the platform's host requests come in. */
  publish: { address: string; port: number };
  /** The script that runs the proxy and gives holds an end: platforms/proxies/kamal/scripts/keep-deadlines.sh. */
  keeper: string;
  /** Those of all workloads that it serves. */
  networks: readonly string[];
}

/**
 * What the components declare on a platform. Undefined where a platform has no such thing. Names, types and parents of the
 * resources stand in people's state: an implementation never changes them.
 */
export interface PlatformResources {
  provider(name: string, opts: pulumi.ComponentResourceOptions): pulumi.ProviderResource;
  network(name: string, stack: string, opts: pulumi.CustomResourceOptions): pulumi.Resource | undefined;
  /** Kept on the platform when it leaves the stack: going back must not depend on a registry. */
  image(name: string, reference: string, opts: pulumi.CustomResourceOptions): pulumi.Resource | undefined;
  /**
   * A place of its own for a state. Its labels are those of the first day: others would replace it.
   *
   * @param isTaken - it is there, with the state of a unit that this run adopts in its place.
   */
  volume(
    name: string,
    volume: string,
    of: { stack: string; isTaken: boolean },
    opts: pulumi.CustomResourceOptions,
  ): pulumi.Resource;
  /** @returns what gets another id whenever the unit is made anew. */
  unit(name: string, spec: UnitSpec, secrets: UnitSecrets, making: UnitMaking): pulumi.CustomResource;
  ingress(name: string, spec: IngressSpec, opts: pulumi.CustomResourceOptions): pulumi.CustomResource;
}
