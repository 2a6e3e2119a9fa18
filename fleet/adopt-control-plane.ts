import { keptName } from "../config/kept-container.ts";
import type { AdoptionSource, ControlPlaneAdoption } from "../platforms/adoption.ts";
import { composeText } from "./adoption-compose.ts";
import { aboutContainer, stackFileLines } from "./adoption-text.ts";
import { writeAdoption } from "./adoption-writing.ts";
import { CommandFailure, type Output } from "./command.ts";
import type { NamedStack } from "./stack.ts";
import type { Edit, Setting } from "./stack-edit.ts";

interface ControlPlaneToAdopt {
  named: NamedStack;
  /** The stack file. */
  file: string;
  /** Its own keys, without prefix. */
  settings: Record<string, unknown>;
  source: AdoptionSource;
  write: boolean;
  out: Output;
}

/** @returns the exit code. */
export async function adoptControlPlane(
  adoption: ControlPlaneAdoption,
  { named, file, settings, source, write, out }: ControlPlaneToAdopt,
): Promise<number> {
  if (settings.controlPlane !== undefined) {
    throw new CommandFailure(
      `The stack ${named.stack} has a control plane already, at \`clawforce:controlPlane\`. A stack has one at most.`,
    );
  }
  const written = write && adoption.image !== undefined;
  if (written) {
    const edits = controlPlaneEdits(adoption, settings);
    await writeAdoption({ named, file, source, out }, [withoutToken(adoption)], edits);
  }
  out.write(`${controlPlaneText(adoption, named.stack, settings, written)}\n`);
  return adoption.image === undefined ? 1 : 0;
}

/** What the stack file gets: its control plane, and no more than it can't do without. */
export function controlPlaneEdits(
  adoption: ControlPlaneAdoption,
  settings: Readonly<Record<string, unknown>>,
): Edit[] {
  const { container, image, state, publish, backups, database, stopGrace } = adoption;
  if (image === undefined) return [];
  const lines: Setting = {
    name: container,
    image,
    data: state,
    ...(backups !== undefined && { backups }),
    ...(publish !== undefined && { publish }),
    ...(database !== usualDatabase && { database }),
    ...(stopGrace !== undefined && { stopGrace }),
    adopt: container,
    ...(Object.keys(adoption.settings).length > 0 && { container: adoption.settings as Setting }),
  };
  return [
    ...["agentImages", "instanceGroups"]
      .filter((key) => settings[key] === undefined)
      .map((key) => ({ path: [key], value: {} })),
    { path: ["controlPlane"], value: lines },
  ];
}

/** Who comes in has an account in its data. */
function withoutToken(adoption: ControlPlaneAdoption): ControlPlaneAdoption {
  return { ...adoption, hasToken: false };
}

const usualDatabase = "clawforce.db";

/** What was read, what to do about it, and what comes next. */
export function controlPlaneText(
  adoption: ControlPlaneAdoption,
  stack: string,
  settings: Readonly<Record<string, unknown>>,
  written: boolean,
): string {
  const { image } = adoption;
  return [
    ...(written || image === undefined ? [] : stackFileLines(controlPlaneEdits(adoption, settings), stack)),
    ...aboutContainer(withoutToken(adoption), stack, written),
    ...instanceLines(adoption),
    "",
    ...composeText([adoption]),
    ...(image === undefined ? [] : nextLines(adoption, stack, written)),
  ].join("\n");
}

function instanceLines({ container, instances }: ControlPlaneAdoption): string[] {
  if (instances.length === 0) return [`  No container is there that ${container} has made.`];
  return [
    `  It manages ${instances.map(({ name, state }) => `${name} (${state})`).join(", ")}.`,
    "  They are never touched: each keeps its container, its image and its state, and serves on meanwhile.",
    '  To update them later: docs/control-plane.md, "Managed instances".',
  ];
}

function nextLines({ container, inPlace }: ControlPlaneAdoption, stack: string, written: boolean): string[] {
  return [
    written
      ? "The stack file is written. No container was touched. Next:"
      : "Nothing was changed. Once the lines and the secrets are in the stack file:",
    `  pulumi config set --stack ${stack} --secret clawforce:controlPlanePassword`,
    "That is the password of its account `admin`. For another account write `account: {username: NAME}`. It must have the role admin.",
    `  pulumi config set --stack ${stack} clawforce:window control-plane`,
    `  pulumi preview --stack ${stack}`,
    "It shows the adoption as a move of its own. What the new container would not have is refused there.",
    `  pulumi up --stack ${stack}`,
    `It takes a snapshot of its data, starts it on the side, and then ${inPlace ? "changes it in its place" : "replaces the container"}. Everybody has to log in again.`,
    "If the new container does not pass its checks, the old one serves again as it was.",
    ...(inPlace
      ? ['To go back later: docs/kubernetes.md, "Adopting what runs already".']
      : [
          `The old container stays, stopped, as ${keptName(container)}. Remove it once you do not need it any more: \`docker rm NAME\`.`,
        ]),
  ];
}
