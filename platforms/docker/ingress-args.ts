import type * as docker from "@pulumi/docker";
import { proxyContainer, proxyEnvironment } from "../proxy-container.ts";
import type { IngressSpec } from "../resources.ts";
import { duration, stackLabel } from "./container-args.ts";

const { ports, stateFolder, stopGrace, healthCommand } = proxyContainer;

export function ingressArgs(spec: IngressSpec): docker.ContainerArgs {
  return {
    name: spec.name,
    image: spec.image,
    hostname: spec.name,
    init: true,
    restart: "unless-stopped",
    command: ["bash", "-c", spec.keeper],
    envs: Object.entries(proxyEnvironment).map(([name, value]) => `${name}=${value}`),
    labels: [stackLabel(spec.stack), { label: "clawforce.role", value: "ingress" }],
    networksAdvanced: spec.networks.map((network) => ({ name: network })),
    ports: [{ internal: ports.http, external: spec.publish.port, ip: spec.publish.address }],
    volumes: [{ volumeName: `${spec.name}-state`, containerPath: stateFolder }],
    healthcheck: {
      tests: ["CMD", ...healthCommand],
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
