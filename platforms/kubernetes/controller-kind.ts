import type { Track } from "../../config/track.ts";
import type { Metadata, OwnerReference } from "./objects.ts";

export type ControllerKind = "StatefulSet" | "Deployment";

/** What makes the pod of a unit: all that the two kinds differ in. */
export interface ControllerDescription {
  kind: ControllerKind;
  /** Its name in the API. */
  resource: string;
  /** Stands before the id of a unit, so that a record says the kind. Those of a StatefulSet were there first and have none. */
  mark: string;
  /** Whether the controller of a pod belongs to this object: a Deployment makes a ReplicaSet for each template. */
  makes(owner: OwnerReference, maker: Pick<Metadata, "name" | "uid">): boolean;
  /** What its spec has beside replicas, selector and template. Never two pods on one state: the old one goes first. */
  spec(name: string): object;
  /** What the API never lets change: an object that is adopted keeps its own. */
  fixed: readonly string[];
}

export const controllerKinds: Readonly<Record<ControllerKind, ControllerDescription>> = {
  StatefulSet: {
    kind: "StatefulSet",
    resource: "statefulsets",
    mark: "",
    makes: ({ uid }, maker) => uid === maker.uid,
    spec: (name) => ({ serviceName: name }),
    fixed: ["spec.selector", "spec.serviceName"],
  },
  Deployment: {
    kind: "Deployment",
    resource: "deployments",
    mark: "deployment:",
    // Its name, and a hash.
    makes: ({ kind, name }, maker) => kind === "ReplicaSet" && name.replace(/-[^-]+$/, "") === maker.name,
    spec: () => ({ strategy: { type: "Recreate" } }),
    fixed: ["spec.selector"],
  },
};

/** A StatefulSet comes before a Deployment of the same name. */
export const controllers: readonly ControllerDescription[] = [
  controllerKinds.StatefulSet,
  controllerKinds.Deployment,
];

export function isControllerKind(kind: unknown): kind is ControllerKind {
  return controllers.some((each) => each.kind === kind);
}

/** As kubectl takes it: `deployment/control`. */
export function kubectlName(kind: ControllerKind, name: string): string {
  return `${kind.toLowerCase()}/${name}`;
}

/** Of the object, in the id of its unit. */
export function uidOf(id: string): string {
  return id.slice(id.indexOf(":") + 1).split("/")[0] ?? "";
}

/** The kind that a unit has by its id, which it keeps; one that was never there gets that of its track. */
export function kindOfUnit({ there, track }: { there?: string; track: Track }): ControllerKind {
  if (there === undefined) return track === "control-plane" ? "Deployment" : "StatefulSet";
  return controllers.find(({ mark }) => mark !== "" && there.startsWith(mark))?.kind ?? "StatefulSet";
}
