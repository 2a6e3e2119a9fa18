import type { FoundUnit } from "../../platforms/kubernetes/found-unit.ts";
import type { Controller, Pod } from "../../platforms/kubernetes/objects.ts";
import { type KubernetesSettings, kubernetesSettings } from "../../platforms/kubernetes/settings.ts";

export const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
export const image = (letter: string) => `registry.example.com/agent:2026.4.23@${digest(letter)}`;

/** As a cluster of 1.34 answers for a gateway of ours. */
export function statefulSet(change: Partial<Controller["spec"]> = {}, metadata = {}): Controller {
  return {
    ...{ apiVersion: "apps/v1", kind: "StatefulSet" },
    metadata: {
      ...{ name: "bot-a", namespace: "clawforce", uid: "set-1", creationTimestamp: "2026-11-30T08:00:00Z" },
      labels: { "clawforce.io/stack": "prod", "clawforce.io/workload": "bot-a" },
      ...metadata,
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: { "clawforce.io/workload": "bot-a" } },
      template: {
        metadata: {
          labels: { "clawforce.io/stack": "prod", "clawforce.io/workload": "bot-a" },
          annotations: { "clawforce.io/made": "made-1" },
        },
        spec: {
          terminationGracePeriodSeconds: 45,
          containers: [
            {
              ...{ name: "gateway", image: image("a"), command: ["node"], args: ["gateway.mjs"] },
              env: [
                { name: "TZ", value: "UTC" },
                { name: "TOKEN", valueFrom: { secretKeyRef: { name: "bot-a", key: "TOKEN" } } },
              ],
              readinessProbe: { exec: { command: ["true"] }, periodSeconds: 10 },
              livenessProbe: { exec: { command: ["true"] } },
              resources: { limits: { memory: "2Gi" } },
              volumeMounts: [
                { name: "state", mountPath: "/home/node/.openclaw" },
                { name: "shared", mountPath: "/shared" },
                { name: "tmp", mountPath: "/tmp" },
                { name: "folders", mountPath: "/media", subPath: "srv/media", readOnly: true },
              ],
            },
          ],
          volumes: [
            { name: "state", persistentVolumeClaim: { claimName: "bot-a-state" } },
            { name: "shared", persistentVolumeClaim: { claimName: "shared" } },
            { name: "tmp", emptyDir: {} },
            { name: "folders", persistentVolumeClaim: { claimName: "folders" } },
          ],
        },
      },
      ...change,
    },
  };
}

export function podOfSet(change: Partial<NonNullable<Pod["status"]>> = {}, metadata = {}): Pod {
  return {
    ...{ apiVersion: "v1", kind: "Pod" },
    metadata: {
      ...{ name: "bot-a-0", uid: "pod-1", creationTimestamp: "2026-11-30T08:00:01Z" },
      labels: { "clawforce.io/stack": "prod", "clawforce.io/workload": "bot-a" },
      ownerReferences: [
        { apiVersion: "apps/v1", kind: "StatefulSet", name: "bot-a", uid: "set-1", controller: true },
      ],
      ...metadata,
    },
    spec: { ...statefulSet().spec.template.spec, nodeName: "node-1", restartPolicy: "Always" },
    status: {
      phase: "Running",
      startTime: "2026-11-30T08:00:02Z",
      conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-11-30T08:00:20Z" }],
      containerStatuses: [
        {
          ...{ name: "gateway", ready: true, restartCount: 2 },
          state: { running: { startedAt: "2026-11-30T08:00:05Z" } },
          imageID: `registry.example.com/agent@${digest("a")}`,
        },
      ],
      ...change,
    },
  };
}

export function found(controller = statefulSet(), pods = [podOfSet()]): FoundUnit {
  return { kind: "StatefulSet", controller, pods };
}

export function settings(change: Partial<KubernetesSettings> = {}): KubernetesSettings {
  return { ...kubernetesSettings.parse({ kind: "kubernetes", folders: "folders" }), ...change };
}
