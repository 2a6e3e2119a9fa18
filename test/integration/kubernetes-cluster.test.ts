import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { stringify } from "yaml";
import { type Cluster, clusterFor } from "../../toolchain/kubernetes/cluster.ts";
import type { ClusterRecord } from "../../toolchain/kubernetes/cluster-record.ts";
import { startCluster, stopCluster } from "../../toolchain/kubernetes/started-cluster.ts";
import { isRunning, ownProcess } from "../../toolchain/processes.ts";
import { lineProgress } from "../../toolchain/progress.ts";
import { kubectl, kubernetesOfThisRun } from "../support/cluster.ts";
import {
  changesBetween,
  commandOf,
  type MachineState,
  machineState,
  processesIn,
  processesNaming,
  processesUnder,
} from "../support/machine-state.ts";
import { partsOfThisRun, until } from "../support/world.ts";

const kubernetes = await kubernetesOfThisRun();
const { images } = await partsOfThisRun();

describe.skipIf("missing" in kubernetes)("a disposable cluster", () => {
  let folder: string;
  let before: MachineState;
  /** The one that pods run in, and the one that is killed. */
  let cluster: Cluster;
  let killed: Cluster;

  beforeAll(async () => {
    if ("missing" in kubernetes) return;
    folder = await mkdtemp(join(tmpdir(), "clawforce-cluster-"));
    before = machineState();
    const owner = await ownProcess(process.pid);
    const start = (name: string) =>
      clusterFor({ ...kubernetes, state: join(folder, name), owner }, lineProgress());
    [cluster, killed] = await Promise.all([start("one"), start("two")]);
  });

  afterAll(async () => {
    await Promise.all([cluster?.stop(), killed?.stop()]);
    await rm(folder, { recursive: true });
  });

  test("starts beside another one, with addresses of its own", () => {
    expect(cluster.server).not.toBe(killed.server);
  });

  test("changes nothing of the machine while it runs but for its link and its control groups", async () => {
    const allowed = [cluster, killed].map(({ record }) => record?.name ?? "");
    const changes = changesBetween(before, machineState());
    expect(changes.filter((line) => !isOfCluster(line))).toEqual([]);
    // Both kinds are looked at: without them this test would see nothing.
    expect(changes).toEqual(expect.arrayContaining(allowed.map((name) => `+ links: ${name}`)));
    expect(changes.some((line) => line.startsWith("+ controlGroups: "))).toBe(true);
  });

  test("runs a pod of a digest-pinned image from the local registry, whose log is read", async () => {
    await apply(cluster, pod("greeting", "console.log('hello from ' + process.version)"));
    await succeeded("greeting");
    expect(await kubectl(cluster, ["logs", "greeting"])).toMatch(/^hello from v\d+/);
    const running = await kubectl(cluster, ["get", "pod", "greeting", "--output=json"]);
    expect(JSON.parse(running).status.containerStatuses[0].imageID).toContain(digestOf(images.fixture[1]));
  });

  test("runs a Job to its end, and says when one fails", async () => {
    await apply(cluster, job("good", "process.exit(0)"), job("bad", "process.exit(3)"));
    await kubectl(cluster, ["wait", "--for=condition=complete", "--timeout=600s", "job/good"]);
    await kubectl(cluster, ["wait", "--for=condition=failed", "--timeout=600s", "job/bad"]);
  });

  test("reaches a pod by the address of its Service", async () => {
    const server = "require('node:http').createServer((q,a)=>a.end('served')).listen(8080)";
    await apply(cluster, pod("server", server, { app: "server" }), {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "server" },
      spec: { selector: { app: "server" }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    await kubectl(cluster, ["wait", "--for=condition=Ready", "--timeout=600s", "pod/server"]);
    const address = await kubectl(cluster, [
      "get",
      "service",
      "server",
      "--output=jsonpath={.spec.clusterIP}",
    ]);
    const ask = `(async () => {
      for (;;) {
        const answer = await fetch("http://${address}").catch(() => undefined);
        if (answer !== undefined) return console.log(await answer.text());
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    })()`;
    await apply(cluster, pod("client", ask));
    await succeeded("client");
    expect(await kubectl(cluster, ["logs", "client"])).toBe("served\n");
    expect(await kubectl(cluster, ["get", "--raw=/api/v1/namespaces/default/pods/server:8080/proxy/"])).toBe(
      "served",
    );
  });

  test("starts kubelet again when it was killed", async () => {
    const { keeper } = recordOf(cluster);
    const kubelet = () =>
      processesUnder(keeper.pid).pids.find((pid) => commandOf(pid) === "/run/programs/kubelet");
    const before = kubelet() ?? expect.fail("there is no kubelet");
    process.kill(before, "SIGKILL");
    await until("there is another kubelet", async () => ![undefined, before].includes(kubelet()));
    await apply(cluster, pod("afterwards", "console.log('still here')"));
    await succeeded("afterwards");
    expect(await kubectl(cluster, ["logs", "afterwards"])).toBe("still here\n");
  });

  test("lets a service account do what its role allows, and no more", async () => {
    await kubectl(cluster, ["create", "serviceaccount", "reader"]);
    await kubectl(cluster, ["create", "role", "reader", "--verb=get,list", "--resource=pods"]);
    await kubectl(cluster, [
      "create",
      "rolebinding",
      "reader",
      "--role=reader",
      "--serviceaccount=default:reader",
    ]);
    const file = join(folder, "reader.kubeconfig");
    await cluster.kubeconfigOf({ namespace: "default", serviceAccount: "reader", file });
    await kubectl(cluster, ["get", "pods"], file);
    for (const each of [file, cluster.kubeconfig]) expect((await stat(each)).mode & 0o777).toBe(0o600);
    await expect(kubectl(cluster, ["get", "secrets"], file)).rejects.toThrow(
      'User "system:serviceaccount:default:reader" cannot list resource "secrets"',
    );
  });

  test("of the user's own is taken by its name alone, and nothing else of the kubeconfig", async () => {
    const mine = JSON.parse(await readFile(cluster.kubeconfig, "utf8"));
    const [context] = mine.contexts;
    const [user] = mine.users;
    mine.contexts = [
      { ...context, name: "mine" },
      { ...context, name: "other", context: { ...context.context, user: "other" } },
    ];
    mine.users = [user, { name: "other", user: { token: "token-of-another" } }];
    mine["current-context"] = "other";
    const file = join(folder, "users.kubeconfig");
    await writeFile(file, JSON.stringify(mine));
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv("KUBECONFIG", file);
    vi.stubEnv("PATH", `${dirname(cluster.kubectl)}:${process.env.PATH}`);
    const lines: string[] = [];
    const progress = lineProgress((line) => lines.push(line));
    const choose = (useContext: string) => clusterFor({ useContext, state: join(folder, "named") }, progress);
    const named = await choose("mine");
    expect(lines.at(-1)).toContain("context mine of your kubeconfig, as --use-context names it");
    expect(named.server).toBe(cluster.server);
    const taken = await readFile(named.kubeconfig, "utf8");
    expect(JSON.parse(taken).contexts.map(({ name }: { name: string }) => name)).toEqual(["mine"]);
    expect(taken).not.toContain("token-of-another");
    await kubectl(named, ["get", "pods"]);
    await named.stop();
    await kubectl(named, ["get", "pods"]);
    await expect(choose("none")).rejects.toThrow("Your kubeconfig has no context none");
  });

  test("ends with the process that it was started for, and takes its state along", async () => {
    if ("missing" in kubernetes) return;
    const state = join(folder, "orphan");
    const child = spawn("sleep", ["infinity"]);
    onTestFinished(() => void child.kill());
    const owner = await ownProcess(child.pid ?? 0);
    const { keeper } = await startCluster({ ...kubernetes, state, owner });
    child.kill("SIGKILL");
    await until("its keeper has ended", async () => !(await isRunning(keeper)));
    expect(processesNaming(state)).toEqual([]);
    expect(existsSync(state)).toBe(false);
  });

  test("says why it does not start", async () => {
    if ("missing" in kubernetes) return;
    const programs = { ...kubernetes.programs, etcd: "/bin/false" };
    const state = join(folder, "broken");
    await expect(startCluster({ programs, state })).rejects.toThrow(
      `The cluster does not start: the node has ended: etcd has ended 5 times. See its logs in ${state}/logs, repair`,
    );
    expect(processesNaming(state)).toEqual([]);
  });

  test("leaves nothing on the machine when all of it is killed with -9", async () => {
    const { keeper, name } = recordOf(killed);
    const { namespace, pids } = processesUnder(keeper.pid);
    expect(pids.length).toBeGreaterThan(6);
    process.kill(keeper.pid, "SIGKILL");
    await until("the cluster is gone", async () => processesIn(namespace).length === 0);
    await until("its control groups and its link are gone", async () =>
      changesBetween(before, machineState()).every((line) => !isOfCluster(line, name)),
    );
  });

  test("leaves nothing on the machine when it is stopped", async () => {
    const record = recordOf(cluster);
    const { namespace } = processesUnder(record.keeper.pid);
    await stopCluster(record);
    expect(processesIn(namespace)).toEqual([]);
    const changes = changesBetween(before, machineState());
    expect(changes.filter((line) => !isOfCluster(line) || isOfCluster(line, record.name))).toEqual([]);
  });

  async function succeeded(name: string): Promise<void> {
    const condition = "--for=jsonpath={.status.phase}=Succeeded";
    await kubectl(cluster, ["wait", condition, "--timeout=600s", `pod/${name}`]);
  }
});

/** Whether a change is the link or a control group of a cluster: of any, or of one. Other tests have theirs. */
function isOfCluster(change: string, name = "clawforce-k\\d+"): boolean {
  return new RegExp(`[ /]${name}$`).test(change);
}

function recordOf({ record }: Cluster): ClusterRecord {
  return record ?? expect.fail("it is not a disposable one");
}

async function apply(cluster: Cluster, ...objects: object[]): Promise<void> {
  const file = join(cluster.record?.state ?? "", "objects.yaml");
  await writeFile(file, objects.map((each) => stringify(each)).join("---\n"));
  await kubectl(cluster, ["apply", `--filename=${file}`]);
}

function pod(name: string, script: string, labels: Record<string, string> = {}): object {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, labels }, spec: podSpec(script) };
}

function job(name: string, script: string): object {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name },
    spec: { backoffLimit: 0, template: { spec: podSpec(script) } },
  };
}

function podSpec(script: string): object {
  return {
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    containers: [{ name: "main", image: images.fixture[1], command: ["node", "-e", script] }],
  };
}

function digestOf(image: string): string {
  return image.split("@")[1] ?? "";
}
