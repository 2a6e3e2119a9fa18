import { isObject, itemsOf, notKnown, propertiesOf, type Reached, reach, read } from "./guarded-read.ts";
import { type EnvironmentPath, type ImagePath, type KnownType, knownTypes, type Use } from "./image-paths.ts";
import { type Found, foundInText, isOtherThanReference, namesImage, walk } from "./image-walk.ts";
import { variantsOf } from "./pod-kinds.ts";

/** A place of a resource where an image stands or could stand, and what is known of it. */
export type ImagePlace =
  /** A text that has to be a reference. `setting`: something else will run it. `hidden`: never to be printed. */
  | { kind: "text"; path: string; use: Use | "setting"; text: string; hidden: boolean }
  /** An image whose reference nobody knows at preview. */
  | { kind: "unknown"; path: string }
  /** A value nobody knows at preview, which may name an image or not. */
  | { kind: "unknown-entry"; path: string }
  /** Something else than a text. */
  | { kind: "malformed"; path: string }
  /** An image that this very update builds. */
  | { kind: "built"; path: string }
  /** A source of images that a pack can't look into. */
  | { kind: "opaque"; path: string }
  /** An image that the program tells the engine not to update. */
  | { kind: "frozen"; path: string; ignored: string };

/** As far as a resource is looked at. */
export interface JudgedResource {
  type: string;
  props: object;
  ignoreChanges: readonly string[];
}

const configMaps = variantsOf("kubernetes:core/v1:ConfigMap");
const secrets = variantsOf("kubernetes:core/v1:Secret");
const release = "kubernetes:helm.sh/v3:Release";

/** Their objects are resources of their own, judged one by one; or they describe objects and run none. */
const judgedByTheirChildren = [
  "kubernetes:helm.sh/v3:Chart",
  "kubernetes:helm.sh/v4:Chart",
  "kubernetes:kustomize/v2:Directory",
  "kubernetes:yaml:ConfigFile",
  "kubernetes:yaml:ConfigGroup",
  "kubernetes:yaml/v2:ConfigFile",
  "kubernetes:yaml/v2:ConfigGroup",
  ...variantsOf("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"),
  ...variantsOf("kubernetes:apiextensions.k8s.io/v1beta1:CustomResourceDefinition"),
];

/** Providers whose resources can run containers: a type of theirs that no table knows is searched. */
const containerProviders = ["docker:", "docker-build:", "kubernetes:"];

/** Every place of a resource where an image stands, in an order that does not change. */
export function imagePlacesOf({ type, props, ignoreChanges }: JudgedResource): ImagePlace[] {
  const known = knownTypes.get(type);
  if (known !== undefined) return [...knownPlaces(known, props), ...frozenPlaces(known, ignoreChanges)];
  if (judgedByTheirChildren.includes(type)) return [];
  if (type === release) return releasePlaces(props);
  if (configMaps.includes(type)) return manifestPlaces(props, type);
  if (secrets.includes(type)) return manifestPlaces(props, type);
  if (!containerProviders.some((provider) => type.startsWith(provider))) return [];
  return propertiesOf(props, "")
    .filter(({ key }) => key !== "status")
    .flatMap(({ key, value }) => walk({ path: "", value: { [key]: value } }))
    .map((found) => foundPlace(found, "run"));
}

function knownPlaces({ images, environment, built }: KnownType, props: object): ImagePlace[] {
  const isBuilt = built === "always" || (built === "build" && isSet(read(props, "build")));
  return [
    ...images.flatMap((place) => reach(props, place.path).map((reached) => reachedPlace(reached, place))),
    ...environment.flatMap((place) => environmentPlaces(props, place)),
    ...(isBuilt ? [{ kind: "built" as const, path: "build" }] : []),
  ];
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function reachedPlace({ path, value }: Reached, { use }: ImagePath): ImagePlace {
  if (value === notKnown) return { kind: "unknown", path };
  if (typeof value !== "string") return { kind: "malformed", path };
  return { kind: "text", path, use, text: value, hidden: false };
}

function environmentPlaces(props: object, { path, form }: EnvironmentPath): ImagePlace[] {
  return reach(props, path).flatMap((reached) => {
    if (reached.value === notKnown) return [{ kind: "unknown-entry" as const, path: reached.path }];
    if (!isObject(reached.value)) return [{ kind: "malformed" as const, path: reached.path }];
    if (form === "map") {
      return propertiesOf(reached.value, reached.path).flatMap(({ key, ...value }) => variable(key, value));
    }
    if (!Array.isArray(reached.value)) return [{ kind: "malformed" as const, path: reached.path }];
    return itemsOf(reached.value, reached.path).flatMap(form === "entries" ? entryPlaces : assignmentPlaces);
  });
}

function entryPlaces({ path, value }: Reached): ImagePlace[] {
  if (value === notKnown) return [{ kind: "unknown-entry", path }];
  if (!isObject(value)) return [];
  const [name, text] = [read(value, "name"), read(value, "value")];
  if (name === notKnown) return [{ kind: "unknown-entry", path: `${path}.name` }];
  return typeof name === "string" ? variable(name, { path: `${path}.value`, value: text }) : [];
}

function assignmentPlaces({ path, value }: Reached): ImagePlace[] {
  if (value === notKnown) return [{ kind: "unknown-entry", path }];
  if (typeof value !== "string") return [];
  const equals = value.indexOf("=");
  return equals < 0 ? [] : variable(value.slice(0, equals), { path, value: value.slice(equals + 1) });
}

/** An environment variable counts when its name says that it names an image. */
function variable(name: string, { path, value }: Reached): ImagePlace[] {
  if (!namesImage(name)) return [];
  if (value === notKnown) return [{ kind: "unknown", path }];
  if (typeof value !== "string" || isOtherThanReference(value)) return [];
  return [{ kind: "text", path, use: "setting", text: value, hidden: false }];
}

function foundPlace({ path, text, named }: Found, use: Use | "setting", hidden = false): ImagePlace {
  if (text !== undefined) return { kind: "text", path, use, text, hidden };
  return { kind: named ? "unknown" : "unknown-entry", path };
}

function releasePlaces(props: object): ImagePlace[] {
  const files = read(props, "valueYamlFiles");
  return [
    ...walk({ path: "values", value: read(props, "values") }).map((found) => foundPlace(found, "run")),
    { kind: "opaque", path: "chart" },
    ...(isSet(files) ? [{ kind: "opaque" as const, path: "valueYamlFiles" }] : []),
  ];
}

/** A ConfigMap or Secret, alone or in a list: settings by name, and manifests inside of texts. */
function manifestPlaces(props: object, type: string): ImagePlace[] {
  const isSecret = secrets.includes(type);
  const prefix = type.endsWith("List") ? "items[]." : "";
  return ["binaryData", "data", "stringData"].flatMap((field) =>
    reach(props, `${prefix}${field}`).flatMap(({ path, value }): ImagePlace[] => {
      if (value === notKnown) return [{ kind: "unknown-entry", path }];
      if (!isObject(value)) return [{ kind: "malformed", path }];
      const isEncoded = field === "binaryData" || (isSecret && field === "data");
      return propertiesOf(value, path).flatMap((property) => manifestEntry(property, isEncoded, isSecret));
    }),
  );
}

function manifestEntry(
  property: Reached & { key: string },
  isEncoded: boolean,
  isSecret: boolean,
): ImagePlace[] {
  const { key, path, value } = property;
  if (value === notKnown) return [{ kind: namesImage(key) ? "unknown" : "unknown-entry", path }];
  if (typeof value !== "string") return [];
  const text = isEncoded ? Buffer.from(value, "base64").toString("utf8") : value;
  if (!namesImage(key)) {
    return foundInText(path, text).map((found) => foundPlace(found, "setting", isSecret));
  }
  return isOtherThanReference(text) ? [] : [{ kind: "text", path, use: "setting", text, hidden: isSecret }];
}

/** `ignoreChanges` on an image keeps it as it is whatever the program says: outside of review. */
function frozenPlaces({ images }: KnownType, ignoreChanges: readonly string[]): ImagePlace[] {
  return ignoreChanges.toSorted().flatMap((ignored) => {
    const parts = pathParts(ignored);
    const frozen = images.find(({ path }) => covers(parts, pathParts(path)));
    return frozen === undefined ? [] : [{ kind: "frozen" as const, path: frozen.path, ignored }];
  });
}

/** Names only: whichever item of a list is ignored, an image can be among it. */
function pathParts(path: string): string[] {
  return path
    .replaceAll('"', "")
    .split(/[.[\]]/)
    .filter((part) => part !== "" && part !== "*" && !/^\d+$/.test(part));
}

function covers(ignored: readonly string[], image: readonly string[]): boolean {
  const shared = Math.min(ignored.length, image.length);
  return ignored.slice(0, shared).every((part, index) => part === image[index]);
}
