/** What an image reference says, with what Docker adds by itself: `docker.io` and `library/`. */
export interface ImageReference {
  registry: string;
  /** Path of the image in its registry, without tag and digest. */
  path: string;
  tag?: string;
  /** Algorithm and hex digits: `sha256:…`. */
  digest?: string;
}

/** Why a text is no reference. */
export interface UnreadReference {
  /** What is wrong, as a phrase without any part of the text: "has an empty tag". */
  problem: string;
  /** The part of the text that it is about, where it is not the whole. */
  part?: string;
}

/** In characters; longer than any reference a registry accepts. Bounds the work on hostile input. */
const lengthLimit = 1024;
const pathLengthLimit = 255;
const tagLengthLimit = 128;

const digestLengths: ReadonlyMap<string, number> = new Map([
  ["sha256", 64],
  ["sha384", 96],
  ["sha512", 128],
]);

/**
 * Reads a reference as Docker and containerd do. Each step looks at each character a fixed number of times: the
 * last `@`, the `:` behind the last `/` (a registry's port is no tag), then one scan of each part.
 */
export function readImageReference(text: string): ImageReference | UnreadReference {
  if (text === "") return { problem: "is empty" };
  if (text.length > lengthLimit) return { problem: `is longer than ${lengthLimit} characters` };
  const odd = oddCharacter(text);
  if (odd !== undefined) return { problem: `has the character ${odd}` };

  const at = text.lastIndexOf("@");
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  const name = colon < 0 ? named : named.slice(0, colon);
  const { registry, path } = placed(name);

  const problem =
    registryProblem(registry) ??
    pathProblem(path) ??
    (tag === undefined ? undefined : tagProblem(tag)) ??
    (digest === undefined ? undefined : digestProblem(digest)) ??
    (name.length === 64 && consistsOf(name, isHex) ? imageIdProblem : undefined);
  if (problem !== undefined) {
    const part =
      problem === oddRepository ? path.split("/").find((each) => !isPathComponent(each)) : undefined;
    return part === undefined || part === text ? { problem } : { problem, part };
  }
  return {
    registry,
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

const imageIdProblem = "is the id of an image on one host, which no registry knows";

/** Whether a text is an id as `docker images --no-trunc` prints it. The grammar takes its algorithm for a repository. */
export function isImageId(text: string): boolean {
  const hex = text.startsWith("sha256:") ? text.slice("sha256:".length) : text;
  const isWhole = hex.length === 64;
  return (isWhole || hex !== text) && hex.length >= 12 && hex.length <= 64 && consistsOf(hex, isHex);
}

/** Why an id is no image that could be pulled. */
export const imageId: UnreadReference = { problem: imageIdProblem };

/** Registry and path: what an exemption names. */
export function repositoryOf({ registry, path }: ImageReference): string {
  return `${registry}/${path}`;
}

/** The first part is a registry only when no repository could be called so. */
function placed(name: string): { registry: string; path: string } {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const isRegistry =
    first.includes(".") || first.includes(":") || first === "localhost" || first !== first.toLowerCase();
  const registry = isRegistry ? first : "docker.io";
  const rest = isRegistry ? name.slice(slash + 1) : name;
  if (registry !== "docker.io" && registry !== "index.docker.io") return { registry, path: rest };
  return { registry: "docker.io", path: rest === "" || rest.includes("/") ? rest : `library/${rest}` };
}

function oddCharacter(text: string): string | undefined {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code <= 0x20 || code > 0x7e) return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  }
  return undefined;
}

function registryProblem(registry: string): string | undefined {
  const colon = registry.indexOf(":", registry.lastIndexOf("]") + 1);
  const host = colon < 0 ? registry : registry.slice(0, colon);
  const port = colon < 0 ? undefined : registry.slice(colon + 1);
  if (port !== undefined && (port === "" || !consistsOf(port, isDigit))) {
    return "has a registry whose port is no number";
  }
  if (host.startsWith("[")) {
    const address = host.slice(1, -1);
    const isAddress = host.endsWith("]") && address !== "" && consistsOf(address, isHexOrColon);
    return isAddress ? undefined : "has a registry that is no address";
  }
  const isName = host
    .split(".")
    .every(
      (label) =>
        label !== "" &&
        consistsOf(label, isLetterDigitOrHyphen) &&
        !label.startsWith("-") &&
        !label.endsWith("-"),
    );
  return isName ? undefined : "has a registry that is no host name";
}

function pathProblem(path: string): string | undefined {
  if (path === "") return "names no repository";
  if (path.length > pathLengthLimit) return `has a repository longer than ${pathLengthLimit} characters`;
  return path.split("/").every(isPathComponent) ? undefined : oddRepository;
}

const oddRepository =
  "has a repository with something else than a-z and 0-9, or than one `.`, `_`, `__` or hyphens between them";

/** Runs of lower-case letters and digits with one separator between two: `.`, `_`, `__` or any number of `-`. */
function isPathComponent(component: string): boolean {
  let separator = "";
  for (let index = 0; index < component.length; index++) {
    const code = component.charCodeAt(index);
    if (isDigit(code) || isLower(code)) {
      separator = "";
      continue;
    }
    const character = component.charAt(index);
    const goesOn =
      (separator === "" && (character === "." || character === "_" || character === "-") && index > 0) ||
      (separator === "_" && character === "_") ||
      (separator === "-" && character === "-");
    if (!goesOn) return false;
    separator = separator === "_" ? "__" : character;
  }
  return component !== "" && separator === "";
}

function tagProblem(tag: string): string | undefined {
  if (tag === "") return "has an empty tag";
  if (tag.length > tagLengthLimit) return `has a tag longer than ${tagLengthLimit} characters`;
  const isTag = !tag.startsWith(".") && !tag.startsWith("-") && consistsOf(tag, isTagCharacter);
  return isTag ? undefined : "has a tag with other characters than letters, digits, `_`, `.` and `-`";
}

function digestProblem(digest: string): string | undefined {
  const colon = digest.indexOf(":");
  const algorithm = digest.slice(0, Math.max(colon, 0));
  const hex = digest.slice(colon + 1);
  const length = digestLengths.get(algorithm);
  if (length === undefined) return "has a digest that does not begin with `sha256:`";
  if (hex.length !== length) return `has a ${algorithm} digest of ${hex.length} digits, not ${length}`;
  return consistsOf(hex, isHex) ? undefined : "has a digest with other characters than 0-9 and a-f";
}

function consistsOf(text: string, belongs: (code: number) => boolean): boolean {
  for (let index = 0; index < text.length; index++) {
    if (!belongs(text.charCodeAt(index))) return false;
  }
  return true;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isLower(code: number): boolean {
  return code >= 0x61 && code <= 0x7a;
}

function isUpper(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}

function isHex(code: number): boolean {
  return isDigit(code) || (code >= 0x61 && code <= 0x66);
}

function isHexOrColon(code: number): boolean {
  return isHex(code) || (code >= 0x41 && code <= 0x46) || code === 0x3a;
}

function isLetterDigitOrHyphen(code: number): boolean {
  return isLower(code) || isUpper(code) || isDigit(code) || code === 0x2d;
}

function isTagCharacter(code: number): boolean {
  return isLetterDigitOrHyphen(code) || code === 0x5f || code === 0x2e;
}
