import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { projectFolder } from "../../fleet/project.ts";
import type { Cluster } from "../../toolchain/kubernetes/cluster.ts";
import { kubectl, kubernetesOfThisRun, sharedCluster } from "../support/cluster.ts";
import { partsOfThisRun, runProgram } from "../support/world.ts";

const kubernetes = await kubernetesOfThisRun();
const parts = await partsOfThisRun();
const namespace = "provider";
const program = join(projectFolder, "test", "support", "kubernetes-program");

describe.skipIf("missing" in kubernetes)("Pulumi's own Kubernetes provider", () => {
  let cluster: Cluster;
  let folder: string;

  beforeAll(async () => {
    if ("missing" in kubernetes) return;
    cluster = await sharedCluster(kubernetes);
    folder = await mkdtemp(join(tmpdir(), "clawforce-test-"));
    await kubectl(cluster, ["create", "namespace", namespace]);
    await copyFile(join(program, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
    await pulumi("stack", "init", "provider", "--no-select", "--cwd", folder);
    const { kubeconfig } = cluster;
    await configure({ namespace, kubeconfig, note: "first", image: parts.images.fixture[1] });
  });

  afterAll(async () => {
    if (folder === undefined) return;
    await kubectl(cluster, ["delete", "namespace", namespace, "--wait=false"]);
    await rm(folder, { recursive: true });
  });

  test("creates a ConfigMap and a StatefulSet, whose pod runs", async () => {
    const said = await pulumi("up", "--yes", "--skip-preview", ...stack());
    expect(said).toMatch(/\+ 6 created/);
    expect(await kubectl(cluster, ["logs", "speaker-0", "--namespace", namespace])).toBe("spoken\n");
  });

  test("registers what a manifest holds under the types of the SDK", async () => {
    const urns = await pulumi("stack", "--show-urns", "--stack", "provider");
    expect(urns).toContain("kubernetes:yaml/v2:ConfigGroup$kubernetes:core/v1:ConfigMap::manifest:");
  });

  test("has nothing to do when nothing has changed", async () => {
    const said = await pulumi("preview", "--expect-no-changes", ...stack());
    expect(said).toContain("6 unchanged");
  });

  test("updates in place what has changed, and nothing else", async () => {
    const before = await fieldOf("pod/speaker-0", "{.metadata.uid}");
    await configure({ note: "second" });
    expect(await pulumi("up", "--yes", "--skip-preview", ...stack())).toMatch(/~ 1 updated\s+5 unchanged/);
    expect(await fieldOf("statefulset/speaker", "{.metadata.annotations.note}")).toBe("second");
    expect(await fieldOf("pod/speaker-0", "{.metadata.uid}")).toBe(before);
  });

  test("removes it all", async () => {
    await pulumi("destroy", "--yes", "--skip-preview", ...stack());
    const left = await kubectl(cluster, [
      "get",
      "statefulsets,pods",
      "--namespace",
      namespace,
      "--output=name",
    ]);
    expect(left).toBe("");
  });

  function fieldOf(object: string, path: string): Promise<string> {
    return kubectl(cluster, ["get", object, "--namespace", namespace, `--output=jsonpath=${path}`]);
  }

  async function configure(settings: Record<string, string>): Promise<void> {
    for (const [key, value] of Object.entries(settings))
      await pulumi("config", "set", key, value, ...stack());
  }

  function stack(): string[] {
    return ["--stack", "provider", "--config-file", join(folder, "Pulumi.provider.yaml")];
  }

  async function pulumi(...argv: string[]): Promise<string> {
    const environment = {
      ...(process.env as Record<string, string>),
      ...parts.environment,
      PULUMI_BACKEND_URL: `file://${folder}`,
      PULUMI_CONFIG_PASSPHRASE: "a passphrase of the tests",
    };
    const run = await runProgram("pulumi", [...argv, "--non-interactive"], environment, { folder: program });
    if (run.code !== 0) throw new Error(`pulumi ${argv[0]} ended with ${run.code}:\n${run.output}`);
    return run.output;
  }
});
