import type { Cluster } from "./cluster.ts";
import type { FoundUnit } from "./found-unit.ts";
import { helmLabel, releaseOf } from "./helm-release.ts";
import { labelValue, stackLabel, workloadLabel } from "./labels.ts";
import type { Metadata } from "./objects.ts";

interface Workload {
  stack: string;
  name: string;
}

/** The workload that a stack has made an object for; undefined: it has not. */
export function isOf({ labels = {} }: Metadata, { stack, name }: Workload): boolean {
  return labels[stackLabel] === labelValue(stack) && labels[workloadLabel] === labelValue(name);
}

/** What is there under the name of a workload and is none of this stack's: a sentence; undefined: it is. */
export function strangerIn(
  cluster: Pick<Cluster, "kubectl" | "namespace">,
  { kind, controller }: FoundUnit,
  workload: Workload,
): string | undefined {
  const { metadata, spec } = controller;
  if (isOf(metadata, workload)) return undefined;
  const owner = makerOf(metadata);
  const image = spec.template.spec.containers[0]?.image ?? "no image";
  return (
    `a ${kind} called ${metadata.name} is there in the namespace ${cluster.namespace}, ${owner.text} (${image}). Nothing was touched. ` +
    `To keep it: give the workload another name and another state. To take over from it: ${owner.advice} ` +
    `See it with \`${cluster.kubectl(`get ${kind.toLowerCase()} ${metadata.name} -o yaml`)}\`.`
  );
}

const adoption = "write `adopt` for the workload, as docs/kubernetes.md says.";

/** By the marks that these tools leave. */
function marksOf({ labels = {}, annotations = {} }: Metadata) {
  return {
    argo: annotations["argocd.argoproj.io/tracking-id"] ?? labels["argocd.argoproj.io/instance"],
    flux: labels["kustomize.toolkit.fluxcd.io/name"] ?? labels["helm.toolkit.fluxcd.io/name"],
    stack: labels[stackLabel],
  };
}

/** What sets an object back to what it was, whoever changes it; undefined: nothing does. */
export function keeperOf(metadata: Metadata): string | undefined {
  const { argo, flux, stack } = marksOf(metadata);
  if (argo !== undefined) return `Argo CD (${argo})`;
  if (flux !== undefined) return `Flux (${flux})`;
  return stack === undefined ? undefined : `the stack ${stack}`;
}

function makerOf(metadata: Metadata): { text: string; advice: string } {
  const { labels = {} } = metadata;
  const release = releaseOf(metadata);
  const { argo, flux, stack } = marksOf(metadata);
  if (argo !== undefined) {
    return {
      text: `which Argo CD keeps as it is (${argo})`,
      advice: `take it out of that application first, else Argo CD sets it back; then ${adoption}`,
    };
  }
  if (flux !== undefined) {
    return {
      text: `which Flux keeps as it is (${flux})`,
      advice: `take it out of that kustomization first, else Flux sets it back; then ${adoption}`,
    };
  }
  if (release !== undefined || labels[helmLabel] === "Helm") {
    return { text: `of the Helm release ${release ?? "(unknown)"}`, advice: adoption };
  }
  if (stack !== undefined) {
    return { text: `of the stack ${stack}`, advice: "take it out of that stack first." };
  }
  return { text: "that no stack created", advice: adoption };
}
