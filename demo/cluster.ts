import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Terminal } from "../fleet/live.ts";
import { projectFolder } from "../fleet/project.ts";
import { OperationFailure } from "../platforms/failure.ts";
import { KubernetesPlatform } from "../platforms/kubernetes/platform.ts";
import { kubernetesSettings } from "../platforms/kubernetes/settings.ts";
import { type Cluster, clusterFor } from "../toolchain/kubernetes/cluster.ts";
import { answerOf, ownProcess } from "../toolchain/processes.ts";
import type { Progress } from "../toolchain/progress.ts";
import { environmentOf, kubernetesOf, kubernetesProviderOf, type Toolchain } from "../toolchain/set-up.ts";
import {
  clusterInstances,
  clusterSettings,
  clusterStack,
  namespace,
  proxyName,
  surroundings,
} from "./cluster-settings.ts";
import { ClusterStory } from "./cluster-story.ts";
import { modelServerProgram } from "./model-server.ts";
import { nodePortTo } from "./node-port.ts";
import { DemoStack, secret } from "./stack.ts";

export interface ClusterDemoImages {
  tools: string;
  proxy: string;
  /** A small image for the stand-in of a model. */
  small: string;
  openclaw: { stable: string; next: string };
}

type Kubectl = (...argv: string[]) => Promise<string>;

/** The story on a disposable cluster, which goes with the demo. Returns what broke of its promises. */
export async function tellOnCluster(
  toolchain: Toolchain,
  images: ClusterDemoImages,
  progress: Progress,
  terminal: Terminal,
  toItsEnd: (story: ClusterStory) => Promise<void>,
): Promise<readonly string[]> {
  const parts = await kubernetesOf(toolchain, progress);
  await kubernetesProviderOf(toolchain, progress);
  const folder = join(toolchain.cache, "demo-cluster");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const owner = await ownProcess(process.pid);
  const cluster = await clusterFor({ ...parts, state: join(folder, "cluster"), owner }, progress);
  try {
    const story = await storyOn(cluster, { toolchain, images, progress, terminal, folder });
    await toItsEnd(story);
    return story.broken;
  } finally {
    await progress.step("Kubernetes cluster: removed", async () => {
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    });
  }
}

interface StoryPlace {
  toolchain: Toolchain;
  images: ClusterDemoImages;
  progress: Progress;
  terminal: Terminal;
  folder: string;
}

async function storyOn(
  cluster: Cluster,
  { toolchain, images, progress, terminal, folder }: StoryPlace,
): Promise<ClusterStory> {
  const kubectl: Kubectl = (...argv) => answered(cluster, ["--namespace", namespace, ...argv]);
  const kubeconfig = join(folder, "kubeconfig");
  const demo = await progress.step("a stack of the demo's own", async () => {
    await answered(cluster, ["create", "namespace", namespace]);
    await kubectl("apply", "--filename", join(projectFolder, "docs", "kubernetes-deployer.yaml"));
    const file = join(folder, "surroundings.json");
    await writeFile(file, JSON.stringify(surroundings(images.small, modelServerProgram)));
    await kubectl("apply", "--filename", file);
    await cluster.kubeconfigOf({ namespace, serviceAccount: "clawforce-deployer", file: kubeconfig });
    const { tools, proxy, openclaw } = images;
    const stackFolder = join(folder, "stack");
    const settings = clusterSettings({
      kubeconfig,
      folder: stackFolder,
      stable: openclaw.stable,
      tools,
      proxy,
    });
    const tokens = clusterInstances.map((name) => [`clawforce:gatewayTokens.${name}`, secret()]);
    const secrets = { "clawforce:snapshotPassword": secret(), ...Object.fromEntries(tokens) };
    return DemoStack.create(
      { name: clusterStack, folder: stackFolder, settings, secrets },
      environmentOf(toolchain),
    );
  });
  Object.assign(process.env, demo.environment);
  const settings = kubernetesSettings.parse({ kind: "kubernetes", namespace, kubeconfig });
  return new ClusterStory({
    ...{ demo, terminal, kubectl, images: images.openclaw },
    platform: new KubernetesPlatform(settings),
    outside: () => nodePortTo(proxyName, kubectl),
  });
}

async function answered({ kubectl, kubeconfig }: Cluster, argv: string[]): Promise<string> {
  const answer = await answerOf([kubectl, `--kubeconfig=${kubeconfig}`, ...argv]);
  if (answer === undefined) throw new OperationFailure(`kubectl ${argv.slice(0, 4).join(" ")} … failed.`);
  return answer;
}
