import type * as docker from "@pulumi/docker";
import type { IngressSpec } from "../resources.ts";
import { duration, stackLabel } from "./container-args.ts";

/** Inside its container; below 1024 a user that is not root may not listen everywhere. */
const ports = { http: 8080, https: 8443, metrics: 9090 };
/** Where both the maker's image and ours keep the services; the deadlines of holds stand beside them. */
const stateFolder = "/home/kamal-proxy/.config/kamal-proxy";
/** kamal-proxy gives requests under way 10 s when it is stopped. Seconds. */
const stopGrace = 15;

export function ingressArgs(spec: IngressSpec): docker.ContainerArgs {
  return {
    name: spec.name,
    image: spec.image,
    hostname: spec.name,
    init: true,
    restart: "unless-stopped",
    command: ["bash", "-c", spec.keeper],
    envs: [
      `HTTP_PORT=${ports.http}`,
      `HTTPS_PORT=${ports.https}`,
      // For what waits while it holds: see platforms/proxies/kamal/scripts/metrics.sh.
      `METRICS_PORT=${ports.metrics}`,
    ],
    labels: [stackLabel(spec.stack), { label: "clawforce.role", value: "ingress" }],
    networksAdvanced: spec.networks.map((network) => ({ name: network })),
    ports: [{ internal: ports.http, external: spec.publish.port, ip: spec.publish.address }],
    volumes: [{ volumeName: `${spec.name}-state`, containerPath: stateFolder }],
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
