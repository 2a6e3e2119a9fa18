import * as docker from "@pulumi/docker";
import type { KeptParts, PlatformResources } from "../resources.ts";
import type { DockerHost } from "./access.ts";
import { containerArgs, inputsBesidesImage, providerArgs, stackLabel } from "./container-args.ts";
import { ingressArgs } from "./ingress-args.ts";

/** Containers, volumes, networks and images of a Docker host. */
export function dockerResources(host: DockerHost): PlatformResources {
  return {
    provider: (name, opts) => new docker.Provider(name, providerArgs(host), opts),
    network: (name, stack, opts) => new docker.Network(name, { name, labels: [stackLabel(stack)] }, opts),
    image: (name, reference, opts) =>
      new docker.RemoteImage(name, { name: reference, keepLocally: true }, opts),
    volume: (name, volume, { stack }, opts) =>
      new docker.Volume(
        name,
        { name: volume, labels: [stackLabel(stack)] },
        { ...opts, ignoreChanges: ["labels", "driverOpts"] },
      ),
    unit: (name, spec, secrets, { keeps, beforeChange: _, changeRefused: __, start: ___, ...opts }) => {
      const inputs = containerArgs(spec, secrets);
      const kept = keeps.all ? inputsBesidesImage(inputs) : keptInputs(keeps);
      return new docker.Container(name, inputs, { ...opts, ...(kept.length > 0 && { ignoreChanges: kept }) });
    },
    ingress: (name, spec, opts) => new docker.Container(name, ingressArgs(spec), opts),
  };
}

function keptInputs({ labels, secrets, network }: KeptParts): string[] {
  const inputs = { labels, envs: secrets, networkMode: network };
  return Object.entries(inputs).flatMap(([input, isKept]) => (isKept ? [input] : []));
}
