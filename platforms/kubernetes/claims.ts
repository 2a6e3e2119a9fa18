import type * as kubernetes from "@pulumi/kubernetes";
import type { StateLocation } from "../../config/rollout.ts";
import { labelValue, stackLabel } from "./labels.ts";
import { placeOf } from "./places.ts";
import type { PodPlace } from "./pod-template.ts";
import type { KubernetesSettings } from "./settings.ts";

/**
 * A place of a state in a pod.
 *
 * @param name - of the volume in the pod.
 * @param at - path in the container.
 */
export function placeIn(
  settings: Pick<KubernetesSettings, "folders">,
  name: string,
  location: StateLocation,
  at: string,
): PodPlace {
  const { claim, folder } = placeOf(settings, location);
  return {
    volume: { name, persistentVolumeClaim: { claimName: claim } },
    mount: { name, mountPath: at, ...(folder !== undefined && { subPath: folder }) },
  };
}

/** A claim for a state. What is there under its name already is taken as it is. */
export function claim(
  { volumes: { size, storageClass, accessMode } }: Pick<KubernetesSettings, "volumes">,
  name: string,
  stack: string,
): kubernetes.core.v1.PersistentVolumeClaimArgs {
  return {
    // Where a claim is bound with its first pod, the provider would wait for what only a later step starts.
    metadata: {
      name,
      labels: { [stackLabel]: labelValue(stack) },
      annotations: { "pulumi.com/skipAwait": "true" },
    },
    spec: {
      accessModes: [accessMode],
      resources: { requests: { storage: String(size) } },
      ...(storageClass !== undefined && { storageClassName: storageClass }),
    },
  };
}
