import type { Displaced } from "../displaced.ts";
import { OperationFailure } from "../failure.ts";
import type { Cluster } from "./cluster.ts";
import { kubectlName, uidOf } from "./controller-kind.ts";
import { type FoundUnit, findUnit, pathOf } from "./found-unit.ts";
import {
  helmAnnotations,
  helmLabel,
  hideRelease,
  keepAnnotation,
  releaseOf,
  showRelease,
} from "./helm-release.ts";
import { fieldManager, keptAnnotation, ownPrefix } from "./labels.ts";
import type { KubernetesObject, ManagedFields, Metadata, PodTemplate } from "./objects.ts";
import { patchMetadata } from "./patch-metadata.ts";
import { isConflict, unlessGone } from "./refusal.ts";
import { kubernetesWords } from "./words.ts";

/*
 * A unit of somebody else's is changed in its place, because Kubernetes renames nothing. What it was like is kept on the
 * object itself, so that whoever finds it half done can bring it back.
 */

interface Kept {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  template: PodTemplate;
  /** Paths of the objects that got Helm's mark by us. */
  marked: string[];
}

/**
 * The provider takes over what managers of such a name own, and drops of it what its inputs do not say. What it leaves
 * with anybody else would stay: a second container of the pod, a second volume of the same claim.
 */
const takenOver = "kubectl-";

/** Of somebody else's unit that is stopped. @returns what to know of it, as sentences. */
export async function keepUnit(
  cluster: Cluster,
  displaced: Pick<Displaced, "id" | "name">,
): Promise<string[]> {
  const found = await mustBe(cluster, displaced);
  const { metadata } = found.controller;
  const path = pathOf(cluster, found.kind, metadata.name);
  const before = metadata.annotations?.[keptAnnotation];
  const kept = before === undefined ? await keptOf(cluster, path, found) : (JSON.parse(before) as Kept);
  await freeFields(cluster, path);
  for (const marked of kept.marked) await markKept(cluster, marked, "keep");
  await patchMetadata(cluster, path, {
    annotations: { [keptAnnotation]: JSON.stringify(kept), ...withoutHelm },
    ...(metadata.labels?.[helmLabel] === "Helm" && { labels: { [helmLabel]: null } }),
  });
  const release = releaseOf(kept);
  return [
    `what ${metadata.name} was like is kept in its annotation ${keptAnnotation}`,
    ...(release === undefined ? [] : await hideRelease(cluster, release)),
  ];
}

function markKept(cluster: Cluster, path: string, word: "keep" | null): Promise<unknown> {
  return patchMetadata(cluster, path, { annotations: { [keepAnnotation]: word } });
}

const withoutHelm = Object.fromEntries(helmAnnotations.map((name) => [name, null]));

async function keptOf(cluster: Cluster, path: string, { controller }: FoundUnit): Promise<Kept> {
  const { metadata, spec } = controller;
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([key]) => !key.startsWith(ownPrefix),
  );
  return {
    labels: metadata.labels ?? {},
    annotations: Object.fromEntries(annotations),
    template: spec.template,
    marked:
      releaseOf(metadata) === undefined
        ? []
        : await unmarked(cluster, path, controller.spec.template, metadata),
  };
}

/** Those that go over with it and that Helm would remove with the release. */
async function unmarked(
  cluster: Cluster,
  path: string,
  { spec }: PodTemplate,
  { name }: Metadata,
): Promise<string[]> {
  const claims = (spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []);
  const paths = [
    path,
    cluster.in("v1", "services", name),
    ...claims.map((claim) => cluster.in("v1", "persistentvolumeclaims", claim)),
  ];
  const found = await Promise.all(
    paths.map(async (each) => {
      const object = await unlessGone(cluster.ask<KubernetesObject>({ path: each }));
      const isToMark = object !== undefined && object.metadata.annotations?.[keepAnnotation] === undefined;
      return isToMark && releaseOf(object.metadata) !== undefined ? [each] : [];
    }),
  );
  return found.flat();
}

/** Status may be written meanwhile: then it is read again. */
const attempts = 5;

async function freeFields(cluster: Cluster, path: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const { metadata } = await cluster.ask<KubernetesObject>({ path });
    const managedFields = handedOn(metadata.managedFields);
    const { resourceVersion } = metadata;
    try {
      await patchMetadata(cluster, path, { resourceVersion, managedFields });
      return;
    } catch (error) {
      if (!isConflict(error) || attempt === attempts) throw error;
    }
  }
}

/**
 * What controllers write of status, and how many replicas there are, is theirs. Each entry gets a name of its own: of two that
 * are called the same the server keeps one, and what the other owned would be nobody's.
 */
export function handedOn(entries: readonly ManagedFields[] = []): ManagedFields[] {
  const taken = new Set(entries.map(({ manager }) => manager));
  return entries.map((entry) => {
    const { manager = "", subresource = "" } = entry;
    const isTheirs = subresource === "" && manager !== "kube-controller-manager";
    if (!isTheirs || manager.startsWith(takenOver)) return entry;
    let name = `${takenOver}${manager}`;
    while (taken.has(name)) name = `${takenOver}${name}`;
    taken.add(name);
    return { ...entry, manager: name };
  });
}

/** As it was, but for its replicas: the caller starts it. What is so already stays. */
export async function putUnitBack(cluster: Cluster, displaced: Displaced): Promise<void> {
  const { kind, controller } = await mustBe(cluster, displaced);
  const { name, uid, annotations = {} } = controller.metadata;
  const before = annotations[keptAnnotation];
  if (before === undefined) return;
  const kept = JSON.parse(before) as Kept;
  for (const path of kept.marked) await unlessGone(markKept(cluster, path, null));
  const release = releaseOf(kept);
  if (release !== undefined) await showRelease(cluster, release);
  await cluster.ask({
    method: "PATCH",
    path: pathOf(cluster, kind, name),
    query: { fieldManager: `${takenOver}${fieldManager}` },
    type: "application/json-patch+json",
    body: [
      { op: "test", path: "/metadata/uid", value: uid },
      { op: "add", path: "/metadata/labels", value: kept.labels },
      { op: "add", path: "/metadata/annotations", value: kept.annotations },
      { op: "add", path: "/spec/template", value: kept.template },
    ],
  });
}

async function mustBe(cluster: Cluster, { id, name }: Pick<Displaced, "id" | "name">): Promise<FoundUnit> {
  const found = await findUnit(cluster, name);
  if (found?.controller.metadata.uid === uidOf(id)) return found;
  throw new OperationFailure(
    `${name} is another object than the one that was adopted, or gone: it can't be put back. ` +
      `See what there is: \`${kubernetesWords(cluster).listCommand()}\`.`,
  );
}

/** For a person: the template of before is among the revisions of the object. */
export function waysBack(
  cluster: Pick<Cluster, "kubectl">,
  { kind, name }: { kind: FoundUnit["kind"]; name: string },
): string[] {
  const unit = kubectlName(kind, name);
  return [`scale ${unit} --replicas 0`, `rollout undo ${unit}`, `scale ${unit} --replicas 1`].map((command) =>
    cluster.kubectl(command),
  );
}
