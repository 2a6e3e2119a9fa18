import { stringify } from "yaml";
import { keptName } from "../config/kept-container.ts";
import { obstacles } from "../lifecycle/update/adoption.ts";
import { type Adoption, usual } from "../platforms/adoption.ts";
import { composeText } from "./adoption-compose.ts";
import { type AdoptionNames, adoptionEdits } from "./adoption-lines.ts";
import type { Edit } from "./stack-edit.ts";

/** What was read, what to do about it, and what comes next. `written`: the stack file and its secrets are as they have to be. */
export function adoptionText(
  adoptions: readonly Adoption[],
  names: AdoptionNames,
  { written = false }: { written?: boolean } = {},
): string {
  const usable = adoptions.filter(({ image }) => image !== undefined);
  return [
    ...(written || usable.length === 0 ? [] : stackFileLines(adoptionEdits(usable, names), names.stack)),
    ...withOwnSecrets(adoptions).flatMap((each) => aboutOne(each, names.stack, written)),
    ...composeText(usable),
    ...(usable.length === 0 ? [] : nextLines(usable, names.stack, written)),
  ].join("\n");
}

export function stackFileLines(edits: readonly Edit[], stack: string): string[] {
  const lines: Record<string, unknown> = {};
  for (const { path, value } of edits) {
    const [first, name] = path.map(String);
    const key = `clawforce:${first}`;
    lines[key] = name === undefined ? value : { ...(lines[key] as object | undefined), [name]: value };
  }
  const text = stringify(lines, { lineWidth: 0, flowCollectionPadding: false, aliasDuplicateObjects: false });
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

/** A variable of a container, and the key of the configuration that gets its value. */
export interface SecretToSet {
  what: string;
  key: string;
  variable: string;
}

export function secretsToSet({ hasToken, instance, secrets }: Adoption): SecretToSet[] {
  const token = {
    what: "the gateway's token",
    key: `gatewayTokens.${instance}`,
    variable: usual.tokenVariable,
  };
  return [
    ...(hasToken ? [token] : []),
    ...Object.entries(secrets).map(([variable, name]) => ({
      what: `the variable ${variable}`,
      key: `secrets.${name}`,
      variable,
    })),
  ];
}

/** A secret that several have is set once. */
export function withOwnSecrets<Each extends Pick<Adoption, "secrets">>(adoptions: readonly Each[]): Each[] {
  const seen = new Set<string>();
  return adoptions.map((each) => {
    const first = Object.entries(each.secrets).filter(([, name]) => !seen.has(name));
    for (const [, name] of first) seen.add(name);
    return { ...each, secrets: Object.fromEntries(first) };
  });
}

function aboutOne(adoption: Adoption, stack: string, written: boolean): string[] {
  const { instance } = adoption;
  return [
    ...aboutContainer(adoption, stack, written),
    ...(adoption.hasToken
      ? []
      : [
          `  It has no token in ${usual.tokenVariable}. Make one: openssl rand -hex 32 | pulumi config set --stack ${stack} --secret --path 'clawforce:gatewayTokens.${instance}'`,
        ]),
    "",
  ];
}

/** What is true of a gateway and of a control plane. */
export function aboutContainer(adoption: Adoption, stack: string, written: boolean): string[] {
  const { container, image, startedWith, lost, notes, condition, inPlace, printedBy = {} } = adoption;
  return [
    `${container}:`,
    ...(image === undefined
      ? [
          inPlace
            ? `  Its image ${startedWith} has no digest that a registry knows. Push it to a registry and start its pod from there. Then start \`fleet adopt\` again.`
            : `  Its image ${startedWith} has no digest: it was built or loaded on this host. Push it to a registry, run \`docker pull\` for it there, then start \`fleet adopt\` again.`,
        ]
      : []),
    ...[...obstacles(container, condition), ...notes].map((note) => `  ${note}`),
    ...secretsToSet(adoption).map(({ what, key, variable }) =>
      written
        ? `  ${what} is set as clawforce:${key}.`
        : `  Set ${what}: ${printedBy[variable] ?? dockerPrints(container, variable)} | pulumi config set --stack ${stack} --secret --path 'clawforce:${key}'`,
    ),
    ...lost.map(
      ({ key, what }) =>
        `  The new container would not have ${what}. If that is meant, write \`without: [${key}]\` under \`adopt\`.`,
    ),
  ];
}

function dockerPrints(container: string, variable: string): string {
  return `docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' ${container} | sed -n 's/^${variable}=//p'`;
}

function nextLines(adoptions: readonly Adoption[], stack: string, written: boolean): string[] {
  const inPlace = adoptions.some((each) => each.inPlace);
  const kept = adoptions.map(({ instance }) => keptName(instance));
  return [
    written
      ? "The stack file is written. No container was touched. Next:"
      : "Nothing was changed. Once the lines and the secrets are in the stack file:",
    `  pulumi preview --stack ${stack}`,
    "It shows each adoption as a move of its own. What a new container would not have is refused there.",
    `  pulumi up --stack ${stack}`,
    "It takes over from one gateway after the other, the canary first. Each gets a snapshot of its state, which is started on the side before it is stopped.",
    "If the new container does not pass its checks, the old one serves again as it was.",
    ...(inPlace
      ? ['To go back later: docs/kubernetes.md, "Adopting what runs already".']
      : [
          `What was adopted stays, stopped, as ${kept.join(", ")}. Remove it once you do not need it any more: \`docker rm NAME\`.`,
          `To go back later: docs/adopt.md, "Going back".`,
        ]),
  ];
}
