import type * as kubernetes from "@pulumi/kubernetes";
import { proxyContainer, proxyEnvironment } from "../proxy-container.ts";
import type { IngressSpec } from "../resources.ts";
import { labelValue, roleLabel, stackLabel } from "./labels.ts";

const { ports, stateFolder, stopGrace, healthCommand } = proxyContainer;

function proxyLabels({ stack }: IngressSpec): Record<string, string> {
  return { [stackLabel]: labelValue(stack), [roleLabel]: "ingress" };
}

/** The proxy that holds requests: one pod, which is never two. */
export function proxyDeployment(spec: IngressSpec): kubernetes.apps.v1.DeploymentArgs {
  const labels = proxyLabels(spec);
  return {
    metadata: { name: spec.name, labels },
    spec: {
      replicas: 1,
      strategy: { type: "Recreate" },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: stopGrace,
          securityContext: {
            // A new volume belongs to root, and the proxy is somebody else: whoever it is has this group beside its own.
            fsGroup: 1000,
            fsGroupChangePolicy: "OnRootMismatch",
            seccompProfile: { type: "RuntimeDefault" },
          },
          containers: [
            {
              name: "ingress",
              image: spec.image,
              command: ["bash", "-c", spec.keeper],
              env: Object.entries(proxyEnvironment).map(([name, value]) => ({ name, value })),
              ports: [{ name: "http", containerPort: ports.http }],
              readinessProbe: {
                exec: { command: [...healthCommand] },
                periodSeconds: 10,
                timeoutSeconds: 5,
              },
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
              volumeMounts: [{ name: "state", mountPath: stateFolder }],
            },
          ],
          volumes: [{ name: "state", persistentVolumeClaim: { claimName: `${spec.name}-state` } }],
        },
      },
    },
  };
}

/** Where requests come in, from inside the cluster; what leads there from outside is the operator's. */
export function proxyService(spec: IngressSpec): kubernetes.core.v1.ServiceArgs {
  return {
    metadata: {
      name: spec.name,
      labels: proxyLabels(spec),
      annotations: { "pulumi.com/skipAwait": "true" },
    },
    spec: {
      selector: proxyLabels(spec),
      ports: [{ name: "http", port: spec.publish.port, targetPort: "http" }],
    },
  };
}
