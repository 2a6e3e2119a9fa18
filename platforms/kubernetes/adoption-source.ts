import { splitVariable } from "../../config/variable.ts";
import { type AdoptionSource, adoptEach, NotAdoptable, withSecretNames } from "../adoption.ts";
import { managingControlPlane } from "../clawforce/recognise.ts";
import { type AskedUnit, adoptedControlPlane, adoptedUnit } from "./adopted-unit.ts";
import { Cluster } from "./cluster.ts";
import { execInPod } from "./exec.ts";
import { type FoundUnit, findService, findUnit, ownContainer, podOf } from "./found-unit.ts";
import { unitsIn } from "./observe.ts";
import type { KubernetesSettings } from "./settings.ts";
import { statusWord } from "./unit.ts";
import { variablesOf } from "./variables.ts";
import { kubernetesWords } from "./words.ts";

/** The StatefulSets and Deployments of a namespace that somebody else has made. Reads only. */
export function kubernetesAdoptions(settings: KubernetesSettings): AdoptionSource {
  const cluster = new Cluster(settings);
  return {
    units: async (wanted, asked, taken) => {
      if (!("containers" in wanted)) {
        throw new NotAdoptable(
          "A namespace has no Compose projects. Write --container with the names of its StatefulSets and Deployments.",
        );
      }
      return adoptEach(wanted.containers, taken, async (name) => {
        const unit = await askedUnit(cluster, name);
        return { adoption: adoptedUnit(cluster, unit, asked), values: await valuesOf(cluster, unit.found) };
      });
    },
    controlPlane: async (name, asked, taken) => {
      const instances = (await unitsIn(cluster)).filter(
        ({ controller: { metadata } }) => managingControlPlane(metadata.labels ?? {}) !== undefined,
      );
      const managed = instances.map((found) => ({
        name: found.controller.metadata.name,
        state: statusWord(found),
      }));
      const unit = await askedUnit(cluster, name);
      const adoption = adoptedControlPlane(cluster, unit, asked, managed);
      return withSecretNames(adoption, await valuesOf(cluster, unit.found), taken);
    },
    values: async (name) => {
      const found = await findUnit(cluster, name);
      return found === undefined ? {} : valuesOf(cluster, found);
    },
  };
}

async function askedUnit(cluster: Cluster, name: string): Promise<AskedUnit> {
  const found = await findUnit(cluster, name);
  if (found === undefined) {
    throw new NotAdoptable(
      `There is no StatefulSet and no Deployment ${name} in the namespace ${cluster.namespace}: \`${kubernetesWords(cluster).listCommand()}\` lists them.`,
    );
  }
  return { found, service: await findService(cluster, name), user: await userIn(cluster, found) };
}

/** Seconds for a program of an instant. */
const deadline = 20;

/** Whom its program runs as, by its own word: what an image says of that the API does not tell. */
async function userIn(cluster: Cluster, found: FoundUnit): Promise<string | undefined> {
  const pod = podOf(found);
  if (pod === undefined) return undefined;
  const container = ownContainer({ name: pod.metadata.name, spec: pod.spec }).name;
  try {
    const where = { pod: pod.metadata.name, container };
    const { exitCode, stdout } = await execInPod(cluster, where, ["sh", "-c", "echo $(id -u):$(id -g)"], {
      deadline,
    });
    const said = stdout.trim();
    return exitCode === 0 && /^\d+:\d+$/.test(said) ? said : undefined;
  } catch {
    // It has no shell, or does not run: it is asked of the operator then.
    return undefined;
  }
}

/** Of its variables, those in Secrets too. They go no further than to who takes them over. */
async function valuesOf(cluster: Cluster, { controller }: FoundUnit): Promise<Record<string, string>> {
  const { env } = ownContainer({ name: controller.metadata.name, spec: controller.spec.template.spec });
  return Object.fromEntries((await variablesOf(cluster, env)).map(splitVariable));
}
