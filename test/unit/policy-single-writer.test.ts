import { describe, expect, test } from "vitest";
import { podKinds } from "../../policies/pod-kinds.ts";
import previews from "../policy/data/previews.json" with { type: "json" };
import { fleetStack, image, withProps } from "../policy/fleet-stack.ts";
import { built } from "../policy/props.ts";
import type { StackResource } from "../policy/stack.ts";
import {
  claim,
  container,
  data,
  deployment,
  mainContainer,
  mounting,
  ownState,
  recreate,
  said,
  short,
  volume,
  why,
  workload,
} from "../policy/writers.ts";

const fleet = fleetStack({
  workloads: [
    { name: "clawforce", image: image("c") },
    { name: "support-1", group: "support", image: image("b"), from: image("a") },
    { name: "support-2", group: "support", image: image("a") },
  ],
});
const first = "support-1 docker:index/container:Container";

describe("our own fleet", () => {
  test("has one writer for each state, in a first preview as in an update", () => {
    expect(said(fleet)).toEqual([]);
    for (const preview of Object.values(previews) as unknown as StackResource[][]) {
      expect(preview.length).toBeGreaterThan(15);
      expect(said(preview)).toEqual([]);
    }
  });

  test("is refused when an instance mounts another one's volume, each naming the other", () => {
    const volumes = [{ volumeName: "support-2-state", containerPath: "/home/node/.openclaw", hostPath: "" }];
    const shared = withProps(fleet, first, { volumes });
    const message = (one: string, other: string) =>
      `[single-writer] ${one} volumes[0]: "${one}" writes volume "support-2-state", and so does "${other}". ${why} ${ownState}`;
    const both = [message("support-1", "support-2"), message("support-2", "support-1")];
    expect(said(shared)).toEqual(both);
    expect(said(shared.toReversed())).toEqual(both);
    const more = [...shared, mounting("z", { volumeName: "support-2-state" })];
    expect(said(more)).toHaveLength(3);
    expect(said(more)[0]).toBe(both[0]?.replace('does "support-2"', 'do "support-2" and "z"'));
    expect(said(withProps(shared, first, { volumes: [{ ...volumes[0], readOnly: true }] }))).toEqual([]);
  });
});

describe("two writers of one state", () => {
  /** Pairs of mounts that are one state, by what is said of the second one. */
  const same: [one: object, other: object, other: string, one: string][] = [
    [{ volumeName: "data" }, { volumeName: "data" }, 'volume "data"', ""],
    [{ volumeName: "data" }, { hostPath: "data" }, 'volume "data"', ""],
    [{ hostPath: "/data/x/" }, { hostPath: "/data/./y/../x" }, 'directory "/data/x"', ""],
    [{ hostPath: "/data" }, { hostPath: "/data/x" }, 'directory "/data/x"', ' as directory "/data"'],
    [{ hostPath: "/data/x" }, { volumeName: "/data" }, 'directory "/data"', ' as directory "/data/x"'],
    [{ hostPath: "/" }, { hostPath: "/data" }, 'directory "/data"', ' as directory "/"'],
    [
      { volumeName: "data" },
      { hostPath: "/mnt/docker/volumes/data/_data/x" },
      'volume "data" below "/x"',
      ' as volume "data"',
    ],
    [{ volumeName: "data" }, { hostPath: "/var/lib" }, 'directory "/var/lib"', ' as volume "data"'],
    [{ volumeName: "data" }, { fromContainer: "a" }, 'volume "data"', ""],
    [{ containerPath: "/x" }, { fromContainer: "/a:rw" }, 'a volume without a name at "/x"', ""],
  ];

  test("are found whatever the state is called, and let be when one of them only reads", () => {
    for (const [one, other, text, its] of same) {
      const found = short(mounting("a", one), mounting("b", other));
      expect(found).toContain(`b volumes[0]: "b" writes ${text}, and so does "a"${its}`);
      expect(found).toHaveLength(2);
      const readers = [
        [mounting("a", { ...one, readOnly: true }), mounting("b", other)],
        ...("fromContainer" in other
          ? []
          : [[mounting("a", one), mounting("b", { ...other, readOnly: true })]]),
      ];
      for (const pair of readers) expect(short(...pair)).toEqual([]);
    }
  });

  test("are not two that only look alike", () => {
    const different: [object, object][] = [
      [{ volumeName: "data" }, { volumeName: "data-2" }],
      [{ volumeName: "data" }, { volumeName: "Data" }],
      [{ hostPath: "/data" }, { hostPath: "/data-2" }],
      [{ hostPath: "/data/x" }, { hostPath: "/data/y" }],
      [{ volumeName: "data" }, { hostPath: "/data" }],
      [{ containerPath: "/x" }, { containerPath: "/x" }],
      [{ hostPath: "/var/run/docker.sock" }, { hostPath: "/run/docker.sock" }],
      [{ volumeName: "data" }, { fromContainer: "a:ro" }],
    ];
    for (const [one, other] of different) expect(short(mounting("a", one), mounting("b", other))).toEqual([]);
    expect(short(mounting("a", { volumeName: "data" }, { volumeName: "data", containerPath: "/y" }))).toEqual(
      [],
    );
  });

  test("are found through a chain of containers, in a circle too, and by a container's id", () => {
    const chain = [
      mounting("a", { volumeName: "data" }),
      mounting("b", { fromContainer: "a" }, { fromContainer: "c" }),
      mounting("c", { fromContainer: "b" }),
    ];
    expect(short(...chain).filter((message) => message.startsWith("c "))).toEqual([
      'c volumes[0]: "c" writes volume "data", and so do "a" and "b"',
    ]);
    const byId = [
      container("a", { id: "0123", volumes: [data.source].map((volumeName) => ({ volumeName })) }),
    ];
    expect(short(...byId, mounting("b", { fromContainer: "0123" }))).toHaveLength(2);
  });

  test("are found behind a container that is no resource: nobody knows what it mounts", () => {
    expect(said([mounting("b", { fromContainer: "elsewhere" })])).toEqual([
      `[single-writer] b volumes[0]: takes the mounts of container "elsewhere", which is no resource of this program. Why: nobody can say which state it writes; no lock stops two gateways on one state, and they corrupt it. Write: the volumes themselves, by their names.`,
    ]);
  });

  test("are found across Docker and Kubernetes, and behind a volume's device and a claim's storage", () => {
    const hostPath = { template: { spec: { volumes: [{ name: "d", hostPath: { path: "/data/x" } }] } } };
    const found = short(
      mounting("a", { hostPath: "/data" }),
      deployment("web", { ...recreate, ...hostPath }),
    );
    expect(found).toEqual([
      'a volumes[0]: "a" writes directory "/data", and so does "web" as directory "/data/x"',
      'web spec.template.spec.volumes[0]: "web" writes directory "/data/x", and so does "a" as directory "/data"',
    ]);
    const bound = volume("bound", {
      driver: "local",
      driverOpts: { type: "none", o: "bind", device: "/srv/x" },
    });
    expect(
      short(bound, mounting("a", { volumeName: "bound" }), mounting("b", { hostPath: "/srv" })),
    ).toHaveLength(2);
    const typed = {
      ...data,
      source: "other",
      volumeOptions: { driverOptions: { o: "bind", device: "/srv/x/y" } },
    };
    expect(
      short(bound, mounting("a", { volumeName: "bound" }), container("b", { mounts: [typed] })),
    ).toHaveLength(2);
    const elsewhere = volume("data", { mountpoint: "/mnt/docker/volumes/data/_data" });
    expect(
      short(elsewhere, mounting("a", { volumeName: "data" }), mounting("b", { hostPath: "/mnt/docker" })),
    ).toHaveLength(2);
    expect(
      short(elsewhere, mounting("a", { volumeName: "data" }), mounting("b", { hostPath: "/mnt/x" })),
    ).toEqual([]);
  });

  test("are found in one pod, but not where one has ended before the other starts", () => {
    const mounts = [{ name: "data", subPath: "a" }];
    const inPod = (lists: object) =>
      short(deployment("web", { ...recreate, template: { spec: { volumes: [claim], ...lists } } }));
    const side = { name: "side", volumeMounts: mounts };
    expect(inPod({ containers: [mainContainer, side] })).toEqual([
      'web spec.template.spec.containers[0].volumeMounts[0]: "web" (container "main") writes claim "default/c", and so does "web" (container "side") as claim "default/c" below "/a"',
      'web spec.template.spec.containers[1].volumeMounts[0]: "web" (container "side") writes claim "default/c" below "/a", and so does "web" (container "main") as claim "default/c"',
    ]);
    expect(inPod({ containers: [mainContainer], initContainers: [side] })).toEqual([]);
    expect(
      inPod({ containers: [mainContainer], initContainers: [{ ...side, restartPolicy: "Always" }] }),
    ).toHaveLength(2);
    const reader = { name: "side", volumeMounts: [{ name: "data", readOnly: true }] };
    expect(inPod({ containers: [mainContainer, reader] })).toEqual([]);
    const other = { name: "main", volumeMounts: [{ name: "data", subPath: "b" }] };
    expect(inPod({ containers: [other, side] })).toEqual([]);
  });

  test("are found on one claim, by its namespace and the part of it, and on one of a StatefulSet's claims", () => {
    const inNamespace = (namespace: string) => ({ metadata: { name: "web", namespace } });
    expect(short(deployment("a"), deployment("b"))).toHaveLength(2);
    expect(short(deployment("a"), deployment("b", recreate, inNamespace("prod")))).toEqual([]);
    expect(
      short(deployment("a", recreate, inNamespace("prod")), {
        ...deployment("b", recreate, { metadata: { name: "b" } }),
        provider: { namespace: "prod" },
      }),
    ).toHaveLength(2);
    const template = {
      spec: {
        volumes: [{ name: "data", persistentVolumeClaim: { claimName: "state-set-0" } }],
        containers: [mainContainer],
      },
    };
    const set = workload("apps/v1:StatefulSet", "set", {
      replicas: 3,
      volumeClaimTemplates: [{ metadata: { name: "state" } }],
      template: { spec: {} },
    });
    expect(short(set)).toEqual([]);
    expect(short(set, deployment("a", { ...recreate, template }))).toEqual([
      'a spec.template.spec.containers[0].volumeMounts[0]: "a" (container "main") writes claim "default/state-set-0", and so does "set" as claims "default/state-set-…"',
      'set spec.volumeClaimTemplates[0]: "set" writes claims "default/state-set-…", and so does "a" (container "main") as claim "default/state-set-0"',
    ]);
    const named = (claimName: string) =>
      JSON.parse(JSON.stringify(template).replace("state-set-0", claimName));
    for (const claimName of ["state-set", "state-set-x", "state-set-0-1"])
      expect(short(set, deployment("a", { ...recreate, template: named(claimName) }))).toEqual([]);
    expect(
      short(
        deployment("a", { ...recreate, template }),
        deployment("b", { ...recreate, template: named("state-set-1") }),
      ),
    ).toEqual([]);
  });

  test("are one where a patch changes an object of the stack, and two where it changes another one", () => {
    const patch = (name: string) => workload("apps/v1:DeploymentPatch", name, recreate);
    expect(short(deployment("web"), { ...patch("web"), name: "patch" })).toEqual([]);
    expect(short(deployment("web"), patch("other"))).toHaveLength(2);
  });

  test("are found in every kind that has pods", () => {
    const spec = { volumes: [{ name: "data", hostPath: { path: "/data/x" } }] };
    for (const [type, { pod: path, list }] of podKinds) {
      const props = built(list ? `items[].${path}` : path, spec);
      const found = short(mounting("a", { hostPath: "/data" }), { type, name: "web", props });
      const web = `"web"${list ? " (items[0])" : ""}`;
      expect([type, ...found]).toContain(
        `a volumes[0]: "a" writes directory "/data", and so does ${web} as directory "/data/x"`,
      );
    }
  });

  test("are found behind a chart's values, which say nothing of how many run", () => {
    const release = {
      type: "kubernetes:helm.sh/v3:Release",
      name: "chart",
      props: { values: { persistence: { existingClaim: "c" } } },
    };
    expect(short(release)).toEqual([]);
    expect(short(release, deployment("web"))).toEqual([
      'chart values.persistence.existingClaim: "chart" writes claim "default/c", and so does "web" (container "main")',
      'web spec.template.spec.containers[0].volumeMounts[0]: "web" (container "main") writes claim "default/c", and so does "chart"',
    ]);
  });

  test("are found where two hosts have a container of that name", () => {
    const other = {
      ...mounting("a2", { volumeName: "more" }),
      props: { name: "a", volumes: [{ volumeName: "more" }] },
    };
    const all = [mounting("a", { volumeName: "data" }), other, mounting("b", { fromContainer: "a" })];
    expect(short(...all).filter((message) => message.startsWith("b "))).toEqual([
      'b volumes[0]: "b" writes volume "data", and so does "a"',
      'b volumes[0]: "b" writes volume "more", and so does "a2"',
    ]);
  });

  test("are listed three at a time", () => {
    const all = ["a", "b", "c", "d", "e"].map((name) => mounting(name, { volumeName: "data" }));
    expect(short(...all)[0]).toBe(
      'a volumes[0]: "a" writes volume "data", and so do "b", "c", "d" and 1 more',
    );
    expect(short(...all)).toHaveLength(5);
  });
});
