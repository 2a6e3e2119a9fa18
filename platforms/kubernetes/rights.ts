import { OperationFailure } from "../failure.ts";
import type { Cluster } from "./cluster.ts";

interface Right {
  group: string;
  resource: string;
  subresource?: string;
  verbs: readonly string[];
}

/** All that is done in the namespace, as a Role has it. */
export const neededRights: readonly Right[] = [
  { group: "apps", resource: "statefulsets", verbs: ["get", "list", "patch"] },
  { group: "apps", resource: "statefulsets", subresource: "scale", verbs: ["patch"] },
  { group: "apps", resource: "deployments", verbs: ["get", "list", "patch"] },
  { group: "apps", resource: "deployments", subresource: "scale", verbs: ["patch"] },
  { group: "apps", resource: "daemonsets", verbs: ["list"] },
  { group: "batch", resource: "cronjobs", verbs: ["list"] },
  { group: "", resource: "pods", verbs: ["get", "list", "watch", "create", "delete"] },
  { group: "", resource: "pods", subresource: "log", verbs: ["get"] },
  { group: "", resource: "pods", subresource: "exec", verbs: ["get", "create"] },
  { group: "", resource: "pods", subresource: "portforward", verbs: ["get", "create"] },
  { group: "", resource: "events", verbs: ["list"] },
  { group: "", resource: "secrets", verbs: ["get", "list", "create", "patch", "delete"] },
  { group: "", resource: "services", verbs: ["get"] },
  { group: "", resource: "persistentvolumeclaims", verbs: ["get", "list", "create", "delete"] },
  { group: "networking.k8s.io", resource: "networkpolicies", verbs: ["get", "list", "create"] },
  { group: "autoscaling", resource: "horizontalpodautoscalers", verbs: ["list"] },
  { group: "coordination.k8s.io", resource: "leases", verbs: ["get", "list", "create", "update", "delete"] },
];

/** Those that the deployer does not have: "patch statefulsets.apps/scale". Asked of the server, one question each. */
export async function missingRights(
  cluster: Cluster,
  needed: readonly Right[] = neededRights,
): Promise<string[]> {
  const all = needed.flatMap(({ verbs, ...right }) => verbs.map((verb) => ({ ...right, verb })));
  const answers = await Promise.all(
    all.map(async ({ group, resource, subresource, verb }) => {
      const { namespace } = cluster;
      const resourceAttributes = { namespace, group, resource, subresource, verb };
      const { status } = await cluster.ask<{ status: { allowed: boolean } }>({
        method: "POST",
        path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        body: {
          ...{ apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview" },
          spec: { resourceAttributes },
        },
      });
      const name = `${resource}${group === "" ? "" : `.${group}`}${subresource === undefined ? "" : `/${subresource}`}`;
      return status.allowed ? [] : [`${verb} ${name}`];
    }),
  );
  return answers.flat();
}

/** Throws what is missing, all of it at once; returns where nothing is. */
export async function refuseMissingRights(cluster: Cluster): Promise<void> {
  const missing = await missingRights(cluster);
  if (missing.length === 0) return;
  throw new OperationFailure(
    `The user of the context ${cluster.access.context} lacks rights in the namespace ${cluster.namespace}: ${missing.join(", ")}. ` +
      "Nothing was touched. Apply the Role of docs/kubernetes.md for it, then try again.",
  );
}
