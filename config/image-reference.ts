import { z } from "zod";
import { withoutDigest } from "./digest.ts";

/** What an image reference says. `registry` is absent when the text names none (then it is Docker Hub). */
export interface ImageReference {
  registry?: string;
  /** Path of the image in its registry, without tag and digest. */
  repository: string;
  tag?: string;
  /** Algorithm and hex digits: `sha256:…`. */
  digest?: string;
}

/** Longer than any reference a registry accepts; bounds the work on hostile input. */
const lengthLimit = 1024;
const repositoryLengthLimit = 255;
const tagLengthLimit = 128;

const digestLengths: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };
const placeholderDigest = `sha256:${"0".repeat(64)}`;

/**
 * Reads an image reference by the grammar of distribution/reference. Linear in the length of the text: it
 * splits at the last `@`, then at the `:` after the last `/`, so that a registry's port is never taken for a tag.
 */
export function parseImageReference(text: string): ImageReference | { problem: string } {
  if (text === "") return { problem: "it is empty" };
  if (text.length > lengthLimit) return { problem: `it is longer than ${lengthLimit} characters` };
  if (/\s/.test(text)) return { problem: "it contains white space" };
  const odd = /[^\x21-\x7e]/.exec(text)?.[0];
  if (odd !== undefined) return { problem: `it contains the character ${codePoint(odd)}` };

  const at = text.lastIndexOf("@");
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  const name = colon < 0 ? named : named.slice(0, colon);
  const { registry, repository } = splitRegistry(name);

  const problem =
    (registry === undefined ? undefined : registryProblem(registry)) ??
    repositoryProblem(repository) ??
    (tag === undefined ? undefined : tagProblem(tag)) ??
    (digest === undefined ? undefined : digestProblem(digest));
  if (problem !== undefined) return { problem };
  if (registry === undefined && tag === undefined && digest === undefined && isImageId(repository)) {
    return { problem: "it is an image id, which no registry knows" };
  }
  return {
    ...(registry === undefined ? {} : { registry }),
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function codePoint(character: string): string {
  return `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** The first part is a registry only when no repository could be called so: as Docker reads it. */
function splitRegistry(name: string): { registry?: string; repository: string } {
  const slash = name.indexOf("/");
  if (slash < 0) return { repository: name };
  const first = name.slice(0, slash);
  const isRegistry = /[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase();
  return isRegistry ? { registry: first, repository: name.slice(slash + 1) } : { repository: name };
}

function registryProblem(registry: string): string | undefined {
  const { host, port } = splitPort(registry);
  if (port !== undefined && !/^\d+$/.test(port)) return "the registry's port is not a number";
  if (/^\[[0-9a-fA-F:]+\]$/.test(host)) return undefined;
  const labels = host.split(".");
  if (labels.every((label) => /^[a-zA-Z0-9-]+$/.test(label) && !/^-|-$/.test(label))) return undefined;
  return "the registry is not a host name";
}

function splitPort(registry: string): { host: string; port?: string } {
  const colon = registry.indexOf(":", registry.lastIndexOf("]") + 1);
  return colon < 0 ? { host: registry } : { host: registry.slice(0, colon), port: registry.slice(colon + 1) };
}

function repositoryProblem(repository: string): string | undefined {
  if (repository === "") return "it names no repository";
  if (repository.length > repositoryLengthLimit) {
    return `the repository is longer than ${repositoryLengthLimit} characters`;
  }
  if (/[A-Z]/.test(repository)) return "a repository has no upper-case letters";
  for (const part of repository.split("/")) {
    if (part === "") return "a part of the repository is empty";
    if (!/^[a-z0-9._-]+$/.test(part)) return "a repository has only a-z, 0-9, `.`, `_`, `-` and `/`";
    if (/^[._-]|[._-]$/.test(part)) return "a part of the repository begins or ends with a separator";
    const separators = part.match(/[._-]+/g) ?? [];
    if (!separators.every((run) => run === "." || run === "_" || run === "__" || /^-+$/.test(run))) {
      return "separators in the repository are one `.`, one or two `_`, or hyphens";
    }
  }
  return undefined;
}

function tagProblem(tag: string): string | undefined {
  if (tag === "") return "the tag is empty";
  if (tag.length > tagLengthLimit) return `the tag is longer than ${tagLengthLimit} characters`;
  return /^\w[\w.-]*$/.test(tag)
    ? undefined
    : "a tag has only letters, digits, `_`, `.` and `-`, and begins with none of the last two";
}

function digestProblem(digest: string): string | undefined {
  const colon = digest.indexOf(":");
  const algorithm = digest.slice(0, Math.max(colon, 0));
  const length = Object.hasOwn(digestLengths, algorithm) ? digestLengths[algorithm] : undefined;
  if (length === undefined) return "the digest does not begin with `sha256:`";
  const hex = digest.slice(colon + 1);
  if (hex.length !== length) return `the ${algorithm} digest has ${hex.length} digits, not ${length}`;
  return /^[0-9a-f]+$/.test(hex) ? undefined : "the digest has other characters than 0-9 and a-f";
}

function isImageId(repository: string): boolean {
  return /^[0-9a-f]{64}$/.test(repository);
}

/** Why a reference may not stand in the configuration, as rule and remedy; undefined when it may. */
function pinProblem(text: string): string | undefined {
  const quoted = visiblyQuoted(text);
  const parsed = parseImageReference(text);
  if ("problem" in parsed) {
    return `${quoted} is no image reference: ${parsed.problem}. Write <repository>:<tag>@sha256:<64 hex digits>`;
  }
  const reference = withoutDigest(text);
  if (parsed.registry !== undefined && parsed.registry !== parsed.registry.toLowerCase()) {
    return `${quoted} has upper-case letters in its name. Write ${JSON.stringify(text.replace(parsed.registry, parsed.registry.toLowerCase()))}`;
  }
  if (parsed.tag?.toLowerCase() === "latest") {
    return `${quoted} has the tag "${parsed.tag}", which says no version. Write the tag of the version that the digest belongs to`;
  }
  if (parsed.digest === undefined) {
    return `${quoted} has no digest, so what runs could change. Run ${digestCommands(reference)} and write the digest it prints behind the tag, as @sha256:…`;
  }
  if (!parsed.digest.startsWith("sha256:")) {
    return `${quoted} has a digest other than sha256. Run ${digestCommands(reference)} and write the sha256 digest it prints`;
  }
  if (parsed.digest === placeholderDigest) {
    return `the placeholder digest of zeros stands here. Run \`fleet pin --stack <stack> --placeholders\`: it asks the registry for the digest of ${reference} and writes it`;
  }
  return undefined;
}

/** Shows what an eye does not see or takes for something else, zero-width characters and foreign letters. */
function visiblyQuoted(text: string): string {
  const shown = JSON.stringify(text.slice(0, 160)).replace(
    /[^\x20-\x7e]/g,
    (character) => `<${codePoint(character)}>`,
  );
  return text.length > 160 ? `${shown.slice(0, -1)}…"` : shown;
}

/** Whether the digest of zeros stands in a text: the example's place for one that only the operator can know. */
export function isPlaceholder(text: string): boolean {
  return text.endsWith(`@${placeholderDigest}`);
}

function digestCommands(reference: string): string {
  return (
    `\`docker buildx imagetools inspect ${reference}\` (or \`docker pull ${reference}\` and ` +
    `\`docker image inspect --format '{{index .RepoDigests 0}}' ${reference}\`)`
  );
}

/** An image reference with a sha256 digest: the same bytes whenever and wherever it is pulled. */
export const pinnedImage = z
  .string({ error: "expected an image reference. Write <repository>:<tag>@sha256:<64 hex digits>" })
  .meta({ pattern: "^[^\\s@]+@sha256:(?!0{64}$)[0-9a-f]{64}$" })
  .superRefine((text, context) => {
    const problem = pinProblem(text);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  });

function parsedOrThrow(reference: string): ImageReference {
  const parsed = parseImageReference(reference);
  if ("problem" in parsed)
    throw new Error(`${JSON.stringify(reference)} is no image reference: ${parsed.problem}.`);
  return parsed;
}

/** Registry and repository, without tag and digest. */
export function repositoryOf(reference: string): string {
  const { registry, repository } = parsedOrThrow(reference);
  return registry === undefined ? repository : `${registry}/${repository}`;
}

export function digestOf(reference: string): string | undefined {
  return parsedOrThrow(reference).digest;
}

export function tagOf(reference: string): string | undefined {
  return parsedOrThrow(reference).tag;
}

/** For messages: the repository's last part, the tag and the digest's first 12 digits. */
export function shortReference(reference: string): string {
  const { repository, tag, digest } = parsedOrThrow(reference);
  const last = repository.slice(repository.lastIndexOf("/") + 1);
  const digits = digest?.slice(digest.indexOf(":") + 1, digest.indexOf(":") + 13);
  return `${last}${tag === undefined ? "" : `:${tag}`}${digits === undefined ? "" : `@${digits}`}`;
}
