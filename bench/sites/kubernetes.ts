import { nodePortTo } from "../../demo/node-port.ts";
import { kubernetesOfThisRun } from "../../test/support/cluster.ts";
import { ClusterWorld } from "../../test/support/cluster-world.ts";
import { setup, teardown } from "../../test/support/shared-cluster.ts";
import { until } from "../../test/support/world.ts";
import type { Life } from "../update-figures.ts";
import { followed, type Line } from "./followed.ts";
import { group, ingress, type Site } from "./site.ts";

/** What is watched of its pod, one line a change. */
const format =
  '{.metadata.uid}|{.metadata.deletionTimestamp}|{.status.conditions[?(@.type=="Ready")].status}{"\\n"}';

/** One gateway on a disposable cluster, asked through a port of its node. */
export async function onKubernetes(stable: string): Promise<Site> {
  const kubernetes = await kubernetesOfThisRun();
  if ("missing" in kubernetes) throw new Error(`There is no cluster to measure on: ${kubernetes.missing}`);
  await setup();
  const undo: (() => Promise<unknown>)[] = [teardown];
  const close = async () => {
    for (const each of undo.splice(0).toReversed()) await each();
  };
  try {
    const on = await ClusterWorld.create(
      kubernetes,
      { stable },
      { instances: 1, group, ingress: { ...ingress, publish: { port: 80 } } },
    );
    undo.push(() => on.destroy());
    const first = await on.world.up();
    if (first.code !== 0) throw new Error(first.output);
    const outside = await nodePortTo(on.world.ingress, (...argv) => on.kubectl(...argv));
    return { ...siteOf(on), ...outside, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function siteOf(on: ClusterWorld): Omit<Site, "address" | "port" | "close"> {
  const { world, cluster, namespace } = on;
  const [name = ""] = world.instances;
  const set = `statefulset/${name}`;
  const setImage = async (image: string) => {
    const container = "{.spec.template.spec.containers[0].name}";
    const named = (await on.kubectl("get", set, `--output=jsonpath=${container}`)).trim();
    await on.kubectl("set", "image", set, `${named}=${image}`);
    await on.kubectl("rollout", "status", set, "--timeout=300s");
  };
  let own = "";
  return {
    world,
    client: "kubectl set image",
    watch: async () => {
      const argv = [`--kubeconfig=${cluster.kubeconfig}`, "--namespace", namespace, "get", "pods"];
      const which = [`--field-selector=metadata.name=${name}-0`, "--watch", `--output=jsonpath=${format}`];
      const watch = followed(cluster.kubectl, [...argv, ...which], process.env, lifeOfPod);
      await until("the watch has begun", async () => watch.lines.length > 0);
      return watch;
    },
    replace: async (image) => {
      own = await on.imageOf(name);
      await setImage(image);
    },
    putBack: () => setImage(own),
  };
}

/** The last word of a pod is that it is gone. */
export function lifeOfPod(lines: readonly Line[]): Life | undefined {
  const seen = lines
    .map(({ text, at }) => ({ at, fields: text.split("|") }))
    .filter(({ fields }) => fields.length === 3);
  const old = seen[0]?.fields[0];
  const of = (isOld: boolean) => seen.filter(({ fields: [uid] }) => (uid === old) === isOld);
  const [told, gone] = [of(true).find(({ fields }) => fields[1] !== ""), of(true).at(-1)];
  const [made, ready] = [of(false)[0], of(false).find(({ fields }) => fields[2] === "True")];
  if (told === undefined || gone === undefined || made === undefined || ready === undefined) return undefined;
  return { told: told.at, gone: gone.at, made: made.at, ready: ready.at };
}
