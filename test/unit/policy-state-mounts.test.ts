import { describe, expect, test } from "vitest";
import { normalised } from "../../policies/path-spelling.ts";
import { podKinds } from "../../policies/pod-kinds.ts";
import { stateText } from "../../policies/state.ts";
import { stateMountsOf } from "../../policies/state-mounts.ts";
import { built, unknownCheckingProxy, unknownText } from "../policy/props.ts";

const container = "docker:index/container:Container";
const service = "docker:index/service:Service";
const deployment = "kubernetes:apps/v1:Deployment";

/** Each mount as one line, then each problem. */
function mountsOf(type: string, props: object, provider?: { props: object }): string[] {
  const { mounts, problems } = stateMountsOf({
    type,
    props: unknownCheckingProxy(props),
    provider,
  });
  return [
    ...mounts.map(({ path, state, readOnly, container: inside, before, object }) =>
      [
        path,
        stateText(state),
        ...(readOnly ? ["read only"] : []),
        ...(inside === "" ? [] : [`in ${inside}`]),
        ...(before ? ["before"] : []),
        ...(object === "" ? [] : [`of ${object}`]),
      ].join(" | "),
    ),
    ...problems.map(({ path, problem }) => `${path} is ${problem}`),
  ];
}

function volumes(...items: unknown[]): string[] {
  return mountsOf(container, { volumes: items });
}

function mounts(...items: unknown[]): string[] {
  return mountsOf(container, { mounts: items });
}

/** What a pod with these volumes mounts; `data` in a container called `main` unless told otherwise. */
function pod(volume: object, mount: object = {}): string[] {
  return mountsOf(deployment, {
    spec: {
      template: {
        spec: {
          volumes: [{ name: "data", ...volume }],
          containers: [{ name: "main", volumeMounts: [{ name: "data", ...mount }] }],
        },
      },
    },
  });
}

const inPod = "spec.template.spec";
const mainMount = `${inPod}.containers[0].volumeMounts[0]`;

describe("what a container of Docker mounts", () => {
  test("is a volume, a directory, another container's mounts or a volume without a name", () => {
    expect(volumes({ volumeName: "data", containerPath: "/x" })).toEqual(['volumes[0] | volume "data"']);
    expect(volumes({ hostPath: "/data/./x//y/../", containerPath: "/x", readOnly: true })).toEqual([
      'volumes[0] | directory "/data/x" | read only',
    ]);
    expect(volumes({ fromContainer: "other", readOnly: true })).toEqual([
      'volumes[0] | the mounts of container "other"',
    ]);
    expect(volumes({ containerPath: "/cache/", hostPath: "", volumeName: null })).toEqual([
      'volumes[0] | a volume without a name at "/cache"',
    ]);
  });

  test("is what Docker makes of a source, not what its property is called", () => {
    expect(volumes({ volumeName: "/srv/data" }, { hostPath: "data" })).toEqual([
      'volumes[0] | directory "/srv/data"',
      'volumes[1] | volume "data"',
    ]);
    expect(volumes({ volumeName: "a", hostPath: "/b" })).toEqual([
      'volumes[0] | volume "a"',
      'volumes[0] | directory "/b"',
    ]);
    expect(volumes({ hostPath: "/var/lib/docker/volumes/data/_data/in" })).toEqual([
      'volumes[0] | volume "data" below "/in"',
    ]);
    expect(volumes({ hostPath: "C:\\Data\\X" }, { hostPath: "c:/data/x/" })).toEqual([
      'volumes[0] | directory "/c:/data/x"',
      'volumes[1] | directory "/c:/data/x"',
    ]);
  });

  test("has the path that its host sees, also by another name for the root or for what runs", () => {
    const same = (...paths: string[]) => volumes(...paths.map((hostPath) => ({ hostPath })));
    expect(same("/var/run/app", "/run/app/", "/var/runs")).toEqual([
      'volumes[0] | directory "/run/app"',
      'volumes[1] | directory "/run/app"',
      'volumes[2] | directory "/var/runs"',
    ]);
    expect(same("/proc/1/root/srv/a", "/proc/self/root/proc/7/task/8/root/srv/a", "/proc/1/root")).toEqual([
      'volumes[0] | directory "/srv/a"',
      'volumes[1] | directory "/srv/a"',
      'volumes[2] | directory "/"',
    ]);
    expect(same("/proc/1/rooted", "/proc/x/root/srv", "/proc/1/root/var/run/docker.sock")).toEqual([]);
  });

  test("is no state where it is the socket of an engine or the kernel's", () => {
    const none = [
      ...[
        "/var/run/docker.sock",
        "/run//docker.sock",
        "/run/containerd/containerd.sock",
        "/run/podman/podman.sock",
      ],
      ...["/proc", "/sys/fs/cgroup"],
    ];
    expect(volumes(...none.map((hostPath) => ({ hostPath })))).toEqual([]);
    expect(mounts(...none.map((source) => ({ type: "bind", source })))).toEqual([]);
    expect(volumes({ hostPath: "/process" }, { hostPath: "/docker.sock.d" })).toEqual([
      'volumes[0] | directory "/process"',
      'volumes[1] | directory "/docker.sock.d"',
    ]);
  });

  test("is a problem where it can't be read", () => {
    for (const key of ["volumeName", "hostPath", "fromContainer"]) {
      expect(volumes({ [key]: unknownText })).toEqual([`volumes[0].${key} is unknown`]);
      expect(volumes({ [key]: 5 })).toEqual([`volumes[0].${key} is malformed`]);
    }
    expect(volumes({ volumeName: "a", readOnly: unknownText })).toEqual([
      'volumes[0] | volume "a"',
      "volumes[0].readOnly is unknown",
    ]);
    expect(volumes(unknownText, "data:/data", ["x"])).toEqual([
      "volumes[0] is unknown",
      "volumes[1] is malformed",
      "volumes[2] is malformed",
    ]);
    expect(mountsOf(container, { volumes: unknownText, mounts: "x" })).toEqual([
      "volumes is unknown",
      "mounts is malformed",
    ]);
    expect(mountsOf(container, { volumes: null, mounts: [] })).toEqual([]);
  });
});

describe("a typed mount", () => {
  test("is the volume or directory that it names, in a container and in a service", () => {
    const items = [
      { type: "volume", source: "data", target: "/x", volumeOptions: { subpath: "in/./side" } },
      { type: "bind", source: "/data/", readOnly: true },
      { type: "volume", target: "/cache" },
      { type: "cluster", source: "far" },
      { type: "tmpfs", target: "/tmp" },
      { type: "npipe", source: "//./pipe/docker_engine" },
      { type: "image", source: "img" },
    ];
    const found = [
      '0] | volume "data" below "/in/side"',
      '1] | directory "/data" | read only',
      '2] | a volume without a name at "/cache"',
      '3] | volume "far"',
    ];
    expect(mounts(...items)).toEqual(found.map((each) => `mounts[${each}`));
    expect(mountsOf(service, { taskSpec: { containerSpec: { mounts: items } } })).toEqual(
      found.map((each) => `taskSpec.containerSpec.mounts[${each}`),
    );
  });

  test("is also what its options make of its volume", () => {
    const options = (driverOptions: object, more: object = {}) => ({
      type: "volume",
      source: "data",
      volumeOptions: { driverOptions, ...more },
    });
    const second = (driverOptions: object, more?: object) => mounts(options(driverOptions, more)).slice(1);
    expect(second({ type: "none", o: "rw, bind", device: "/srv/x/" })).toEqual([
      'mounts[0] | directory "/srv/x"',
    ]);
    expect(second({ o: "rbind", device: "/srv/x" })).toEqual(['mounts[0] | directory "/srv/x"']);
    expect(second({ type: "nfs4", o: "addr=nas,rw", device: ":/a/" })).toEqual([
      'mounts[0] | storage "nfs nas" below "/a"',
    ]);
    expect(second({ type: "nfs", o: "addr=other", device: "nas:/a" })).toEqual([
      'mounts[0] | storage "nfs nas" below "/a"',
    ]);
    expect(second({ type: "ext4", device: "/dev/sdb1" })).toEqual([
      'mounts[0] | storage "disk" below "/dev/sdb1"',
    ]);
    expect(second({ type: "tmpfs", device: "tmpfs" })).toEqual([]);
    expect(second({ o: "bind" })).toEqual([]);
    expect(second({ o: "bind", device: "/x" }, { driverName: "far" })).toEqual([]);
    expect(mounts({ ...options({ o: "bind", device: "/x" }), source: "" })).toEqual([
      'mounts[0] | directory "/x"',
    ]);
    expect(mounts(options({ o: unknownText, device: "/x" }))).toEqual([
      'mounts[0] | volume "data"',
      'mounts[0] | storage "disk" below "/x"',
      "mounts[0].volumeOptions.driverOptions.o is unknown",
    ]);
  });

  test("is a problem where it can't be read", () => {
    expect(mounts({ source: "data" }, { type: unknownText }, { type: "Volume" }, { type: "bind" })).toEqual([
      'mounts[0] | volume "data"',
      "mounts[0].type is malformed",
      "mounts[1].type is unknown",
      "mounts[2].type is malformed",
      "mounts[3].source is malformed",
    ]);
    expect(mounts({ type: "bind", source: unknownText }, { type: "volume", source: unknownText })).toEqual([
      "mounts[0].source is unknown",
      "mounts[1].source is unknown",
    ]);
    expect(mountsOf(service, { taskSpec: unknownText })).toEqual(["taskSpec is unknown"]);
  });
});

describe("what a pod mounts", () => {
  test("is found in all kinds that have pods", () => {
    const spec = { volumes: [{ name: "data", persistentVolumeClaim: { claimName: "c" } }] };
    for (const [type, { pod: path, list }] of podKinds) {
      const found = mountsOf(type, built(list ? `items[].${path}` : path, spec));
      const [before, after] = list ? ["items[0].", " | of items[0]"] : ["", ""];
      expect([type, ...found]).toEqual([type, `${before}${path}.volumes[0] | claim "default/c"${after}`]);
    }
    expect(podKinds.size).toBe(60);
  });

  test("is a claim in its namespace, with the part of it that a container sees", () => {
    const claim = { persistentVolumeClaim: { claimName: "c" } };
    expect(pod(claim)).toEqual([`${mainMount} | claim "default/c" | in main`]);
    expect(pod(claim, { subPath: "a//b", readOnly: true })).toEqual([
      `${mainMount} | claim "default/c" below "/a/b" | read only | in main`,
    ]);
    expect(pod(claim, { subPath: "a", subPathExpr: "$(POD)" })).toEqual([
      `${mainMount} | claim "default/c" | in main`,
    ]);
    expect(pod({ persistentVolumeClaim: { claimName: "c", readOnly: true } })).toEqual([
      `${mainMount} | claim "default/c" | read only | in main`,
    ]);
    const named = (metadata: object) => ({
      metadata,
      spec: { template: { spec: { volumes: [{ name: "data", ...claim }] } } },
    });
    const provider = { props: { namespace: "given" } };
    expect(mountsOf(deployment, named({ namespace: "prod" }), provider)).toEqual([
      `${inPod}.volumes[0] | claim "prod/c"`,
    ]);
    expect(mountsOf(deployment, named({}), provider)).toEqual([`${inPod}.volumes[0] | claim "given/c"`]);
    expect(mountsOf(deployment, named({ namespace: unknownText }))).toEqual([
      `${inPod}.volumes[0] | claim "default/c"`,
      "metadata.namespace is unknown",
    ]);
  });

  test("is a directory of the node or other storage, and nothing that ends with the pod", () => {
    expect(pod({ hostPath: { path: "/data/" } }, { subPath: "x" })).toEqual([
      `${mainMount} | directory "/data/x" | in main`,
    ]);
    expect(pod({ hostPath: { path: "/run/other.sock", type: "Socket" } })).toEqual([]);
    expect(pod({ hostPath: { path: "/var/run" } }, { subPath: "docker.sock" })).toEqual([]);
    expect(pod({ nfs: { server: "nas", path: "/a", readOnly: true } }, { subPath: "b" })).toEqual([
      `${mainMount} | storage "nfs nas" below "/a/b" | read only | in main`,
    ]);
    expect(pod({ awsElasticBlockStore: { volumeID: "v", fsType: "ext4", secretRef: {} } })).toEqual([
      `${mainMount} | storage "awsElasticBlockStore volumeID=v" | in main`,
    ]);
    expect(pod({ csi: { driver: "d", volumeHandle: "h", volumeAttributes: { a: "b" } } })).toEqual([
      `${mainMount} | storage "csi driver=d volumeHandle=h" | in main`,
    ]);
    expect(pod({ csi: { volumeAttributes: { b: ["c", 1], a: unknownText }, driver: "d" } })).toEqual([
      `${mainMount} | storage "csi driver=d volumeAttributes={a:,b:[c,1]}" | in main`,
      `${inPod}.volumes[0].csi.volumeAttributes.a is unknown`,
    ]);
    for (const none of ["emptyDir", "ephemeral", "configMap", "secret", "projected", "downwardAPI", "image"])
      expect(pod({ [none]: {} })).toEqual([]);
    expect(pod({})).toEqual([]);
  });

  test("is said for each container of each object, and which of them run before", () => {
    const mount = [{ name: "data", mountPath: "/x" }];
    const spec = {
      volumes: [{ name: "data", persistentVolumeClaim: { claimName: "c" } }],
      initContainers: [
        { name: "first", volumeMounts: mount },
        { name: "side", restartPolicy: "Always", volumeMounts: mount },
      ],
      containers: [{ name: "main", volumeDevices: [{ name: "data", devicePath: "/dev/x" }] }],
      ephemeralContainers: [{ volumeMounts: mount }],
    };
    const items = [{ spec: {} }, { metadata: { namespace: "n" }, spec }];
    expect(mountsOf("kubernetes:core/v1:PodList", { items })).toEqual([
      'items[1].spec.initContainers[0].volumeMounts[0] | claim "n/c" | in first | before | of items[1]',
      'items[1].spec.initContainers[1].volumeMounts[0] | claim "n/c" | in side | of items[1]',
      'items[1].spec.containers[0].volumeDevices[0] | claim "n/c" | in main | of items[1]',
      'items[1].spec.ephemeralContainers[0].volumeMounts[0] | claim "n/c" | in ephemeralContainers[0] | of items[1]',
    ]);
  });

  test("is a claim for each pod of a StatefulSet that has a template", () => {
    const props = {
      metadata: { name: "web" },
      spec: {
        volumeClaimTemplates: [{ metadata: { name: "data" } }, { metadata: { name: "more" } }],
        template: {
          spec: { containers: [{ name: "main", volumeMounts: [{ name: "data", subPath: "a" }] }] },
        },
      },
    };
    expect(mountsOf("kubernetes:apps/v1:StatefulSet", props)).toEqual([
      `${mainMount} | claims "default/data-web-…" below "/a" | in main`,
      'spec.volumeClaimTemplates[1] | claims "default/more-web-…"',
    ]);
  });

  test("is a problem where it can't be read", () => {
    expect(pod({ persistentVolumeClaim: { claimName: unknownText } })).toEqual([
      `${inPod}.volumes[0].persistentVolumeClaim.claimName is unknown`,
    ]);
    expect(pod({ persistentVolumeClaim: {} })).toEqual([
      `${inPod}.volumes[0].persistentVolumeClaim.claimName is malformed`,
    ]);
    expect(pod({ persistentVolumeClaim: unknownText })).toEqual([
      `${inPod}.volumes[0].persistentVolumeClaim is unknown`,
    ]);
    expect(pod({ hostPath: "/data" })).toEqual([`${inPod}.volumes[0].hostPath is malformed`]);
    expect(pod({ emptyDir: {} }, { name: "gone" })).toEqual([`${mainMount}.name is malformed`]);
    expect(pod({ emptyDir: {} }, { name: unknownText })).toContain(`${mainMount}.name is unknown`);
    for (const path of ["spec", "spec.template", inPod, `${inPod}.volumes`, `${inPod}.containers`]) {
      expect(mountsOf(deployment, built(path, unknownText))).toEqual([`${path} is unknown`]);
      expect(mountsOf(deployment, built(path, "x"))).toEqual([`${path} is malformed`]);
    }
    const listed = { spec: { template: { spec: { volumes: unknownText, containers: [main] } } } };
    expect(mountsOf(deployment, listed)).toEqual([`${inPod}.volumes is unknown`]);
  });
});

const main = { name: "main", volumeMounts: [{ name: "data" }] };

describe("a resource that nobody has mapped", () => {
  const release = "kubernetes:helm.sh/v3:Release";

  test("mounts what its fields name, wherever they stand", () => {
    const values = {
      persistence: { existingClaim: "c", enabled: true },
      extra: [{ persistentVolumeClaim: { claimName: "d", readOnly: true } }, { hostPath: { path: "/x/" } }],
      node: { hostPath: "/y", readOnly: true },
      none: [
        { existingClaim: "" },
        { claimName: null },
        { hostPath: {} },
        { hostPath: "/var/run/docker.sock" },
      ],
      "a.b": { pvcName: "e" },
    };
    expect(mountsOf(release, { values, namespace: "prod", status: { claimName: "s" } })).toEqual([
      'values.a.b.pvcName | claim "prod/e"',
      'values.extra[0].persistentVolumeClaim.claimName | claim "prod/d" | read only',
      'values.extra[1].hostPath | directory "/x"',
      'values.node.hostPath | directory "/y" | read only',
      'values.persistence.existingClaim | claim "prod/c"',
    ]);
    const custom = { metadata: { namespace: "n" }, claimName: "c", others: [[{ claimName: "d" }]] };
    expect(mountsOf("kubernetes:example.org/v1:Gateway", custom)).toEqual([
      'claimName | claim "n/c"',
      'others[0][0].claimName | claim "n/d"',
    ]);
  });

  test("is a problem where such a field can't be read, and nowhere else", () => {
    expect(mountsOf(release, { values: { a: { claimName: unknownText, other: unknownText } } })).toEqual([
      "values.a.claimName is unknown",
    ]);
    expect(mountsOf(release, { claimName: 5, hostPath: unknownText })).toEqual([
      "claimName is malformed",
      "hostPath is unknown",
    ]);
    expect(mountsOf(release, { hostPath: { path: unknownText } })).toEqual(["hostPath is unknown"]);
    expect(mountsOf(release, { values: unknownText })).toEqual([]);
    let deep: object = { claimName: "c" };
    for (let depth = 0; depth < 80; depth++) deep = { d: deep };
    expect(mountsOf(release, { values: deep })).toEqual([
      expect.stringMatching(/^values(\.d){64} is unknown$/),
    ]);
  });

  test("mounts nothing where it is a volume, a claim, or not of Kubernetes", () => {
    const props = { spec: { claimName: "c", hostPath: { path: "/x" } } };
    for (const type of ["PersistentVolume", "PersistentVolumeClaim", "PersistentVolumeClaimList"])
      expect(mountsOf(`kubernetes:core/v1:${type}`, props)).toEqual([]);
    expect(mountsOf("docker:index/volume:Volume", props)).toEqual([]);
    expect(mountsOf("command:local:Command", props)).toEqual([]);
  });
});

test("a path has one spelling", () => {
  const spellings = { "/": "/", "": "/", "/..": "/", "a/b": "/a/b", "/a/../../b/": "/b", "/a/...": "/a/..." };
  for (const [path, one] of Object.entries(spellings)) expect([path, normalised(path)]).toEqual([path, one]);
});
