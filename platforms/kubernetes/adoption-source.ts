import { type HeldSecrets, secretNames } from "../adopted-secrets.ts";
import {
  type Adoption,
  type AdoptionSource,
  NotAdoptable,
  withSecretNames,
  withSecrets,
} from "../adoption.ts";
import { managingControlPlane } from "../clawforce/recognise.ts";
import { type AskedUnit, adoptedControlPlane, adoptedUnit } from "./adopted-unit.ts";
import { Cluster } from "./cluster.ts";
import { execInPod } from "./exec.ts";
import { type FoundUnit, findUnit, ownContainer, podOf } from "./found-unit.ts";
import type { Service } from "./objects.ts";
import { unitsIn } from "./observe.ts";
import { unlessGone } from "./refusal.ts";
import type { KubernetesSettings } from "./settings.ts";
import { statusWord } from "./unit.ts";
import { variablesOf } from "./variables.ts";

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
      const adoptions: Adoption[] = [];
      const held: HeldSecrets[] = [];
      const refusals: string[] = [];
      for (const name of wanted.containers) {
        try {
          const adoption = adoptedUnit(cluster, await askedUnit(cluster, name), asked);
          adoptions.push(adoption);
          held.push({
            instance: adoption.instance,
            names: adoption.secrets,
            values: await valuesOf(cluster, name),
          });
        } catch (error) {
          if (!(error instanceof NotAdoptable)) throw error;
          refusals.push(error.message);
        }
      }
      const named = secretNames(held, new Set(taken));
      return { adoptions: adoptions.map((each, index) => withSecrets(each, named[index])), refusals };
    },
    controlPlane: async (name, asked, taken) => {
      const instances = (await unitsIn(cluster)).filter(
        ({ controller: { metadata } }) => managingControlPlane(metadata.labels ?? {}) !== undefined,
      );
      const managed = instances.map((found) => ({
        name: found.controller.metadata.name,
        state: statusWord(found),
      }));
      const adoption = adoptedControlPlane(cluster, await askedUnit(cluster, name), asked, managed);
      return withSecretNames(adoption, await valuesOf(cluster, name), taken);
    },
    values: (name) => valuesOf(cluster, name),
  };
}

async function askedUnit(cluster: Cluster, name: string): Promise<AskedUnit> {
  const found = await findUnit(cluster, name);
  if (found === undefined) {
    throw new NotAdoptable(
      `There is no StatefulSet and no Deployment ${name} in the namespace ${cluster.namespace}: \`${cluster.kubectl("get statefulset,deployment")}\` lists them.`,
    );
  }
  const path = cluster.in("v1", "services", name);
  const service = await unlessGone(cluster.ask<Service>({ path }));
  return { found, service, user: await userIn(cluster, found) };
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
async function valuesOf(cluster: Cluster, name: string): Promise<Record<string, string>> {
  const found = await findUnit(cluster, name);
  if (found === undefined) return {};
  const { env } = ownContainer({ name, spec: found.controller.spec.template.spec });
  const variables = await variablesOf(cluster, env);
  return Object.fromEntries(
    variables.map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)]),
  );
}
