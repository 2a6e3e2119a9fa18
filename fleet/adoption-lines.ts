import { digestIn } from "../config/digest.ts";
import { fieldOf } from "../config/json.ts";
import type { Adoption } from "../platforms/adoption.ts";
import type { Edit, Setting } from "./stack-edit.ts";

export interface AdoptionNames {
  stack: string;
  /** Of the first group that is made. */
  group: string;
  /** Of the first agent image that is made. */
  agentImage: string;
  /** The stack file's own keys, without prefix. */
  settings: Record<string, unknown>;
}

interface Group {
  agentImage: string;
  members: Adoption[];
}

/** What the stack file gets: an image that it does not have yet, and a group for those that are alike. */
export function adoptionEdits(adoptions: readonly Adoption[], names: AdoptionNames): Edit[] {
  const usable = adoptions.filter(({ image }) => image !== undefined);
  const images = imagesFor(usable, names);
  const taken = new Set(Object.keys((names.settings.instanceGroups ?? {}) as object));
  return [
    ...images
      .filter(({ isThere }) => !isThere)
      .map(({ name, reference }) => ({ path: ["agentImages", name], value: { stable: reference } })),
    ...groupsOf(usable, images).map(({ agentImage, members }) => ({
      path: ["instanceGroups", freeName(names.group, taken)],
      value: groupLines(agentImage, members),
    })),
  ];
}

interface NamedImage {
  name: string;
  reference: string;
  /** The stack file has it already. */
  isThere: boolean;
}

/** One for each digest; one that is there as `stable` is used as it is. */
function imagesFor(adoptions: readonly Adoption[], { agentImage, settings }: AdoptionNames): NamedImage[] {
  const known = Object.entries((settings.agentImages ?? {}) as object).map(([name, image]) => ({
    name,
    reference: String(fieldOf(image, "stable") ?? ""),
  }));
  const taken = new Set(known.map(({ name }) => name));
  const references = [...new Set(adoptions.map(({ image = "" }) => image))];
  return references.map((reference) => {
    const there = known.find((each) => digestIn(each.reference) === digestIn(reference));
    if (there !== undefined) return { name: there.name, reference, isThere: true };
    return { name: freeName(agentImage, taken), reference, isThere: false };
  });
}

function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let count = 2; taken.has(name); count += 1) name = `${wanted}-${count}`;
  taken.add(name);
  return name;
}

/** Instances of one group share everything but their names, their states, their ports and their own secrets. */
function groupsOf(adoptions: readonly Adoption[], images: readonly NamedImage[]): Group[] {
  const groups = new Map<string, Group>();
  for (const each of adoptions) {
    const agentImage = images.find(({ reference }) => reference === each.image)?.name ?? "";
    // Two of them in one network would listen on one port.
    const apart = "networkMode" in each.settings ? each.instance : "";
    const key = JSON.stringify([agentImage, each.settings, each.stopGrace, apart]);
    const group = groups.get(key) ?? { agentImage, members: [] };
    groups.set(key, { ...group, members: [...group.members, each] });
  }
  return [...groups.values()];
}

function groupLines(agentImage: string, members: readonly Adoption[]): Setting {
  const [first] = members;
  const { settings = {}, stopGrace } = first ?? {};
  return {
    agentImage,
    instances: members.map(
      ({ container, instance, state, publish, ownSecrets = {}, mounts = [], aliases = [] }) => ({
        name: instance,
        ...(container !== instance && { containerName: container }),
        ...state,
        ...(publish !== undefined && { publish }),
        ...(Object.keys(ownSecrets).length > 0 && { secrets: ownSecrets }),
        ...(mounts.length > 0 && { mounts }),
        ...(aliases.length > 0 && { aliases }),
        adopt: container,
      }),
    ),
    ...(stopGrace !== undefined && { stopGrace }),
    ...(Object.keys(settings).length > 0 && { container: settings as Setting }),
  };
}
