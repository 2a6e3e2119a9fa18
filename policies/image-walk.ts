import { isObject, itemsOf, notKnown, propertiesOf, type Reached, read } from "./guarded-read.ts";
import { parsedJson } from "./json.ts";

/** What a search without a map has found: a text that should be a reference, or a value that nobody knows yet. */
export interface Found {
  path: string;
  /** Absent when it is not known at preview. */
  text?: string;
  /** Whether the name of the place says that an image stands there. */
  named: boolean;
}

/** Levels of nesting; deeper ones are taken for unknown, so that nothing hides below. */
const depthLimit = 64;

/**
 * Searches values whose shape nobody has declared: Helm values, custom resources, settings. A place is an image's by
 * its name alone, so nothing else is taken for a reference, and none is printed that is none.
 */
export function walk(from: Reached, depth = 0): Found[] {
  const { path, value } = from;
  if (value === notKnown || depth > depthLimit) return [{ path, named: false }];
  if (typeof value === "string") return foundInText(path, value);
  if (!isObject(value)) return [];
  if (Array.isArray(value)) return itemsOf(value, path).flatMap((item) => walk(item, depth + 1));
  const composed = composedReference(value, path, false);
  if (composed.length > 0) return composed;
  return propertiesOf(value, path).flatMap((property) => walkProperty(property, path, depth + 1));
}

function walkProperty(property: Reached & { key: string }, parent: string, depth: number): Found[] {
  const { key } = property;
  // A block device of Ceph calls its image `image` too.
  if (key === "image" && (parent === "rbd" || parent.endsWith(".rbd"))) return [];
  if (!namesImage(key)) return key === "images" ? walkImages(property, depth) : walk(property, depth);
  return walkNamed(property, depth);
}

/** A list or map of images, each of them by its own name. */
function walkImages({ path, value }: Reached, depth: number): Found[] {
  if (value === notKnown) return [{ path, named: true }];
  if (!isObject(value)) return [];
  const children = Array.isArray(value) ? itemsOf(value, path) : propertiesOf(value, path);
  return children.flatMap((child) => walkNamed(child, depth + 1));
}

function walkNamed({ path, value }: Reached, depth: number): Found[] {
  if (value === notKnown) return [{ path, named: true }];
  if (typeof value === "string")
    return isOtherThanReference(value) ? [] : [{ path, text: value, named: true }];
  if (!isObject(value)) return [];
  const composed = Array.isArray(value) ? [] : composedReference(value, path, true);
  return composed.length > 0 ? composed : walk({ path, value }, depth + 1);
}

/** Helm charts write a reference in parts: registry, repository (or name), tag, digest. */
function composedReference(value: object, path: string, isNamed: boolean): Found[] {
  const part = (key: string) => (Object.hasOwn(value, key) ? (read(value, key) ?? "") : "");
  if (isNamed && part("reference") !== "")
    return walkNamed({ path: `${path}.reference`, value: part("reference") }, 0);
  const repository = part("repository") !== "" ? part("repository") : isNamed ? part("name") : "";
  const [registry, tag, digest] = [part("registry"), part("tag"), part("digest")];
  if (repository === "" || (!isNamed && tag === "" && digest === "")) return [];
  const parts = [registry, repository, tag, digest];
  if (parts.includes(notKnown)) return [{ path, named: true }];
  if (!parts.every((each) => typeof each === "string" || typeof each === "number")) return [];
  const text =
    `${registry === "" ? "" : `${String(registry)}/`}${String(repository)}` +
    `${tag === "" ? "" : `:${String(tag)}`}${digest === "" ? "" : `@${String(digest)}`}`;
  return isOtherThanReference(text) ? [] : [{ path, text, named: true }];
}

/** A manifest inside of a text, as JSON or by its lines `image: …`. */
export function foundInText(path: string, text: string): Found[] {
  const parsed = manifestIn(text);
  if (isObject(parsed)) return walk({ path, value: parsed });
  return text.split("\n").flatMap((line, index) => {
    const colon = line.indexOf(":");
    if (colon < 0 || !namesImage(unquoted(line.slice(0, colon).replace("- ", "")))) return [];
    const value = unquoted(withoutComment(line.slice(colon + 1)));
    if (isOtherThanReference(value) || value.startsWith("{")) return [];
    return [{ path: `${path} line ${index + 1}`, text: value, named: true }];
  });
}

function manifestIn(text: string): unknown {
  const first = text.trimStart().charAt(0);
  if (first !== "{" && first !== "[") return undefined;
  return parsedJson(text);
}

function withoutComment(text: string): string {
  const hash = text.search(/\s#/);
  return hash < 0 ? text : text.slice(0, hash);
}

function unquoted(text: string): string {
  const bare = text.trim();
  const quote = bare.charAt(0);
  const isQuoted = bare.length > 1 && (quote === '"' || quote === "'") && bare.endsWith(quote);
  return isQuoted ? bare.slice(1, -1) : bare;
}

const lastWords = new Set(["name", "ref", "reference", "uri", "url"]);

/** `image`, `AGENT_IMAGE`, `default_agent_image`, `sidecarImage`, `imageName`; not `osImage`, which names no container's. */
export function namesImage(key: string): boolean {
  const words = key
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]/)
    .filter((word) => word !== "");
  const last = words.at(-1) ?? "";
  const word = lastWords.has(last) ? words.at(-2) : last;
  return word === "image" && !(words.length === 2 && words[0] === "os");
}

/** Nothing, a picture, its address or another file. */
export function isOtherThanReference(text: string): boolean {
  return (
    text === "" ||
    text.startsWith("/") ||
    text.startsWith("./") ||
    /^(https?:\/\/|data:)/.test(text) ||
    /\.(avif|bmp|gif|ico|jpe?g|png|svg|tiff?|webp)$/i.test(text)
  );
}
