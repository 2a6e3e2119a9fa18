import { notKnown, type Reached, read } from "./guarded-read.ts";
import { wordsOf } from "./name-words.ts";

/** What a reference can be written in. */
const parts = ["registry", "repository", "tag", "digest"] as const;
type Part = (typeof parts)[number];

/** A setting by its name. */
export interface Setting extends Reached {
  key: string;
}

/** A reference that was written in parts. */
export interface Composed {
  path: string;
  /** Absent: a part is not known. */
  text?: string;
  /** The text is a tag alone: something else says the repository, as a chart does. */
  alone?: true;
}

/** As charts and kustomizations call the parts in one object, the one that counts first. */
const keysOf: Readonly<Record<Part, readonly string[]>> = {
  registry: ["registry"],
  repository: ["repository", "repo", "newName"],
  tag: ["newTag", "tag"],
  digest: ["digest"],
};

/** All of them. */
export const partKeys: readonly string[] = [...Object.values(keysOf).flat(), "name"];

/**
 * The reference that an object has in parts.
 *
 * @param isNamed - the object is an image by its name: then `name` is a repository too, and a tag counts alone.
 */
export function composedObject(value: object, path: string, isNamed: boolean): Composed | undefined {
  const keys = { ...keysOf, ...(isNamed && { repository: [...keysOf.repository, "name"] }) };
  const values = Object.fromEntries(
    parts.map((part) => [part, keys[part].map((key) => ownValue(value, key)).find(isSaid) ?? ""]),
  ) as Record<Part, unknown>;
  const { repository, tag, digest } = values;
  if (repository === "") return isNamed ? tagAlone(values, path) : undefined;
  if (!isNamed && tag === "" && digest === "") return undefined;
  return composedOf(values, path);
}

function ownValue(value: object, key: string): unknown {
  return Object.hasOwn(value, key) ? read(value, key) : undefined;
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}

function tagAlone({ tag, digest }: Record<Part, unknown>, path: string): Composed | undefined {
  if (tag === notKnown || (tag !== "" && digest === notKnown)) return { path };
  const isTag = typeof tag === "number" || (typeof tag === "string" && tag !== "");
  return isTag && digest === "" ? { path: `${path}.tag`, text: String(tag), alone: true } : undefined;
}

function composedOf(values: Record<Part, unknown>, path: string): Composed | undefined {
  const given = parts.map((part) => values[part]);
  if (given.includes(notKnown)) return { path };
  if (!given.every((each) => typeof each === "string" || typeof each === "number")) return undefined;
  const [registry, repository, tag, digest] = given.map(String) as [string, string, string, string];
  const before = registry === "" ? "" : `${registry}/`;
  const after = `${tag === "" ? "" : `:${tag}`}${digest === "" ? "" : `@${digest}`}`;
  return { path, text: `${before}${repository}${after}` };
}

/** Last words of names, by the part that they say. */
const partWords: Readonly<Record<string, Part>> = {
  registry: "registry",
  repository: "repository",
  repo: "repository",
  name: "repository",
  tag: "tag",
  digest: "digest",
};

/**
 * The references that settings beside one another have in parts, such as `AGENT_IMAGE_REPOSITORY` and `AGENT_IMAGE_TAG`,
 * and the settings that are no part of one.
 */
export function composedSettings(settings: readonly Setting[]): { composed: Composed[]; rest: Setting[] } {
  const groups = new Map<string, Map<Part, Setting>>();
  for (const setting of settings) {
    const { image, part } = partIn(setting.key);
    if (part === undefined || !isSaid(setting.value)) continue;
    const group = groups.get(image) ?? new Map<Part, Setting>();
    // Of two that say one part the first counts, in the order that does not change.
    if (!group.has(part)) group.set(part, setting);
    groups.set(image, group);
  }
  const taken = new Set<Setting>();
  const composed = [...groups.values()].flatMap((group) => {
    const repository = group.get("repository");
    if (repository === undefined || group.size === 1 || isWhole(repository.value)) return [];
    const values = Object.fromEntries(parts.map((part) => [part, group.get(part)?.value ?? ""]));
    const found = composedOf(values as Record<Part, unknown>, repository.path);
    if (found !== undefined) for (const setting of group.values()) taken.add(setting);
    return found ?? [];
  });
  return { composed, rest: settings.filter((setting) => !taken.has(setting)) };
}

/** Which image a name speaks of, and which part of its reference. `AGENT_IMAGE` alone is the repository of one. */
function partIn(key: string): { image: string; part?: Part } {
  const words = wordsOf(key);
  if (words.at(-1) === "image") return { image: words.join(" "), part: "repository" };
  const before = words.slice(0, -1);
  const part = Object.hasOwn(partWords, words.at(-1) ?? "") ? partWords[words.at(-1) ?? ""] : undefined;
  return part !== undefined && before.at(-1) === "image" ? { image: before.join(" "), part } : { image: "" };
}

/** It has its own tag or digest: then no other setting says them. */
function isWhole(text: unknown): boolean {
  return typeof text === "string" && /[:@]/.test(text.slice(text.lastIndexOf("/") + 1));
}

/** The items of a text that lists images: those with a tag, a digest or a registry. */
export function listedReferences(text: string): string[] {
  return text
    .split(/[\s,;]+/)
    .map((item) => item.replace(/^["'[]+|["'\]]+$/g, ""))
    .map(renamedReference)
    .filter((item) => isReferenceLike(item));
}

/** In a kustomization `old=new:1.2`: what stands for the old one. */
export function renamedReference(item: string): string {
  return item.slice(item.lastIndexOf("=") + 1);
}

/** `ghcr.io/acme/*`, `^ghcr`: it says which images are meant, and names none. */
export function isPattern(item: string): boolean {
  return /[*?^$(){}|\\]/.test(item);
}

function isReferenceLike(item: string): boolean {
  if (/[^\w.\-/:@+]/.test(item) || /^image\//i.test(item)) return false;
  const [first = "", ...more] = item.split("/");
  const last = more.at(-1) ?? first;
  return /^[a-z0-9].*[:@]./i.test(last) || (more.length > 0 && /[.:]|^localhost$/.test(first));
}
