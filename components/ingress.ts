import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { keptImages } from "./agent-image.ts";
import { duration, stackLabel } from "./platforms/docker.ts";

export interface IngressArgs {
  stack: string;
  /** Name of its container. */
  name: string;
  /** A kamal-proxy 0.9, reference with digest. */
  image: string;
  /** Where on the Docker host requests come in. */
  publish: { address: string; port: number };
  /** The script that runs the proxy and gives holds an end: platforms/proxies/kamal/scripts/keep-deadlines.sh. */
  keeper: string;
  /** Those of all workloads that it serves. */
  networks: readonly string[];
  pull: pulumi.ResourceHook;
  /** The networks themselves. */
  after: readonly pulumi.Resource[];
}

/** Inside its container; below 1024 a user that is not root may not listen everywhere. */
const ports = { http: 8080, https: 8443, metrics: 9090 };
/** Where both the maker's image and ours keep the services; the deadlines of holds stand beside them. */
const stateFolder = "/home/kamal-proxy/.config/kamal-proxy";
/** kamal-proxy gives requests under way 10 s when it is stopped. Seconds. */
const stopGrace = 15;

/**
 * The proxy in front of the fleet: a workload of its own, part of no track, updated outside of windows because its
 * replacement cuts what it serves. Which workload it serves under which name is not its configuration: the operations
 * tell it (lifecycle/ingress), and its volume keeps that, and a hold, over a restart.
 */
export class Ingress extends pulumi.ComponentResource {
  /** The workloads are created after it and removed before it. */
  readonly container: docker.Container;

  constructor(name: string, args: IngressArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("clawforce:fleet:Ingress", name, { image: args.image }, opts);
    const volume = new docker.Volume(
      `${name}-state`,
      { name: `${args.name}-state`, labels: [stackLabel(args.stack)] },
      { parent: this, ignoreChanges: ["labels", "driverOpts"] },
    );
    this.container = new docker.Container(name, containerArgs(args), {
      parent: this,
      dependsOn: [...args.after, ...keptImages(name, [args.image], args.pull, { parent: this }), volume],
      deleteBeforeReplace: true,
    });
    this.registerOutputs({});
  }
}

function containerArgs(args: IngressArgs): docker.ContainerArgs {
  return {
    name: args.name,
    image: args.image,
    hostname: args.name,
    init: true,
    restart: "unless-stopped",
    command: ["bash", "-c", args.keeper],
    envs: [
      `HTTP_PORT=${ports.http}`,
      `HTTPS_PORT=${ports.https}`,
      // For what waits while it holds: see platforms/proxies/kamal/scripts/metrics.sh.
      `METRICS_PORT=${ports.metrics}`,
    ],
    labels: [stackLabel(args.stack), { label: "clawforce.role", value: "ingress" }],
    networksAdvanced: args.networks.map((network) => ({ name: network })),
    ports: [{ internal: ports.http, external: args.publish.port, ip: args.publish.address }],
    volumes: [{ volumeName: `${args.name}-state`, containerPath: stateFolder }],
    healthcheck: {
      tests: ["CMD", "kamal-proxy", "list"],
      interval: duration(10),
      timeout: duration(5),
      retries: 3,
      startPeriod: duration(5),
    },
    // It logs each request.
    logDriver: "json-file",
    logOpts: { "max-file": "3", "max-size": "20m" },
    destroyGraceSeconds: stopGrace,
    stopTimeout: stopGrace,
  };
}
