import { z } from "zod";
import { doc, form, localPath } from "../../config/fields.ts";
import { bytes, seconds } from "../../config/units.ts";

function objectName(what: string, longest: number) {
  return z
    .string()
    .max(longest)
    .regex(
      longest > 63 ? /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/ : /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
      form(`name of a ${what}`, `Write lower-case letters, digits and hyphens, ${longest} at most`),
    );
}

export const kubernetesSettings = z.strictObject({
  kind: z.literal("kubernetes").describe("Kind of the platform."),
  namespace: objectName("namespace", 63)
    .default("clawforce")
    .meta(doc("Namespace that the stack runs in.", "clawforce-prod")),
  kubeconfig: localPath
    .optional()
    .meta(
      doc(
        "File that says how the cluster is reached. Default: KUBECONFIG, then `~/.kube/config`, as with kubectl.",
        "~/.kube/prod",
      ),
    ),
  context: z.string().min(1).optional().meta(doc("Context of that file. Default: its current one.", "prod")),
  folders: objectName("claim", 253)
    .default("clawforce-folders")
    .meta(
      doc(
        "PersistentVolumeClaim that holds all folders of the stack: snapshot repositories, and whatever is given as a `directory`. The stack does not make it.",
        "fleet-folders",
      ),
    ),
  volumes: z
    .strictObject({
      size: bytes.default(10 * 1024 ** 3).meta(doc("Size of a new claim.", "20 GiB")),
      storageClass: objectName("storage class", 253)
        .optional()
        .meta(doc("Storage class of a new claim. Default: the cluster's own.", "fast")),
      accessMode: z
        .enum(["ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"])
        .default("ReadWriteOnce")
        .meta(
          doc(
            "Access mode of a new claim. ReadWriteOncePod is refused: no second pod could read the state for a hot snapshot.",
            "ReadWriteMany",
          ),
        ),
    })
    .prefault({})
    .describe("The claims that the stack makes for states. One that is there keeps what it has."),
  answer: seconds
    .optional()
    .meta(
      doc(
        "How long the API server may take to answer a question. A change gets four times as long. Default: `30s`.",
        "1m",
      ),
    ),
});

export type KubernetesSettings = z.output<typeof kubernetesSettings>;

/** Seconds that an API server may take to answer, where the configuration says nothing else. */
export const defaultAnswer = 30;
