import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { moduleFolder } from "../../toolchain/go-build.ts";
import { freeAddresses, takenNetworks } from "../../toolchain/kubernetes/addresses.ts";
import { apiNames, components, identities } from "../../toolchain/kubernetes/components.ts";
import { hierarchiesIn, hierarchyProblem } from "../../toolchain/kubernetes/control-groups.ts";
import { kubeconfig } from "../../toolchain/kubernetes/credentials.ts";
import { nodeSettings } from "../../toolchain/kubernetes/node-settings.ts";
import { clusterProblem, kubernetesVersion, programNames } from "../../toolchain/kubernetes/programs.ts";
import { insideOf, kubernetesPlugin } from "../../toolchain/kubernetes/provider.ts";
import { minutesOf } from "../../toolchain/processor-time.ts";
import { plugins } from "../../toolchain/versions.ts";

const [first] = freeAddresses([]);
if (first === undefined) throw new Error("there are no addresses at all");

describe("the addresses of a cluster", () => {
  test("are cut from one block", () => {
    expect(first).toEqual({
      name: "clawforce-k0",
      host: "10.231.0.1",
      node: "10.231.0.2",
      prefix: 30,
      pods: "10.231.1.0/24",
      services: "10.231.2.0/24",
    });
  });

  test.each([
    ["inside a block", "10.231.1.0/24"],
    ["around a block", "10.231.0.0/21"],
    ["one address of a block", "10.231.3.255"],
  ])("leave out what the machine knows: %s", (_, taken) => {
    const free = freeAddresses([taken]);
    expect(free[0]?.name).not.toBe("clawforce-k0");
    expect(free.length).toBeGreaterThan(0);
  });

  test("are none where a route takes them all", () => {
    expect(freeAddresses(["10.0.0.0/8"])).toEqual([]);
  });

  test("do not overlap from one block to the next", () => {
    const [, second] = freeAddresses([]);
    expect(second?.host).toBe("10.231.4.1");
    expect(freeAddresses([first.pods, first.services])[0]).toEqual(second);
  });

  test("stand beside what routes and links say; the default route takes nothing", () => {
    const routes = [{ dst: "default", gateway: "192.0.2.1" }, { dst: "172.17.0.0/16" }, { dst: "10.0.0.7" }];
    const links = [
      { ifname: "eth0", addr_info: [{ local: "192.0.2.2", prefixlen: 24 }] },
      { ifname: "ifb0" },
    ];
    expect(takenNetworks(routes, links)).toEqual(["172.17.0.0/16", "10.0.0.7", "192.0.2.2/24"]);
  });
});

describe("control groups", () => {
  const mounts = (names: string[]) =>
    names.map((name) => `cgroup /sys/fs/cgroup/${name} cgroup rw,${name} 0 0`).join("\n");

  test("of version 1 with all controllers will do", () => {
    const found = hierarchiesIn(
      `/dev/vda / ext4 rw 0 0\n${mounts(["cpu,cpuacct", "cpuset", "memory", "pids"])}`,
    );
    expect(found.map(({ folder }) => folder)).toEqual([
      "/sys/fs/cgroup/cpu,cpuacct",
      "/sys/fs/cgroup/cpuset",
      "/sys/fs/cgroup/memory",
      "/sys/fs/cgroup/pids",
    ]);
    expect(hierarchyProblem(found)).toBeUndefined();
  });

  test("that lack a controller are refused by its name", () => {
    expect(hierarchyProblem(hierarchiesIn(mounts(["cpu", "cpuacct", "memory", "pids"])))).toBe(
      "this machine has no control groups for cpuset",
    );
  });

  test("of version 2 alone are refused", () => {
    const found = hierarchiesIn("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0");
    expect(found).toEqual([{ folder: "/sys/fs/cgroup", version: 2 }]);
    expect(hierarchyProblem(found)).toBe("it needs control groups of version 1, and this machine has none");
  });
});

describe("a machine", () => {
  const hierarchies = hierarchiesIn(
    ["cpu", "cpuacct", "cpuset", "memory", "pids"]
      .map((name) => `cgroup /c/${name} cgroup rw 0 0`)
      .join("\n"),
  );

  test.each([
    [{ platform: "linux", userId: 0, hierarchies }, undefined],
    [{ platform: "darwin", userId: 0, hierarchies: [] }, "it runs on Linux alone"],
    [{ platform: "linux", userId: 1000, hierarchies }, "only root may make the namespaces that it runs in"],
    [
      { platform: "linux", userId: 0, hierarchies: [] },
      "it needs control groups of version 1, and this machine has none",
    ],
  ])("is judged before anything is built: %#", (machine, problem) => {
    expect(clusterProblem(machine)).toBe(problem);
  });
});

describe("the programs of a cluster", () => {
  const all = components(first, { etcd: "/usr/bin/etcd", containerd: "/usr/bin/containerd" });

  test("are those of a node and of a control plane, what others need first", () => {
    expect(all.map(({ name }) => name)).toEqual([
      "etcd",
      "containerd",
      "kube-apiserver",
      "kube-controller-manager",
      "kube-scheduler",
      "kubelet",
      "kube-proxy",
    ]);
  });

  test("are started under names that the one program knows", () => {
    const started = all.map(({ argv }) => argv[0]).filter((path) => path.startsWith("/run/programs/"));
    expect(started.map((path) => path.slice("/run/programs/".length))).toEqual(
      programNames.filter((name) => name !== "kubectl").toSorted((a, b) => order(a) - order(b)),
    );
    const source = readFileSync(join(moduleFolder("kubernetes-programs"), "main.go"), "utf8");
    for (const name of programNames) expect(source).toContain(`"${name}"`);
  });

  test("judge rights by role, and take no administrator for granted but one", () => {
    const api = all.find(({ name }) => name === "kube-apiserver")?.argv;
    expect(api).toContain("--authorization-mode=Node,RBAC");
    const masters = Object.entries(identities).filter(([, { group }]) => group === "system:masters");
    expect(masters.map(([name]) => name)).toEqual(["admin"]);
  });

  test("have the API answer under every address it is asked at", () => {
    expect(apiNames(first)).toBe("IP:10.231.0.2,IP:10.231.2.1,DNS:kubernetes.default.svc");
  });

  test("are of the version that is said", () => {
    const goMod = readFileSync(join(moduleFolder("kubernetes-programs"), "go.mod"), "utf8");
    expect(goMod).toContain(`k8s.io/kubernetes ${kubernetesVersion}\n`);
  });

  function order(name: string): number {
    return all.findIndex((each) => each.name === name);
  }
});

describe("the settings of the node", () => {
  test("send pulls for the local registry, and those without a registry, over the link", () => {
    const registry = { name: "127.0.0.1:5077", address: "10.231.0.1:5077" };
    const settings = nodeSettings({ addresses: first, cniPrograms: "/usr/lib/cni", registry });
    for (const name of ["127.0.0.1:5077", "docker.io"]) {
      expect(settings[`registries/${name}/hosts.toml`]).toContain('[host."http://10.231.0.1:5077"]');
    }
  });

  test("keep kubelet and kube-proxy from what is the whole machine's", () => {
    const settings = nodeSettings({ addresses: first, cniPrograms: "/usr/lib/cni", registry: undefined });
    expect(JSON.parse(settings["kubelet.json"] ?? "")).toMatchObject({
      cgroupRoot: "/clawforce-k0",
      protectKernelDefaults: true,
      oomScoreAdj: 0,
      authentication: { anonymous: { enabled: false } },
      authorization: { mode: "Webhook" },
    });
    expect(JSON.parse(settings["kube-proxy.json"] ?? "")).toMatchObject({
      oomScoreAdj: 0,
      conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    });
    expect(Object.keys(settings).filter((name) => name.startsWith("registries/"))).toEqual([]);
  });
});

test("a kubeconfig has one context, with the namespace of its user", () => {
  const text = kubeconfig({
    server: "https://10.231.0.2:6443",
    authority: "PEM",
    user: "reader",
    token: "t",
    namespace: "cell",
  });
  expect(JSON.parse(text)).toMatchObject({
    "current-context": "clawforce",
    clusters: [{ cluster: { server: "https://10.231.0.2:6443", "certificate-authority-data": "UEVN" } }],
    contexts: [{ name: "clawforce", context: { user: "reader", namespace: "cell" } }],
    users: [{ name: "reader", user: { token: "t" } }],
  });
});

test.each([
  ["v4.0.0-20260115033456-f47bc2d6f199", "inside is commit f47bc2d6f199 of 2026-01-15"],
  ["v4.34.2", "inside is v4.34.2"],
])("of the provider's version %s it is said what is inside", (version, said) => {
  expect(insideOf(version)).toBe(said);
});

test.each([
  [9.44, "9.4 min of processor time (budget 12)"],
  [12.6, "12.6 min of processor time (more than its budget of 12)"],
  [undefined, "an unknown processor time (budget 12 min)"],
])("a build of %s minutes is held against its budget", (took, said) => {
  expect(minutesOf(took, 12)).toBe(said);
});

test("every plugin has the version of its npm package, wherever package.json names that", () => {
  for (const { name, version } of [...plugins, kubernetesPlugin]) {
    expect(`${name} ${version}`).toMatch(/^[a-z]+ \d+\.\d+\.\d+$/);
  }
});
