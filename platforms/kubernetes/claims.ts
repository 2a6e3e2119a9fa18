import type * as kubernetes from "@pulumi/kubernetes";
import type { StateLocation } from "../../config/rollout.ts";
import { labelValue, stackLabel } from "./labels.ts";
import type { PodPlace } from "./pod-template.ts";
import type { KubernetesSettings } from "./settings.ts";

/**
 * A place of a state in a pod: a volume is the claim of its name, a folder one in the claim that holds all folders.
 *
 * @param name - of the volume in the pod.
 * @param at - path in the container.
 */
export function placeIn(
  { folders }: Pick<KubernetesSettings, "folders">,
  name: string,
  location: StateLocation,
  at: string,
): PodPlace {
  if ("volume" in location) {
    return {
      volume: { name, persistentVolumeClaim: { claimName: location.volume } },
      mount: { name, mountPath: at },
    };
  }
  return {
    volume: { name, persistentVolumeClaim: { claimName: folders } },
    mount: { name, mountPath: at, subPath: location.directory.replace(/^\/+/, "") },
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
