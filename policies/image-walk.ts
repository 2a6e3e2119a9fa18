import type { Found } from "./found-image.ts";
import { isObject, itemsOf, notKnown, propertiesOf, type Reached, read } from "./guarded-read.ts";
import { handOf } from "./image-hands.ts";
import {
  type Composed,
  composedObject,
  composedSettings,
  isPattern,
  listedReferences,
  partKeys,
  renamedReference,
  type Setting,
} from "./image-parts.ts";
import { wordsOf } from "./name-words.ts";
import { readText, type SettingLine } from "./setting-texts.ts";
import { mayNameImage } from "./text-scan.ts";

/** Levels of nesting; deeper ones are taken for unknown, so that nothing hides below. */
const depthLimit = 64;

/**
 * Searches values whose shape nobody has declared: Helm values, custom resources, settings. A place is an image's by
 * its name alone, so nothing else is taken for a reference, and none is printed that is none.
 */
export function walk(from: Reached, depth = 0): Found[] {
  const { path, value } = from;
  if (value === notKnown || depth > depthLimit) return [{ path, value: notKnown }];
  if (typeof value === "string") return foundInText(path, value, depth);
  if (!isObject(value)) return [];
  if (Array.isArray(value)) return walkList(itemsOf(value, path), depth);
  return walkObject(value, path, depth);
}

/** @param looked - key of what has been walked: to walk it again would double the work at each level. */
function walkObject(value: object, path: string, depth: number, looked?: string): Found[] {
  const composed = composedObject(value, path, false);
  const properties = propertiesOf(value, path).filter(({ key }) => key !== looked);
  return [
    ...(composed === undefined ? [] : foundOf(composed)),
    ...declaredIn(value, path),
    ...walkOthers(composed === undefined ? properties : besideParts(properties), path, depth),
  ];
}

/** What stands beside the parts of an image. */
function besideParts(properties: readonly Setting[]): Setting[] {
  return properties.filter(({ key, value }) => isObject(value) || !partKeys.includes(key));
}

function walkOthers(others: readonly Setting[], path: string, depth: number): Found[] {
  return walkSettings(others, (property) => walkProperty(property, path, depth + 1));
}

/** A list of objects with `name` and `value` is one of settings: parameters of a chart, variables. */
function walkList(items: readonly Reached[], depth: number): Found[] {
  const named = items.flatMap((item) => {
    const setting = namedSetting(item);
    return setting === undefined ? [] : [setting];
  });
  const settings = walkSettings(named, (setting) =>
    namesImage(setting.key) ? walkNamed(setting, depth + 1) : [],
  );
  const seen = new Set(settings.map(({ path }) => path));
  const others = items.flatMap((item) => {
    const setting = namedSetting(item);
    return isObject(item.value) && setting !== undefined && namesImage(setting.key)
      ? walkObject(item.value, item.path, depth + 1, "value")
      : walk(item, depth + 1);
  });
  return [...settings, ...others.filter(({ path }) => !seen.has(path))];
}

function namedSetting({ path, value }: Reached): Setting | undefined {
  const key = isObject(value) ? read(value, "name") : undefined;
  if (!isObject(value) || typeof key !== "string" || !Object.hasOwn(value, "value")) return undefined;
  return { key, path: `${path}.value`, value: read(value, "value") };
}

function walkSettings(settings: readonly Setting[], each: (setting: Setting) => Found[]): Found[] {
  const { composed, rest } = composedSettings(settings);
  return [...composed.flatMap(foundOf), ...rest.flatMap(each)];
}

function foundOf(image: Composed): Found[] {
  return image.text !== undefined && isOtherThanReference(image.text) ? [] : [image];
}

function walkProperty(property: Setting, parent: string, depth: number): Found[] {
  const { key } = property;
  // A block device of Ceph calls its image `image` too.
  if (key === "image" && (parent === "rbd" || parent.endsWith(".rbd"))) return [];
  if (toldOthers.includes(key)) return walkTold(property, depth);
  if (namesImage(key)) return walkNamed(property, depth);
  return namesImages(key) ? walkImages(property, depth) : walk(property, depth);
}

/** Where manifests and values of charts tell other programs something. A label has no room for a reference. */
const toldOthers = [
  "annotations",
  "commonAnnotations",
  "commonLabels",
  "labels",
  "podAnnotations",
  "podLabels",
];

function walkTold(property: Setting, depth: number): Found[] {
  const { key, path, value } = property;
  const hands = isObject(value) ? propertiesOf(value, path).flatMap((each) => handOf(each) ?? []) : [];
  if (isObject(value) && key.toLowerCase().endsWith("labels")) return hands;
  const told = new Set(hands.map((hand) => hand.path));
  return [...hands, ...walk(property, depth).filter((found) => !told.has(found.path))];
}

/** What a manifest says of images in fields of OpenShift's that no name gives away. */
function declaredIn(value: object, path: string): Found[] {
  const own = (key: string) => (Object.hasOwn(value, key) ? read(value, key) : undefined);
  const params = own("imageChangeParams");
  if (isObject(params) && isOn(read(params, "automatic")))
    return [{ path: `${path}.imageChangeParams`, hand: "moves", by: "imageChangeParams" }];
  const policy = own("importPolicy");
  if (isObject(policy) && isOn(read(policy, "scheduled")))
    return [{ path: `${path}.importPolicy.scheduled`, hand: "moves", by: "importPolicy.scheduled" }];
  const name = own("name");
  // An object is walked with the others.
  return own("kind") === "DockerImage" && !isObject(name)
    ? walkNamed({ path: `${path}.name`, value: name }, 0)
    : [];
}

/** On, or not known; a text of YAML's is one as it is written. */
function isOn(value: unknown): boolean {
  return value === true || value === "true" || value === notKnown;
}

/** A list or map of images, each of them by its own name; a text that lists them. */
function walkImages({ path, value }: Reached, depth: number): Found[] {
  if (value === notKnown) return [{ path }];
  if (typeof value === "string") return listedIn(path, value, depth);
  if (!isObject(value)) return [];
  const children = Array.isArray(value) ? itemsOf(value, path) : propertiesOf(value, path);
  return children.flatMap(({ path: at, value: item }) => {
    if (typeof item !== "string") return walkNamed({ path: at, value: item }, depth + 1);
    return isPattern(item) ? [] : walkNamed({ path: at, value: renamedReference(item) }, depth);
  });
}

/** The images that a text lists: as JSON or YAML, or one after the other. */
export function listedIn(path: string, text: string, depth = 0): Found[] {
  const { manifests, unread } = readText(text);
  if (unread !== undefined) return [{ path, unread }];
  if (manifests.length > 0)
    return manifests.flatMap(({ place, value }) => walkImages({ path: `${path}${place}`, value }, depth + 1));
  return listedReferences(text)
    .filter((reference) => !isOtherThanReference(reference))
    .map((reference) => ({ path, text: reference }));
}

function walkNamed({ path, value }: Reached, depth: number): Found[] {
  if (value === notKnown) return [{ path }];
  if (typeof value === "string") return isOtherThanReference(value) ? [] : [{ path, text: value }];
  if (!isObject(value)) return [];
  const others = propertiesOf(value, path);
  const reference = Object.hasOwn(value, "reference") ? (read(value, "reference") ?? "") : "";
  if (reference !== "")
    return [
      ...walkNamed({ path: `${path}.reference`, value: reference }, depth + 1),
      ...walkOthers(
        others.filter(({ key }) => key !== "reference"),
        path,
        depth,
      ),
    ];
  const composed = composedObject(value, path, true);
  if (composed === undefined) return walk({ path, value }, depth + 1);
  return [...foundOf(composed), ...walkOthers(besideParts(others), path, depth)];
}

/** Manifests inside of a text, as JSON or YAML, or settings by its lines. */
export function foundInText(path: string, text: string, depth = 0): Found[] {
  if (!mayNameImage(text)) return [];
  const { manifests, others, unread } = readText(text);
  return [
    ...(unread === undefined ? [] : [{ path, unread }]),
    ...manifests.flatMap(({ place, value }) => walk({ path: `${path}${place}`, value }, depth + 1)),
    ...foundInLines(path, others, depth),
  ];
}

function foundInLines(path: string, lines: readonly SettingLine[], depth: number): Found[] {
  const settings = lines.map(({ line, ...setting }) => ({ ...setting, path: `${path} line ${line}` }));
  return walkSettings(settings, (setting) => foundInLine(setting, depth));
}

function foundInLine({ key, path, value }: Setting, depth: number): Found[] {
  if (typeof value !== "string" || value.startsWith("{")) return [];
  if (namesImage(key)) return isOtherThanReference(value) ? [] : [{ path, text: value }];
  return namesImages(key) ? listedIn(path, value, depth) : [];
}

const lastWords: ReadonlySet<string | undefined> = new Set(["name", "ref", "reference", "uri", "url"]);

/** `image`, `AGENT_IMAGE`, `default_agent_image`, `sidecarImage`, `imageName`; not `osImage`, which names no container's. */
export function namesImage(key: string): boolean {
  const words = wordsOf(key);
  const word = words.at(lastWords.has(words.at(-1)) ? -2 : -1);
  return word === "image" && !(words.length === 2 && words[0] === "os");
}

/** `images`, `PRELOAD_IMAGES`. */
export function namesImages(key: string): boolean {
  return wordsOf(key).at(-1) === "images";
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
