import { randomBytes } from "node:crypto";
import { digestIn, withoutDigest } from "../../config/digest.ts";
import { parseImageReference } from "../../config/image-reference.ts";
import { OperationFailure } from "../failure.ts";
import type { Cluster } from "./cluster.ts";
import { imageWasThere } from "./events.ts";
import { apartFromCluster } from "./job-pod.ts";
import { nodes, onNode, workloadPods } from "./node-of.ts";
import type { ClusterNode, Pod } from "./objects.ts";
import { neverBegan, statusOf, troubleOf, waitsFor } from "./pod-health.ts";
import { createOnce, followPod, removeAfter, shortLived } from "./pods.ts";

/** Seconds that a pull may take. */
const patience = 1800;
const puller = "pull";

/** Pulls are for no workload alone: one that is left over is told by its end. */
export const pullsFor = "images";

/**
 * Makes sure that the nodes of our workloads have an image, or get it: Kubernetes pulls by itself, but only once what was
 * there has stopped. Says which it was.
 */
export async function fetchImage(cluster: Cluster, reference: string): Promise<"present" | "pulled"> {
  const pods = await workloadPods(cluster);
  const names = [...new Set(pods.flatMap(({ spec }) => spec.nodeName ?? []))];
  const known = names.length === 0 ? undefined : await nodes(cluster, names);
  const missing = names.filter(
    (name) =>
      !hasImage(
        known?.find((node) => node.metadata.name === name),
        reference,
      ),
  );
  if (names.length > 0 && missing.length === 0) return "present";
  const credentials = credentialsOf(pods);
  // Where nothing of ours runs yet, some node is as good as any other.
  const on = missing.length === 0 ? [undefined] : missing;
  const how = await Promise.all(on.map((node) => pull(cluster, reference, node, credentials)));
  return how.includes("pulled") ? "pulled" : "present";
}

/** Whatever one of them may pull with. */
function credentialsOf(pods: readonly Pod[]): { name: string }[] {
  const names = pods.flatMap(({ spec }) => (spec.imagePullSecrets ?? []).map(({ name }) => name));
  return [...new Set(names)].map((name) => ({ name }));
}

async function pull(
  cluster: Cluster,
  reference: string,
  node: string | undefined,
  imagePullSecrets: { name: string }[],
): Promise<"present" | "pulled"> {
  const call = randomBytes(4).toString("hex");
  const name = `clawforce-pull-${call}`;
  const pod: Pod = {
    ...{ apiVersion: "v1", kind: "Pod" },
    metadata: shortLived(name, { workload: pullsFor, purpose: `pull of ${reference}`, call }),
    spec: {
      ...apartFromCluster,
      ...onNode(node),
      ...(imagePullSecrets.length > 0 && { imagePullSecrets }),
      ...{ restartPolicy: "Never", terminationGracePeriodSeconds: 1, activeDeadlineSeconds: patience },
      // Whether it can be started is of no matter: it was pulled before that.
      containers: [{ name: puller, image: reference, imagePullPolicy: "IfNotPresent", command: ["true"] }],
    },
  };
  let failure: unknown;
  try {
    await createOnce(cluster, cluster.in("v1", "pods"), pod);
    await followPod(cluster, name, {
      deadline: patience,
      look: pulledOr(
        (why) =>
          new OperationFailure(
            `${reference} can't be pulled on ${node ?? "a node"}: ${why}. ${advice(cluster)}`,
          ),
      ),
      late: (seen) =>
        new OperationFailure(`${reference} was not pulled within ${patience} s: ${waitsFor(seen, puller)}.`),
    });
    return (await imageWasThere(cluster, name)) ? "present" : "pulled";
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    await removeAfter(cluster, name, failure, { ended: true });
  }
}

/** True once it was pulled. */
export function pulledOr(failed: (why: string) => Error): (pod: Pod) => true | undefined {
  return (pod) => {
    const status = statusOf(pod, puller);
    const { waiting, running, terminated } = status?.state ?? {};
    if (running !== undefined || (terminated !== undefined && (status?.imageID ?? "") !== "")) return true;
    if (["ErrImagePull", "ImagePullBackOff", "InvalidImageName"].includes(waiting?.reason ?? "")) {
      throw failed(waiting?.message?.replace(/\s+/g, " ").trim() || String(waiting?.reason));
    }
    // It was pulled, and its program is not there.
    if (waiting?.reason === "CreateContainerError" || waiting?.reason === "RunContainerError") return true;
    const trouble = troubleOf(pod, puller);
    if (neverBegan(terminated)) return true;
    if (trouble !== undefined) throw failed(trouble);
    return undefined;
  };
}

function advice(cluster: Cluster): string {
  return `If its registry wants a login, name a Secret with it as \`imagePullSecrets\` of the service account: \`${cluster.kubectl("get serviceaccount default -o yaml")}\`.`;
}

/** A node names few of its images: that it does not name one says nothing. */
export function hasImage(node: ClusterNode | undefined, reference: string): boolean {
  return imageOn(node, reference) !== undefined;
}

/** Bytes; undefined: no node names it. */
export async function imageSize(cluster: Cluster, image: string): Promise<number | undefined> {
  const all = (await nodes(cluster)) ?? [];
  return all.map((node) => imageOn(node, image)?.sizeBytes).find((size) => size !== undefined);
}

/** By its name and digest; by the digest alone where that is all that is given. */
function imageOn(node: ClusterNode | undefined, image: string) {
  const digest = digestIn(image);
  const repository = image === digest ? undefined : repositoryOf(image);
  return node?.status?.images?.find(({ names = [] }) =>
    names.some((name) => {
      if (digest === image)
        return image.startsWith("sha256:") ? digestIn(name) === image : fullName(name) === fullName(image);
      return digestIn(name) === digest && repositoryOf(name) === repository;
    }),
  );
}

/** With the registry that is meant where none is written. */
function repositoryOf(reference: string): string {
  const parsed = parseImageReference(withoutDigest(reference));
  if ("problem" in parsed) return withoutDigest(reference);
  const { registry = "docker.io", repository } = parsed;
  const isOfHub = registry === "docker.io" || registry === "index.docker.io";
  return `${isOfHub ? "docker.io" : registry}/${isOfHub && !repository.includes("/") ? "library/" : ""}${repository}`;
}

function fullName(reference: string): string {
  const parsed = parseImageReference(reference);
  return `${repositoryOf(reference)}:${("problem" in parsed ? undefined : parsed.tag) ?? "latest"}`;
}
