import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface ChartOptions {
  /** Of all objects, as the chart's full name. */
  name: string;
  /** By a tag, as the chart has it. */
  image: string;
  password: string;
}

/** A chart of a control plane with the objects that the real one has, in a folder. What a value can't change there can't here. */
export async function writeChart(folder: string, options: ChartOptions): Promise<void> {
  await mkdir(join(folder, "templates"), { recursive: true });
  await writeFile(
    join(folder, "Chart.yaml"),
    JSON.stringify({ apiVersion: "v2", name: "control-plane", version: "0.1.0", appVersion: "1.4.1" }),
  );
  await writeFile(join(folder, "values.yaml"), JSON.stringify({ note: "" }));
  for (const each of objects(options)) {
    const file = `${each.kind.toLowerCase()}-${each.metadata.name}.yaml`;
    await writeFile(join(folder, "templates", file), JSON.stringify(each));
  }
}

interface ChartObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: object; annotations?: object };
  [field: string]: unknown;
}

function objects({ name, image, password }: ChartOptions): ChartObject[] {
  const selected = { "app.kubernetes.io/name": "claworc", "app.kubernetes.io/instance": name };
  const labels = { ...selected, "app.kubernetes.io/managed-by": "{{ .Release.Service }}" };
  const of = (apiVersion: string, kind: string, own: string, rest: object): ChartObject => ({
    ...{ apiVersion, kind },
    metadata: { name: own, labels },
    ...rest,
  });
  return [
    of("v1", "ServiceAccount", name, {}),
    of("rbac.authorization.k8s.io/v1", "Role", name, {
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] }],
    }),
    of("rbac.authorization.k8s.io/v1", "RoleBinding", name, {
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name }],
    }),
    of("v1", "PersistentVolumeClaim", `${name}-data`, {
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    }),
    of("v1", "Service", name, {
      spec: {
        type: "NodePort",
        selector: selected,
        ports: [{ name: "http", port: 8000, targetPort: "http" }],
      },
    }),
    of("networking.k8s.io/v1", "NetworkPolicy", `${name}-control-plane`, {
      spec: { podSelector: { matchLabels: selected }, policyTypes: ["Ingress"], ingress: [{}] },
    }),
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, labels, annotations: { note: "{{ .Values.note }}" } },
      spec: {
        replicas: 1,
        strategy: { type: "Recreate" },
        selector: { matchLabels: selected },
        template: {
          metadata: { labels: selected },
          spec: {
            serviceAccountName: name,
            terminationGracePeriodSeconds: 10,
            securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
            containers: [
              {
                ...{ name: "claworc", image, imagePullPolicy: "Always" },
                env: [{ name: "STAND_IN_ADMIN_PASSWORD", value: password }],
                ports: [{ name: "http", containerPort: 8000 }],
                readinessProbe: {
                  tcpSocket: { port: "http" },
                  ...{ periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 60 },
                },
                volumeMounts: [{ name: "data", mountPath: "/app/data" }],
              },
            ],
            volumes: [{ name: "data", persistentVolumeClaim: { claimName: `${name}-data` } }],
          },
        },
      },
    },
  ];
}
