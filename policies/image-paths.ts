import { podKinds, variantsOf } from "./pod-kinds.ts";

/** How an image is used at a place: it runs, or its name is given to what this update builds or tags. */
export type Use = "run" | "made";

/** A path such as `spec.containers[].image`, with the use of what stands there. */
export interface ImagePath {
  path: string;
  use: Use;
}

/** Where environment variables stand: `KEY=value` texts, a map, or objects with `name` and `value`. */
export interface EnvironmentPath {
  path: string;
  form: "assignments" | "map" | "entries";
}

/** Where others are told something: annotations and labels, as a map or as objects with `label` and `value`. */
export interface ToldPath {
  path: string;
  form: "map" | "labels";
}

/** What is known of one resource type. */
export interface KnownType {
  images: readonly ImagePath[];
  environment: readonly EnvironmentPath[];
  /** The image is built in the update: always, or when this property is set. */
  built?: "always" | "build";
  told?: readonly ToldPath[];
}

/** Have volumes and no containers. */
const presetKinds = ["settings.k8s.io/v1alpha1:PodPreset"];

/** Of a pod, below its specification. */
export const containerLists = ["containers[]", "initContainers[]", "ephemeralContainers[]"];

const dockerTypes: Readonly<Record<string, KnownType>> = {
  "docker:index/container:Container": {
    images: [{ path: "image", use: "run" }],
    environment: [{ path: "envs", form: "assignments" }],
    told: [{ path: "labels", form: "labels" }],
  },
  "docker:index/service:Service": {
    images: [{ path: "taskSpec.containerSpec.image", use: "run" }],
    environment: [{ path: "taskSpec.containerSpec.env", form: "map" }],
    told: [
      { path: "labels", form: "labels" },
      { path: "taskSpec.containerSpec.labels", form: "labels" },
    ],
  },
  "docker:index/remoteImage:RemoteImage": {
    images: [{ path: "name", use: "run" }],
    environment: [],
    built: "build",
  },
  "docker:index/image:Image": {
    images: [{ path: "imageName", use: "made" }],
    environment: [],
    built: "always",
  },
  "docker:index/tag:Tag": {
    images: [
      { path: "sourceImage", use: "run" },
      { path: "targetImage", use: "made" },
    ],
    environment: [],
  },
  "docker:index/registryImage:RegistryImage": {
    images: [{ path: "name", use: "made" }],
    environment: [],
    built: "build",
  },
  "docker:index/plugin:Plugin": { images: [{ path: "name", use: "run" }], environment: [] },
  "docker:index/buildxBuilder:BuildxBuilder": {
    images: [
      { path: "dockerContainer.image", use: "run" },
      { path: "kubernetes.image", use: "run" },
      { path: "kubernetes.qemu.image", use: "run" },
    ],
    environment: [],
  },
  "docker:index/network:Network": { images: [], environment: [] },
  "docker:index/secret:Secret": { images: [], environment: [] },
  "docker:index/serviceConfig:ServiceConfig": { images: [], environment: [] },
  "docker:index/volume:Volume": { images: [], environment: [] },
  "docker-build:index:Image": { images: [{ path: "tags[]", use: "made" }], environment: [], built: "always" },
  "docker-build:index:Index": {
    images: [
      { path: "sources[]", use: "run" },
      { path: "tag", use: "made" },
    ],
    environment: [],
  },
};

/** What runs on this machine or on another one: its variables alone say what they are. */
const commandTypes: Readonly<Record<string, KnownType>> = {
  "command:local:Command": { images: [], environment: [{ path: "environment", form: "map" }] },
  "command:remote:Command": { images: [], environment: [{ path: "environment", form: "map" }] },
};

/** Every type whose places are known, by the type's token. */
export const knownTypes: ReadonlyMap<string, KnownType> = new Map([
  ...Object.entries(dockerTypes),
  ...Object.entries(commandTypes),
  ...[...podKinds].map(([type, { pod, list }]): [string, KnownType] => [type, podType(pod, list)]),
  ...presetKinds
    .flatMap((kind) => variantsOf(`kubernetes:${kind}`))
    .map((type): [string, KnownType] => [type, presetType(below("spec", type.endsWith("List")))]),
]);

function below(pod: string, list: boolean): string {
  return list ? `items[].${pod}` : pod;
}

function podType(path: string, list: boolean): KnownType {
  const pod = below(path, list);
  // Those of the object, and those that its pods get.
  const metadata = [...new Set([below("metadata", list), pod.replace(/spec$/, "metadata")])];
  return {
    told: metadata.flatMap((each) =>
      ["annotations", "labels"].map((key) => ({ path: `${each}.${key}`, form: "map" as const })),
    ),
    images: [
      ...containerLists.map((list) => run(`${pod}.${list}.image`)),
      run(`${pod}.volumes[].image.reference`),
    ],
    environment: containerLists.map((list) => ({ path: `${pod}.${list}.env`, form: "entries" })),
  };
}

function presetType(pod: string): KnownType {
  return {
    images: [run(`${pod}.volumes[].image.reference`)],
    environment: [{ path: `${pod}.env`, form: "entries" }],
  };
}

function run(path: string): ImagePath {
  return { path, use: "run" };
}
