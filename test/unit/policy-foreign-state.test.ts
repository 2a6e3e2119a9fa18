import { describe, expect, it } from "vitest";
import { containerType, fleetTypes } from "../../policies/fleet-facts.ts";
import { preparationOf } from "../policy/fleet-stack.ts";
import { unknownText } from "../policy/props.ts";
import {
  type Change,
  notKnown,
  otherTrigger,
  props,
  refused,
  said,
  workloads,
} from "../policy/snapshot-stack.ts";
import type { StackResource } from "../policy/stack.ts";

function foreign(place: string, state: string): string {
  return refused(
    place,
    `it keeps state in ${state} and is no workload of the fleet`,
    "nothing copies that state before a change, so there would be no way back",
    "an instance of a group of the fleet instead, or an exemption with a reason",
  );
}

describe("state outside of workloads", () => {
  const raw =
    (more: object, type = containerType): Change =>
    (stack) => [...stack, { type, name: "raw", props: more, parent: "clawforce-prod pulumi:pulumi:Stack" }];
  const volumes = (volume: object) => ({ name: "raw", volumes: [volume] });

  it.each<[string, object, string, string]>([
    ["a volume", volumes({ volumeName: "data", containerPath: "/data" }), "volumes[0]", 'volume "data"'],
    [
      "a directory",
      volumes({ hostPath: "/srv/data", containerPath: "/data" }),
      "volumes[0]",
      'directory "/srv/data"',
    ],
    [
      "a mount",
      { mounts: [{ type: "volume", source: "data", target: "/data" }] },
      "mounts[0]",
      'volume "data"',
    ],
    [
      "another's volumes",
      volumes({ fromContainer: "third" }),
      "volumes[0]",
      'the mounts of container "third"',
    ],
  ])("is refused: %s", (_, more, path, state) => {
    expect(said(raw(more))).toEqual([foreign(`raw ${path}`, state)]);
  });

  it("is refused in a pod and in a service", () => {
    const volume = { name: "data", persistentVolumeClaim: { claimName: "data" } };
    const containers = [{ name: "gateway", volumeMounts: [{ name: "data", mountPath: "/data" }] }];
    const spec = { template: { spec: { volumes: [volume], containers } } };
    expect(said(raw({ spec }, "kubernetes:apps/v1:StatefulSet"))).toEqual([
      foreign("raw spec.template.spec.containers[0].volumeMounts[0]", 'claim "default/data"'),
    ]);
    const mounts = [{ type: "volume", source: "data", target: "/data" }];
    expect(said(raw({ taskSpec: { containerSpec: { mounts } } }, "docker:index/service:Service"))).toEqual([
      foreign("raw taskSpec.containerSpec.mounts[0]", 'volume "data"'),
    ]);
  });

  it("is none that is only read, has no name, or is the Docker socket", () => {
    for (const volume of [
      { volumeName: "data", containerPath: "/data", readOnly: true },
      { containerPath: "/data" },
      { hostPath: "/var/run/docker.sock", containerPath: "/var/run/docker.sock" },
    ]) {
      expect(said(raw(volumes(volume)))).toEqual([]);
    }
    expect(said(raw({}))).toEqual([]);
  });

  it("is refused in what is in a workload and is not its container", () => {
    const aside: Change = (stack) => [
      ...stack,
      {
        ...{ type: containerType, name: "aside", parent: `third ${fleetTypes.workload}` },
        props: volumes({ volumeName: "data", containerPath: "/data" }),
      },
    ];
    expect(said(aside)).toEqual([foreign("aside volumes[0]", 'volume "data"')]);
  });

  it("is let be for a while by the name of the resource, and nothing else is", () => {
    const exemptions = [{ resource: "raw", reason: "CHG-7", expires: "9999-12-31" }];
    expect(said(raw(volumes({ volumeName: "data" })), workloads, { exemptions })).toEqual([]);
    expect(said(raw(volumes({ volumeName: unknownText })), workloads, { exemptions })).toEqual([
      notKnown("raw volumes[0].volumeName"),
    ]);
    const other = [{ ...exemptions[0], resource: "canary-preparation" }];
    expect(said(props(preparationOf("canary"), { triggers: [] }), workloads, { exemptions: other })).toEqual([
      otherTrigger("canary"),
    ]);
  });

  const proxy =
    (more: object = {}, of: Partial<StackResource> = {}): Change =>
    (stack) => [
      ...stack,
      { type: fleetTypes.ingress, name: "ingress", parent: "clawforce-prod pulumi:pulumi:Stack" },
      {
        ...{ type: containerType, name: "ingress", parent: `ingress ${fleetTypes.ingress}`, ...of },
        props: {
          name: "front",
          volumes: [{ volumeName: "front-state", containerPath: "/home/kamal-proxy/.config/kamal-proxy" }],
          ...more,
        },
      },
    ];

  it("is let be in the proxy in front, which keeps what it is told in a volume of its own", () => {
    expect(said(proxy())).toEqual([]);
  });

  it.each<[string, Change, string]>([
    ["another volume", proxy({ name: "other" }), 'volume "front-state"'],
    [
      "another folder",
      proxy({ volumes: [{ volumeName: "front-state", containerPath: "/home/node/.openclaw" }] }),
      'volume "front-state"',
    ],
    [
      "the name of a workload",
      proxy({
        name: "third",
        volumes: [{ volumeName: "third-state", containerPath: "/home/kamal-proxy/.config/kamal-proxy" }],
      }),
      'volume "third-state"',
    ],
    ["no name", proxy({ name: null }), 'volume "front-state"'],
    [
      "a directory",
      proxy({
        volumes: [{ hostPath: "/front-state", containerPath: "/home/kamal-proxy/.config/kamal-proxy" }],
      }),
      'directory "/front-state"',
    ],
  ])("is refused in a proxy with %s", (_, change, state) => {
    expect(said(change)).toEqual([foreign("ingress volumes[0]", state)]);
  });

  it("is refused in a proxy beside its own, and in a pod that stands in its place", () => {
    const folder = "/home/kamal-proxy/.config/kamal-proxy";
    const own = { volumeName: "front-state", containerPath: folder };
    const both = (other: object) => proxy({ volumes: [own, other] });
    const all = (state: string) => [
      foreign("ingress volumes[0]", 'volume "front-state"'),
      foreign("ingress volumes[1]", state),
    ];
    expect(said(both({ volumeName: "data", containerPath: folder }))).toEqual(all('volume "data"'));
    expect(said(both({ volumeName: "front-state", containerPath: "/data" }))).toEqual(
      all('volume "front-state"'),
    );
    expect(said(both({ volumeName: unknownText, containerPath: folder }))).toEqual([
      foreign("ingress volumes[0]", 'volume "front-state"'),
      notKnown("ingress volumes[1].volumeName"),
    ]);
    const claim = { name: "data", persistentVolumeClaim: { claimName: "front-state" } };
    const pod = { type: "kubernetes:core/v1:Pod" };
    expect(said(proxy({ volumes: undefined, spec: { volumes: [claim] } }, pod))).toEqual([
      foreign("ingress spec.volumes[0]", 'claim "default/front-state"'),
    ]);
  });

  it("is refused in what only stands beside the proxy", () => {
    const outside = { parent: "clawforce-prod pulumi:pulumi:Stack" };
    expect(said(proxy({}, outside))).toEqual([foreign("ingress volumes[0]", 'volume "front-state"')]);
    expect(said(proxy({}, { name: "other" }))).toEqual([foreign("other volumes[0]", 'volume "front-state"')]);
  });
});
