import { stringify } from "yaml";
import { digestIn } from "../config/digest.ts";
import { fieldOf } from "../config/json.ts";
import { obstacles } from "../lifecycle/update/adoption.ts";
import { usual } from "../platforms/docker/adopted-settings.ts";
import type { Adoption } from "../platforms/docker/adoption.ts";

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

/** The lines of the stack file, and what to do around them. */
export function adoptionText(adoptions: readonly Adoption[], names: AdoptionNames): string {
  const usable = adoptions.filter(({ image }) => image !== undefined);
  const images = imagesFor(usable, names);
  const groups = groupsOf(usable, images);
  return [
    ...(usable.length === 0 ? [] : stackFileLines(groups, images, names)),
    ...adoptions.flatMap((each) => aboutOne(each, names.stack)),
    ...(usable.length === 0 ? [] : nextLines(usable, names.stack)),
  ].join("\n");
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

/** Instances of one group share everything but their names, their states and their ports. */
function groupsOf(adoptions: readonly Adoption[], images: readonly NamedImage[]): Group[] {
  const groups = new Map<string, Group>();
  for (const each of adoptions) {
    const agentImage = images.find(({ reference }) => reference === each.image)?.name ?? "";
    const key = JSON.stringify([agentImage, each.settings, each.stopGrace]);
    const group = groups.get(key) ?? { agentImage, members: [] };
    groups.set(key, { ...group, members: [...group.members, each] });
  }
  return [...groups.values()];
}

function stackFileLines(
  groups: readonly Group[],
  images: readonly NamedImage[],
  { stack, group, settings }: AdoptionNames,
): string[] {
  const taken = new Set(Object.keys((settings.instanceGroups ?? {}) as object));
  const missing = images.filter(({ isThere }) => !isThere);
  const lines = {
    ...(missing.length > 0 && {
      "clawforce:agentImages": Object.fromEntries(
        missing.map(({ name, reference }) => [name, { stable: reference }]),
      ),
    }),
    "clawforce:instanceGroups": Object.fromEntries(
      groups.map(({ agentImage, members }) => [freeName(group, taken), groupLines(agentImage, members)]),
    ),
  };
  const text = stringify(lines, { lineWidth: 0, flowCollectionPadding: false });
  return [
    `Add to Pulumi.${stack}.yaml below \`config:\`, to the keys that are there already:`,
    "",
    ...text
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}`),
    "",
  ];
}

function groupLines(agentImage: string, members: readonly Adoption[]): object {
  const [first] = members;
  const { settings = {}, stopGrace } = first ?? {};
  return {
    agentImage,
    instances: members.map(({ container, instance, state, publish }) => ({
      name: instance,
      ...state,
      ...(publish !== undefined && { publish }),
      adopt: container,
    })),
    ...(stopGrace !== undefined && { stopGrace }),
    ...(Object.keys(settings).length > 0 && { container: settings }),
  };
}

function aboutOne(adoption: Adoption, stack: string): string[] {
  const { container, instance, image, startedWith, lost, notes, condition } = adoption;
  const tokens = adoption.hasToken
    ? [["the gateway's token", `gatewayTokens.${instance}`, usual.tokenVariable] as const]
    : [];
  const secrets = Object.entries(adoption.secrets).map(
    ([variable, name]) => [`the variable ${variable}`, `secrets.${name}`, variable] as const,
  );
  return [
    `${container}:`,
    ...(image === undefined
      ? [
          `  Its image ${startedWith} has no digest: it was built or loaded on this host. Push it to a registry, run \`docker pull\` for it there, then start \`fleet adopt\` again.`,
        ]
      : []),
    ...[...obstacles(container, condition), ...notes].map((note) => `  ${note}`),
    ...[...tokens, ...secrets].map(
      ([what, key, variable]) =>
        `  Set ${what}: docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' ${container} | sed -n 's/^${variable}=//p' | pulumi config set --stack ${stack} --secret --path 'clawforce:${key}'`,
    ),
    ...(adoption.hasToken
      ? []
      : [
          `  It has no token in ${usual.tokenVariable}. Make one: openssl rand -hex 32 | pulumi config set --stack ${stack} --secret --path 'clawforce:gatewayTokens.${instance}'`,
        ]),
    ...lost.map(
      ({ key, what }) =>
        `  The new container would not have ${what}. If that is meant, write \`without: [${key}]\` under \`adopt\`.`,
    ),
    ...composeLines(adoption),
    "",
  ];
}

/** Compose knows its containers by their names and labels, and the new one has none of its labels. */
function composeLines({ composeProject, container, instance }: Adoption): string[] {
  if (composeProject === undefined) return [];
  return [
    container === instance
      ? `  The Compose project ${composeProject} made it. Once it is adopted, \`docker compose up\` ends with a conflict of names and touches nothing. Take the service out of the compose file then.`
      : `  The Compose project ${composeProject} made it. Take the service out of the compose file before you adopt it: \`docker compose up\` would start a second gateway on the same state.`,
  ];
}

function nextLines(adoptions: readonly Adoption[], stack: string): string[] {
  const kept = adoptions.map(({ instance }) => `${instance}-before-adoption`);
  return [
    "Nothing was changed. Once the lines and the secrets are in the stack file:",
    `  pulumi preview --stack ${stack}`,
    "It shows each adoption as a move of its own. What a new container would not have is refused there.",
    `  pulumi up --stack ${stack}`,
    "It takes over from one gateway after the other, the canary first. Each gets a snapshot of its state, which is started on the side before it is stopped.",
    "If the new container does not pass its checks, the old one serves again as it was.",
    `What was adopted stays, stopped, as ${kept.join(", ")}. Remove it once you do not need it any more: \`docker rm NAME\`.`,
    `To go back later: docs/adopt.md, "Going back".`,
  ];
}
