import { describe, expect, test } from "vitest";
import { built, unknownText } from "../policy/props.ts";
import type { StackResource } from "../policy/stack.ts";
import { container, deployment, mounting, said, short, volume } from "../policy/writers.ts";

describe("two names of one place", () => {
  const bound = (name: string, device: string) =>
    volume(name, { driver: "local", driverOpts: { type: "none", o: "bind", device } });
  const storage = (name: string, source: object, more: object = {}) => ({
    type: "kubernetes:core/v1:PersistentVolume",
    name,
    props: { metadata: { name }, spec: { capacity: {}, ...source, ...more } },
  });
  const claimOf = (name: string, volumeName?: string) => ({
    type: "kubernetes:core/v1:PersistentVolumeClaim",
    name,
    props: { metadata: { name }, spec: { volumeName } },
  });

  test("are refused for volumes of Docker, persistent volumes and claims", () => {
    expect(said([bound("a", "/srv/x"), bound("b", "/srv/x/")])).toEqual(
      [
        ["a", "b"],
        ["b", "a"],
      ].map(
        ([one, other]) =>
          `[single-writer] ${one} as a whole: volume "${one}" is the same place as volume "${other}" of "${other}". Why: whoever writes one writes the other; no lock stops two gateways on one state, and they corrupt it. Write: one resource for one place.`,
      ),
    );
    const csi = { csi: { driver: "d", volumeHandle: "h", fsType: "xfs" } };
    const same: StackResource[][] = [
      [bound("a", "/srv/x"), storage("b", { hostPath: { path: "/srv" } })],
      [storage("a", csi), storage("b", { csi: { ...csi.csi, fsType: "ext4" } })],
      [storage("a", { local: { path: "/x" } }), storage("b", { hostPath: { path: "/x/y" } })],
      [
        storage("a", { nfs: { server: "nas", path: "/x" } }),
        storage("b", { nfs: { server: "nas", path: "/x/y" } }),
      ],
      [
        volume("a", { driverOpts: { type: "nfs", o: "addr=nas", device: ":/x" } }),
        storage("b", { nfs: { server: "nas", path: "/x" } }),
      ],
      [claimOf("a", "p"), claimOf("b", "p")],
    ];
    for (const pair of same) expect(short(...pair)).toHaveLength(2);
  });

  test("are not refused where they are two places, or nobody can write by one of them", () => {
    const different: StackResource[][] = [
      [bound("a", "/srv/x"), bound("b", "/srv/y")],
      [
        volume("a", { driverOpts: { type: "tmpfs", device: "tmpfs" } }),
        volume("b", { driverOpts: { type: "tmpfs", device: "tmpfs" } }),
      ],
      [volume("a", { driver: unknownText }), volume("b", { driver: "far", driverOpts: { size: "1" } })],
      [
        storage("a", { nfs: { server: "nas", path: "/x" } }),
        storage("b", { nfs: { server: "other", path: "/x" } }),
      ],
      [
        storage("a", { nfs: { server: "nas", path: "/x" } }),
        storage("b", { nfs: { server: "nas", path: "/x", readOnly: true } }),
      ],
      [storage("p", { hostPath: { path: "/x" } }), claimOf("a", "p"), claimOf("b"), claimOf("c")],
      [
        storage("p", { hostPath: { path: "/x" } }, { claimRef: { name: "a", namespace: "default" } }),
        claimOf("a", "p"),
      ],
    ];
    for (const pair of different) expect(short(...pair)).toEqual([]);
  });

  test("are told by where a persistent volume lies, not by what it says beside that", () => {
    const beside = {
      ...{ accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" }, mountOptions: ["noatime"] },
      ...{ claimRef: { uid: "x" }, nodeAffinity: { required: {} }, persistentVolumeReclaimPolicy: "Retain" },
      ...{ storageClassName: "fast", volumeAttributesClassName: "fast", volumeMode: "Filesystem" },
    };
    const nfs = (path: string) => ({ nfs: { server: "nas", path } });
    expect(said([storage("a", nfs("/x"), beside), storage("b", nfs("/y"), beside)])).toEqual([]);
    expect(short(storage("a", nfs("/x"), beside), storage("b", nfs("/x")))).toHaveLength(2);
  });

  test("are told by the namespace of the claim that a persistent volume is bound to", () => {
    const boundTo = (namespace?: string) =>
      storage("p", { hostPath: { path: "/x" } }, { claimRef: { name: "c", namespace } });
    const inNamespace = (namespace: string) =>
      deployment("d", undefined, { metadata: { name: "d", namespace } });
    const writer = mounting("w", { hostPath: "/x" });
    expect(short(boundTo(), inNamespace("default"), writer)).toHaveLength(2);
    expect(short(boundTo("sales"), inNamespace("sales"), writer)).toHaveLength(2);
    expect(short(boundTo("sales"), inNamespace("default"), writer)).toEqual([]);
    expect(short(boundTo(), inNamespace("sales"), writer)).toEqual([]);
  });

  test("can be written where one of several sources of a persistent volume can be", () => {
    const half = (name: string, readOnly: boolean) =>
      storage(name, {
        nfs: { server: "nas", path: "/x", readOnly: true },
        hostPath: { path: "/x", readOnly },
      });
    expect(short(half("a", false), half("b", false))).toHaveLength(2);
    expect(short(half("a", false), half("b", true))).toEqual([]);
  });

  test("are found to the end, also where a volume is kept inside of itself", () => {
    const inside = bound("a", "/var/lib/docker/volumes/a/_data/deep");
    expect(short(inside, mounting("w", { volumeName: "a" }), mounting("x", { hostPath: "/other" }))).toEqual(
      [],
    );
    expect(
      short(inside, mounting("w", { volumeName: "a" }), mounting("x", { volumeName: "a" })),
    ).toHaveLength(2);
    const chain = [bound("a", "/var/lib/docker/volumes/b/_data/x"), bound("b", "/srv/b")];
    expect(short(...chain)).toEqual([
      'a as a whole: volume "a" is the same place as volume "b" of "b"',
      'b as a whole: volume "b" is the same place as volume "a" of "a"',
    ]);
    expect(
      short(
        chain[0] as StackResource,
        chain[1] as StackResource,
        mounting("w", { volumeName: "a" }),
        mounting("x", { hostPath: "/srv/b/x/y" }),
      ),
    ).toContain('x volumes[0]: "x" writes directory "/srv/b/x/y", and so does "w" as volume "a"');
  });

  test("have their place in a list, and are refused where they can't be read", () => {
    const listed = {
      type: "kubernetes:core/v1:PersistentVolumeList",
      name: "all",
      props: {
        items: ["p", "q"].map((name) => ({ metadata: { name }, spec: { hostPath: { path: "/x" } } })),
      },
    };
    expect(short(listed)).toEqual([
      'all items[0]: storage "PersistentVolume p" is the same place as storage "PersistentVolume q" of "all"',
      'all items[1]: storage "PersistentVolume q" is the same place as storage "PersistentVolume p" of "all"',
    ]);
    for (const path of ["metadata.name", "spec", "spec.hostPath", "spec.hostPath.path", "spec.nfs.server"]) {
      const props = { metadata: { name: "p" }, ...built(path, unknownText) };
      expect(short({ type: "kubernetes:core/v1:PersistentVolume", name: "p", props })).toEqual([
        `p ${path}: the value is not known at preview`,
      ]);
    }
    expect(short(claimOf("c", unknownText))).toEqual([
      "c spec.volumeName: the value is not known at preview",
    ]);
  });

  test("are found where a claim's storage is what another container mounts", () => {
    const storages = [
      [storage("p", { hostPath: { path: "/x" } }, { claimRef: { name: "c" } })],
      [storage("p", { hostPath: { path: "/x" } }), claimOf("c", "p")],
      [storage("p", { hostPath: { path: "/x" } }, { claimRef: { name: "c", namespace: "default" } })],
    ];
    for (const each of storages) {
      expect(short(...each, deployment("web"), mounting("a", { hostPath: "/x/y" }))).toEqual([
        'a volumes[0]: "a" writes directory "/x/y", and so does "web" (container "main") as claim "default/c"',
        'web spec.template.spec.containers[0].volumeMounts[0]: "web" (container "main") writes claim "default/c", and so does "a" as directory "/x/y"',
      ]);
      expect(short(...each, deployment("web"), mounting("a", { hostPath: "/y" }))).toEqual([]);
    }
  });
});

describe("an exemption", () => {
  const exempt = (...names: string[]) => ({
    exemptions: names.map((resource) => ({ resource, reason: "two hosts", expires: "2999-12-31" })),
  });
  const pair = [mounting("a", { volumeName: "data" }), mounting("b", { volumeName: "data" })];

  test("of one of two writers lets both be, and of one of three only that one", () => {
    expect(said(pair, exempt("a"))).toEqual([]);
    expect(said(pair, exempt("c"))).toHaveLength(2);
    const three = [...pair, mounting("c", { volumeName: "data" })];
    expect(said(three, exempt("a")).map((message) => message.split(":")[0])).toEqual([
      "[single-writer] b volumes[0]",
      "[single-writer] c volumes[0]",
    ]);
    expect(said(three, exempt("a", "b"))).toEqual([]);
    const ended = { exemptions: [{ resource: "a", reason: "two hosts", expires: "2020-01-01" }] };
    expect(said(pair, ended)).toHaveLength(2);
  });

  test("never covers what can't be read", () => {
    expect(said([mounting("a", { volumeName: unknownText })], exempt("a"))).toHaveLength(1);
    expect(said([mounting("a", { volumeName: 7 })], exempt("a"))).toHaveLength(1);
    expect(said([mounting("a", { fromContainer: "x" })], exempt("a"))).toEqual([]);
    expect(said([container("a", { volumes: [{ volumeName: "x" }] }, {})], exempt("a"))).toEqual([]);
  });
});
