import type { AdoptionSource } from "../adoption.ts";
import type { DockerHost } from "./access.ts";
import { adoptable } from "./adoptable.ts";
import { adoptableControlPlane } from "./adopted-control-plane.ts";
import { variablesOf } from "./adopted-settings.ts";
import { dockerClient, inspectContainer, unreachableHost } from "./client.ts";

/** The containers of a Docker host. */
export function dockerAdoptions(host: DockerHost): AdoptionSource {
  return {
    units: (wanted, asked, taken) => adoptable(host, wanted, asked, taken),
    controlPlane: (name, asked, taken) => adoptableControlPlane(host, name, asked, taken),
    values: async (container) => {
      try {
        const found = await inspectContainer(dockerClient(host.host, host), container);
        return found === undefined ? {} : variablesOf(found);
      } catch (error) {
        throw unreachableHost(host.host, error);
      }
    },
  };
}
