import { parseImageReference } from "../../config/image-reference.ts";
import type { ControlPlaneConfig } from "../../config/schema.ts";
import type { Examination, Finding } from "./examination.ts";
import { notAsked } from "./examination.ts";

/** It gives an instance's health check a field that older engines refuse. */
const oldestApi = [1, 44] as const;

/** Where claworc looks for its instances, whatever it was told. */
const claworcNetwork = "claworc";

/** What a real control plane takes for granted of its host. */
export const controlPlaneHost: Examination = {
  name: "control plane",
  look: async ({ config, platform }) => {
    const plane = config?.controlPlane;
    if (plane === undefined || platform === undefined) return notAsked;
    // A host that does not answer is a finding of its own.
    const engine = await platform.engine().catch(() => undefined);
    return [...(engine === undefined ? [] : engineFinding(engine)), ...networkFinding(plane)];
  },
};

function engineFinding({ version, api }: { version: string; api: string }): Finding[] {
  const [major = 0, minor = 0] = api.split(".").map(Number);
  if (major > oldestApi[0] || (major === oldestApi[0] && minor >= oldestApi[1])) return [];
  return [
    {
      advice: `The engine ${version} speaks API ${api}. A control plane that asks for ${oldestApi.join(".")}, as claworc does, can make no instance on it.`,
      remedy: "Update Docker on that host to engine 25 or newer. Instances that are there are not concerned.",
    },
  ];
}

function networkFinding({ image, container }: ControlPlaneConfig): Finding[] {
  const parsed = parseImageReference(image);
  const isClaworc = "repository" in parsed && parsed.repository.split("/").at(-1) === claworcNetwork;
  const joined = [container.network, ...(container.networks ?? []).map(({ name }) => name)];
  if (!isClaworc || joined.includes(claworcNetwork)) return [];
  return [
    {
      advice: `claworc looks for its instances in the network ${claworcNetwork}, and its container is to be in ${joined.join(", ")}.`,
      remedy: `Write \`network: ${claworcNetwork}\` under \`controlPlane.container\``,
    },
  ];
}
