import { withoutDigest } from "../config/digest.ts";
import { parseImageReference } from "../config/image-reference.ts";
import { fieldAt } from "../config/json.ts";
import { pathText } from "../config/problem.ts";
import { readStackFile } from "../config/stack-file.ts";
import { platformSchema } from "../lifecycle/stack-config.ts";
import { credentialsOf } from "../platforms/docker/registry-credentials.ts";
import { platformOf } from "../platforms/of-stack.ts";
import { type Command, CommandFailure, type Output } from "./command.ts";
import { pinEdits, wantedReference } from "./pinned-change.ts";
import { type ResolvedImage, resolveImage } from "./registry.ts";
import { stackFileOf } from "./stack.ts";
import type { Edit } from "./stack-edit.ts";
import { placeholdersIn, StackFileChange } from "./stack-file-change.ts";

export const pin: Command = {
  name: "pin",
  summary: "a tag's digest into the stack file: the candidate of the next rollout",
  help: `
Asks the registry for the digest of the tag, and writes the reference with it. If the image is there for several
platforms, it is the digest of the index. For an agent image it writes \`candidate\`, which begins a rollout. For the
control plane it writes \`image\`, and the image before it as \`previous\`. It shows the change before it writes it. It
starts nothing: \`fleet update\` does. An image for another platform than the Docker host's is refused.

  fleet pin --stack prod --image chromium 1.4.2-openclaw-2026.4.23
  fleet pin --stack prod --image control-plane registry.example.com/clawforce/clawforce:1.4.2
  fleet pin --stack prod --placeholders

Credentials are those that \`docker login\` has written to config.json ($DOCKER_CONFIG, default ~/.docker).
Exit code 0: written, or nothing to write. 1: refused, and nothing was written.`,
  argument: { name: "TAG", does: "a tag of the image's repository, or a whole reference with its tag" },
  flags: {
    image: {
      type: "string",
      value: "NAME",
      does: "the agent image, as under clawforce:agentImages, or control-plane",
    },
    placeholders: {
      type: "boolean",
      does: "replace every placeholder of zeros by the digest of its own tag",
    },
    "dry-run": { type: "boolean", does: "show the change and write nothing" },
  },
  async run({ stack, configFile, flags, argument, out }) {
    const file = stackFileOf({ stack, configFile });
    const change =
      flags.placeholders === true
        ? await filledPlaceholders(file, [flags.image, argument], out)
        : await pinnedImageChange(file, flags.image, argument, out);
    change.show(out);
    if (flags["dry-run"] === true) {
      out.write("Nothing was written (--dry-run).\n");
      return 0;
    }
    await change.write();
    if (change.changes.length > 0) {
      out.write(`Written. What it will do: \`pulumi preview --stack ${stack}\`.\n`);
    }
    return 0;
  },
};

async function pinnedImageChange(
  file: string,
  image: string | boolean | undefined,
  wanted: string | undefined,
  out: Output,
): Promise<StackFileChange> {
  if (typeof image !== "string" || wanted === undefined) {
    throw new CommandFailure(
      "Which image, and which tag? Write `fleet pin --stack S --image NAME TAG`, or `--placeholders`.",
    );
  }
  const settings = readStackFile(file);
  const reference = wantedReference(settings, { image, wanted });
  const pinned = await resolved(reference, out, await wantedPlatforms(settings));
  return StackFileChange.plan(file, pinEdits(settings, image, pinned), { placeholdersMayStay: true });
}

async function filledPlaceholders(
  file: string,
  notWanted: readonly unknown[],
  out: Output,
): Promise<StackFileChange> {
  if (notWanted.some((given) => given !== undefined)) {
    throw new CommandFailure(
      "--placeholders takes every image by its own tag: give no --image and no tag with it.",
    );
  }
  const edits: Edit[] = [];
  const platforms = await wantedPlatforms(readStackFile(file));
  for (const { path, reference } of placeholdersIn(file)) {
    edits.push({
      path,
      value: await resolved(withoutDigest(reference), out, platforms, pathText(path)),
    });
  }
  return StackFileChange.plan(file, edits);
}

/** The reference with the digest that the registry has for it. */
async function resolved(
  reference: string,
  out: Output,
  wanted: readonly string[],
  whose = reference,
): Promise<string> {
  const parsed = parseImageReference(reference);
  if ("problem" in parsed) {
    throw new CommandFailure(
      `${whose}: ${JSON.stringify(reference)} is no image reference: ${parsed.problem}.`,
    );
  }
  const found = await resolveImage(parsed, await credentialsOf(parsed.registry));
  const problem = otherPlatform(reference, found.platforms, wanted);
  if (problem !== undefined) throw new CommandFailure(problem);
  out.write(`${reference}: ${found.digest} (${kindOf(found)})\n`);
  return parsed.digest === undefined ? `${reference}@${found.digest}` : reference;
}

function kindOf({ platforms, isIndex }: ResolvedImage): string {
  const list = platforms.join(", ");
  return isIndex
    ? `index of ${list || "no platform"}`
    : `one image${list === "" ? "" : ` of ${list}`}, no index`;
}

/** That of the Docker host, and those that containers are given by the stack file. None: the host does not answer. */
async function wantedPlatforms(settings: Record<string, unknown>): Promise<string[]> {
  const groups = Object.values(Object(settings.instanceGroups) as Record<string, unknown>);
  const written = [...groups, settings.controlPlane]
    .map((each) => fieldAt(each, "container.platform"))
    .filter((each) => typeof each === "string");
  const host = platformSchema.safeParse(settings.platform);
  if (!host.success) return [];
  const own = await platformOf({ platform: host.data })
    .architecture()
    .catch(() => undefined);
  return own === undefined ? [] : [own, ...written];
}

/** Why an image can't run there, as a sentence; undefined: it can, or nobody knows. */
export function otherPlatform(
  reference: string,
  has: readonly string[],
  wanted: readonly string[],
): string | undefined {
  const fits = has.some((each) => wanted.some((one) => each === one || each.startsWith(`${one}/`)));
  if (has.length === 0 || wanted.length === 0 || fits) return undefined;
  return (
    `${reference} is made for ${has.join(", ")}, and the gateways run on ${wanted[0]}. Nothing was written. ` +
    "Name an image for that platform. If a Docker host runs other ones as well, write `container.platform` first."
  );
}
