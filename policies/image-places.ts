import type { Found } from "./found-image.ts";
import { frozenImages } from "./frozen-images.ts";
import { isUnitOfWorkload } from "./frozen-paths.ts";
import { isObject, itemsOf, notKnown, propertiesOf, type Reached, reach, read } from "./guarded-read.ts";
import { handOf, moverKind } from "./image-hands.ts";
import { composedSettings, type Setting } from "./image-parts.ts";
import {
  type EnvironmentPath,
  type ImagePath,
  type KnownType,
  knownTypes,
  type ToldPath,
  type Use,
} from "./image-paths.ts";
import { foundInText, isOtherThanReference, listedIn, namesImage, namesImages, walk } from "./image-walk.ts";
import { variantsOf } from "./pod-kinds.ts";
import type { Unread } from "./text-scan.ts";

/** A place of a resource where an image stands or could stand, and what is known of it. */
export type ImagePlace =
  /** A text that has to be a reference. `setting`: something else will run it. `hidden`: never to be printed. */
  | { kind: "text"; path: string; use: Use | "setting"; text: string; hidden: boolean }
  /** A tag alone, of an image whose repository something else says. */
  | { kind: "tag"; path: string; tag: string; hidden: boolean }
  /** An image whose reference nobody knows at preview. */
  | { kind: "unknown"; path: string }
  /** A value nobody knows at preview, which may name an image or not. */
  | { kind: "unknown-entry"; path: string }
  /** A text that may name images, and that was not read. */
  | { kind: "unread"; path: string; unread: Unread }
  /** Something else than a text. */
  | { kind: "malformed"; path: string }
  /** An image that this very update builds. */
  | { kind: "built"; path: string }
  /** A source of images that a pack can't look into: a chart, or what an injector puts into a pod. */
  | { kind: "opaque"; path: string; of: "chart" | "injector" }
  /** An image that the program tells the engine not to update, or what can have one where it shows none. */
  | { kind: "frozen"; path: string; ignored: string; isShown: boolean }
  /** Something else is told to change the image. */
  | { kind: "moved"; path: string; by: string };

/** As far as a resource is looked at. */
export interface JudgedResource {
  type: string;
  props: object;
  ignoreChanges: readonly string[];
  /** Absent: it is no part of a workload. */
  urn?: string;
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

/** What a resource has images in, and which of its properties can have more than are seen. */
interface Sight {
  places: ImagePlace[];
  mapped: readonly string[];
  isOpen: (property: string) => boolean;
}

/** Every place of a resource where an image stands, in an order that does not change. */
export function imagePlacesOf(resource: JudgedResource): ImagePlace[] {
  const { ignoreChanges, urn = "" } = resource;
  const { places, mapped, isOpen } = sightOf(resource);
  if (ignoreChanges.length === 0) return places;
  // A workload that nothing is done to keeps its settings, and what it mounts.
  const isUnit = isUnitOfWorkload(urn);
  const found = isUnit ? [] : places.filter(isImage).map(({ path }) => path);
  const own = isUnit ? mapped.filter((path) => !mountedImage.test(path)) : mapped;
  const frozen = frozenImages(ignoreChanges, { mapped: own, found, isOpen });
  return [...places, ...frozen.map((each) => ({ kind: "frozen" as const, ...each }))];
}

/** An image that a pod has as a volume. */
const mountedImage = /\bvolumes\[\]\.image\.reference$/;

function isImage({ kind }: ImagePlace): boolean {
  return ["text", "tag", "unknown", "malformed"].includes(kind);
}

const none: Sight = { places: [], mapped: [], isOpen: () => false };

function sightOf({ type, props }: JudgedResource): Sight {
  const known = knownTypes.get(type);
  if (known !== undefined)
    return { ...none, places: knownPlaces(known, props), mapped: known.images.map(({ path }) => path) };
  if (judgedByTheirChildren.includes(type)) return none;
  if (type === release)
    return { places: releasePlaces(props), mapped: ofChart, isOpen: (property) => property === "values" };
  if (configMaps.includes(type) || secrets.includes(type))
    return { ...none, places: manifestPlaces(props, secrets.includes(type), type.endsWith("List")) };
  if (!containerProviders.some((provider) => type.startsWith(provider))) return none;
  const found = propertiesOf(props, "")
    .filter(({ key }) => key !== "status")
    .flatMap(({ key, value }) => walk({ path: "", value: { [key]: value } }))
    .map((each) => foundPlace(each, "run"));
  const by = moverKind(type);
  const mover: ImagePlace[] = by === undefined ? [] : [{ kind: "moved", path: "as a whole", by }];
  const isOpen = (property: string) => !besideContent.includes(property);
  return { ...none, places: [...mover, ...found], ...(!isBuiltIn(type) && { isOpen }) };
}

/** What an object of Kubernetes has beside its content. */
const besideContent = ["apiVersion", "kind", "metadata", "status"];

/** Kinds of Kubernetes' own that no table has are none with containers. Those of others may have some. */
function isBuiltIn(type: string): boolean {
  const [, group = ""] = /^kubernetes:([^/]+)\//.exec(type) ?? [];
  return /^[a-z]+$/.test(group) || builtInGroups.test(group) || groupsWithoutPods.includes(group);
}

const builtInGroups =
  /^(admissionregistration|apiextensions|apiregistration|authentication|authorization|certificates|coordination|discovery|events|flowcontrol\.apiserver|internal\.apiserver|networking|node|rbac\.authorization|resource|scheduling|settings|storage|storagemigration)\.k8s\.io$/;

/** Of others, those whose kinds all speak of networks, certificates, secrets and copies. */
const groupsWithoutPods = [
  "acme.cert-manager.io",
  "bitnami.com",
  "cert-manager.io",
  "cilium.io",
  "crd.projectcalico.org",
  "external-secrets.io",
  "gateway.networking.k8s.io",
  "groupsnapshot.storage.k8s.io",
  "policy.networking.k8s.io",
  "projectcalico.org",
  "security.istio.io",
  "snapshot.storage.k8s.io",
  "traefik.io",
];

/** What of a release says which images its chart brings. */
const ofChart = ["chart", "valueYamlFiles", "version"];

function knownPlaces({ images, environment, built, told = [] }: KnownType, props: object): ImagePlace[] {
  const isBuilt = built === "always" || (built === "build" && isSet(read(props, "build")));
  return [
    ...images.flatMap((place) => reach(props, place.path).map((reached) => reachedPlace(reached, place))),
    ...environment.flatMap((place) => environmentPlaces(props, place)),
    ...told.flatMap((place) => toldPlaces(props, place)),
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

/** Settings at one place, and what of them can't be read. */
interface Settings {
  settings: Setting[];
  unread: ImagePlace[];
}

function environmentPlaces(props: object, place: EnvironmentPath): ImagePlace[] {
  return reach(props, place.path).flatMap((reached) => {
    const { settings, unread } = settingsAt(reached, place.form);
    const { composed, rest } = composedSettings(settings);
    return [...unread, ...composed.map((each) => foundPlace(each, "setting")), ...rest.flatMap(variable)];
  });
}

function settingsAt({ path, value }: Reached, form: EnvironmentPath["form"] | ToldPath["form"]): Settings {
  if (value === notKnown) return { settings: [], unread: [{ kind: "unknown-entry", path }] };
  if (!isObject(value) || (form !== "map" && !Array.isArray(value)))
    return { settings: [], unread: [{ kind: "malformed", path }] };
  if (form === "map") return { settings: propertiesOf(value, path), unread: [] };
  const read = itemsOf(value, path).map(form === "assignments" ? assignment : entryOf[form]);
  return {
    settings: read.flatMap(({ settings }) => settings),
    unread: read.flatMap(({ unread }) => unread),
  };
}

const nothing: Settings = { settings: [], unread: [] };

/** Objects with a name and a value: variables of pods, labels of Docker's. */
const entryOf = { entries: entry("name"), labels: entry("label") };

function entry(nameKey: string): (item: Reached) => Settings {
  return ({ path, value }) => {
    if (value === notKnown) return { settings: [], unread: [{ kind: "unknown-entry", path }] };
    if (!isObject(value)) return nothing;
    const name = read(value, nameKey);
    if (name === notKnown)
      return { settings: [], unread: [{ kind: "unknown-entry", path: `${path}.${nameKey}` }] };
    if (typeof name !== "string") return nothing;
    return { settings: [{ key: name, path: `${path}.value`, value: read(value, "value") }], unread: [] };
  };
}

function assignment({ path, value }: Reached): Settings {
  if (value === notKnown) return { settings: [], unread: [{ kind: "unknown-entry", path }] };
  if (typeof value !== "string") return nothing;
  const equals = value.indexOf("=");
  if (equals < 0) return nothing;
  return { settings: [{ key: value.slice(0, equals), path, value: value.slice(equals + 1) }], unread: [] };
}

/** An environment variable counts when its name says that it names an image, or lists some. */
function variable({ key, path, value }: Setting): ImagePlace[] {
  const isList = namesImages(key);
  if (!namesImage(key) && !isList) return [];
  if (value === notKnown) return [{ kind: "unknown", path }];
  if (typeof value !== "string") return [];
  if (isList) return listedIn(path, value).map((found) => foundPlace(found, "setting"));
  return isOtherThanReference(value)
    ? []
    : [{ kind: "text", path, use: "setting", text: value, hidden: false }];
}

/** What annotations and labels tell others, and the images that they name. */
function toldPlaces(props: object, { path, form }: ToldPath): ImagePlace[] {
  return reach(props, path).flatMap((reached) => {
    const { settings, unread } = settingsAt(reached, form);
    // That a label is no object is for others to say.
    const unknown = unread.filter(({ kind }) => kind === "unknown-entry");
    return [
      ...unknown,
      ...settings.flatMap((setting) => {
        const hand = handOf(setting);
        if (hand !== undefined) return [foundPlace(hand, "setting")];
        // A label has no room for a reference.
        return path.endsWith("annotations") ? variable(setting) : [];
      }),
    ];
  });
}

function foundPlace(found: Found, use: Use | "setting", hidden = false): ImagePlace {
  const { path } = found;
  if ("hand" in found) {
    return found.hand === "moves"
      ? { kind: "moved", path, by: found.by }
      : { kind: "opaque", path, of: "injector" };
  }
  if ("unread" in found) return { kind: "unread", path, unread: found.unread };
  if ("value" in found) return { kind: "unknown-entry", path };
  const { text, alone } = found;
  if (text === undefined) return { kind: "unknown", path };
  return alone ? { kind: "tag", path, tag: text, hidden } : { kind: "text", path, use, text, hidden };
}

function releasePlaces(props: object): ImagePlace[] {
  const files = read(props, "valueYamlFiles");
  return [
    ...walk({ path: "values", value: read(props, "values") }).map((found) => foundPlace(found, "run")),
    { kind: "opaque", path: "chart", of: "chart" },
    ...(isSet(files) ? [{ kind: "opaque" as const, path: "valueYamlFiles", of: "chart" as const }] : []),
  ];
}

/** A ConfigMap or Secret, alone or in a list: settings by name, and manifests inside of texts. */
function manifestPlaces(props: object, isSecret: boolean, isList: boolean): ImagePlace[] {
  return ["binaryData", "data", "stringData"].flatMap((field) =>
    reach(props, `${isList ? "items[]." : ""}${field}`).flatMap(({ path, value }): ImagePlace[] => {
      if (value === notKnown) return [{ kind: "unknown-entry", path }];
      if (!isObject(value)) return [{ kind: "malformed", path }];
      const isEncoded = field === "binaryData" || (isSecret && field === "data");
      const settings = propertiesOf(value, path).map((each) => (isEncoded ? decoded(each) : each));
      const { composed, rest } = composedSettings(settings);
      return [
        ...composed.map((each) => foundPlace(each, "setting", isSecret)),
        ...rest.flatMap((setting) => manifestEntry(setting, isSecret)),
      ];
    }),
  );
}

function decoded(setting: Setting): Setting {
  const { value } = setting;
  return typeof value === "string"
    ? { ...setting, value: Buffer.from(value, "base64").toString("utf8") }
    : setting;
}

function manifestEntry({ key, path, value }: Setting, isSecret: boolean): ImagePlace[] {
  const isNamed = namesImage(key);
  const isList = namesImages(key);
  if (value === notKnown) return [{ kind: isNamed || isList ? "unknown" : "unknown-entry", path }];
  if (typeof value !== "string") return [];
  if (isNamed)
    return isOtherThanReference(value)
      ? []
      : [{ kind: "text", path, use: "setting", text: value, hidden: isSecret }];
  const found = isList ? listedIn(path, value) : foundInText(path, value);
  return found.map((each) => foundPlace(each, "setting", isSecret));
}
