import { type Adoption, adoptEach, NotAdoptable, type WantedUnits } from "../adoption.ts";
import type { DockerHost } from "./access.ts";
import { type AdoptionQuestion, goneImage, variablesOf } from "./adopted-settings.ts";
import { adoptionOf, withoutSharedPlaces } from "./adoption.ts";
import { dockerClient, inspectContainer, unreachableHost } from "./client.ts";
import { inspectImage } from "./image.ts";
import { withNetworkOwner } from "./shared-network.ts";
import { singleFiles } from "./single-files.ts";

/** What of them can be adopted, and why the others can't: a sentence each. Reads only. */
export async function adoptable(
  platform: DockerHost,
  wanted: WantedUnits,
  asked: AdoptionQuestion,
  /** The secrets that the stack has already, by their names. */
  takenSecrets: readonly string[] = [],
): Promise<{ adoptions: Adoption[]; refusals: string[] }> {
  const docker = dockerClient(platform.host, platform);
  try {
    const { adoptions, refusals } = await adoptEach(
      await namesOf(docker, wanted),
      takenSecrets,
      async (name, before) => {
        const seen = await inspectContainer(docker, name);
        if (seen === undefined) throw new NotAdoptable(noContainer(name));
        const { found, notes } = await withNetworkOwner(docker, seen);
        const question = { ...asked, files: await singleFiles(docker, found) };
        const read = adoptionOf(found, (await inspectImage(docker, found.Image)) ?? goneImage, question);
        const instance = freeName(read.instance, before);
        return {
          adoption: { ...read, instance, notes: [...read.notes, ...notes] },
          values: variablesOf(found),
        };
      },
    );
    return { adoptions: withoutSharedPlaces(adoptions, asked), refusals };
  } catch (error) {
    throw unreachableHost(platform.host, error);
  }
}

export function noContainer(name: string): string {
  return `There is no container ${name} on this host: \`docker ps --all\` lists them.`;
}

/** `a_b` and `a-b` are two containers, and one name of an instance. */
function freeName(wanted: string, adoptions: readonly Adoption[]): string {
  const taken = new Set(adoptions.map(({ instance }) => instance));
  let name = wanted;
  for (let count = 2; taken.has(name); count += 1) name = `${wanted.slice(0, 60)}-${count}`;
  return name;
}

async function namesOf(
  docker: ReturnType<typeof dockerClient>,
  wanted: WantedUnits,
): Promise<readonly string[]> {
  if ("containers" in wanted) return wanted.containers;
  const filters = { label: [`com.docker.compose.project=${wanted.composeProject}`] };
  const found = await docker.listContainers({ all: true, filters });
  return found.map(({ Names, Id }) => Names[0]?.slice(1) ?? Id).toSorted();
}
