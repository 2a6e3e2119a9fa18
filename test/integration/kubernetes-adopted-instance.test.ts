import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubernetesOfThisRun } from "../support/cluster.ts";
import { ClusterWorld } from "../support/cluster-world.ts";
import { partsOfThisRun } from "../support/world.ts";

const kubernetes = await kubernetesOfThisRun();
const { images } = await partsOfThisRun();

const labels = { app: "openclaw" };

/** As somebody has written it by hand: a pod of a tag, a claim, and no Service. */
function manifest(name: string, token: string): object {
  const [image = ""] = images.fixture[1].split("@");
  const claim = `${name}-home`;
  return {
    ...{ apiVersion: "v1", kind: "List" },
    items: [
      {
        ...{ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: claim } },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "64Mi" } } },
      },
      {
        ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name, labels } },
        spec: {
          ...{ replicas: 1, strategy: { type: "Recreate" }, selector: { matchLabels: labels } },
          template: {
            metadata: { labels },
            spec: {
              terminationGracePeriodSeconds: 5,
              securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
              containers: [
                {
                  ...{ name: "openclaw", image, imagePullPolicy: "IfNotPresent" },
                  env: [{ name: "OPENCLAW_GATEWAY_TOKEN", value: token }],
                  ports: [{ name: "http", containerPort: 18_789 }],
                  readinessProbe: {
                    httpGet: { path: "/healthz", port: "http" },
                    periodSeconds: 1,
                    timeoutSeconds: 10,
                  },
                  volumeMounts: [{ name: "home", mountPath: "/home/node/.openclaw" }],
                },
              ],
              volumes: [{ name: "home", persistentVolumeClaim: { claimName: claim } }],
            },
          },
        },
      },
    ],
  };
}

describe.skipIf("missing" in kubernetes)("a gateway that somebody runs as a Deployment", () => {
  let on: ClusterWorld;
  let name: string;
  let uid: string;

  beforeAll(async () => {
    if ("missing" in kubernetes) return;
    on = await ClusterWorld.create(
      kubernetes,
      { stable: images.fixture[1] },
      {
        instances: 1,
        group: {
          container: {
            ...{ user: "1000:1000", labels },
            health: { path: "/healthz", interval: "1s", timeout: "30s", retries: 50, wait: "5m" },
          },
        },
      },
    );
    [name = ""] = on.world.instances;
    const token = on.world.secrets[`gatewayTokens.${name}`] ?? "";
    const file = join(on.world.folder, "theirs.json");
    await writeFile(file, JSON.stringify(manifest(name, token)));
    // By the manager that the command of Helm has: the provider would be refused what it owns.
    await on.kubectl("create", "--filename", file, "--field-manager=helm");
    await on.kubectl("rollout", "status", `deployment/${name}`, "--timeout=300s");
    uid = await fieldOf("{.metadata.uid}");
    on.world.instanceSettings = { [name]: { adopt: name, volume: `${name}-home` } };
    await on.world.configure();
  });
  afterAll(() => on?.destroy());

  const fieldOf = (path: string) => on.kubectl("get", "deployment", name, `--output=jsonpath=${path}`);

  it("is read into lines, by the digest of what runs, and nothing is touched", async () => {
    const generation = await fieldOf("{.metadata.generation}");
    const adopt = await on.world.fleet("adopt", "--container", name);
    expect(adopt.code, adopt.output).toBe(0);
    // The stack file has that image already, by its digest.
    expect(adopt.output).toContain("agentImage: agent");
    expect(adopt.output).toContain(`adopt: ${name}`);
    expect(adopt.output).toContain(`volume: ${name}-home`);
    expect(adopt.output).not.toContain(on.world.secrets[`gatewayTokens.${name}`]);
    expect(await fieldOf("{.metadata.generation}")).toBe(generation);
  });

  it("is adopted in its place: the same object, a pod of ours, and a Service of its name", async () => {
    const preview = await on.world.preview();
    expect(preview.code, preview.output).toBe(0);
    expect(preview.output).toContain(`adopt ${name} on`);
    const up = await on.world.up();
    expect(up.code, up.output).toBe(0);
    expect(await fieldOf("{.metadata.uid}")).toBe(uid);
    expect(await on.imageOf(name)).toBe(images.fixture[1]);
    // All of the old pod is gone: what it had of its own would be a second gateway.
    expect(await fieldOf("{.spec.template.spec.containers[*].name}")).toBe("workload");
    expect(await fieldOf("{.spec.template.spec.volumes[*].persistentVolumeClaim.claimName}")).toBe(
      `${name}-home`,
    );
    expect(await on.kubectl("get", "service", name, "--output=name")).toContain(name);
    const again = await on.world.up();
    expect(again.output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
  });
});
