import { expect, test } from "vitest";
import { containerType, fleetTypes } from "../../policies/fleet-facts.ts";
import { FleetNames } from "../../policies/fleet-names.ts";
import { StackGraph } from "../../policies/stack-graph.ts";
import { setType } from "../../policies/unit-set.ts";
import { unknownText } from "../policy/props.ts";
import { linked, type StackResource } from "../policy/stack.ts";

const id = "0123456789abcdef".repeat(4);
const inside = (name: string, type = fleetTypes.workload) => ({ parent: `${name} ${type}` });
const volumeType = "docker:index/volume:Volume";

/** Three workloads, no two names of which are alike. */
const fleet: StackResource[] = [
  { type: fleetTypes.workload, name: "one" },
  {
    ...{ type: containerType, name: "one", ...inside("one") },
    props: {
      ...{ id, name: "oc-one" },
      volumes: [
        { volumeName: "mounted-one", containerPath: "/a" },
        { hostPath: "/srv/./one/", containerPath: "/b" },
        { volumeName: "models", containerPath: "/c", readOnly: true },
        { hostPath: "/srv/read", containerPath: "/d", readOnly: true },
        { hostPath: "/", containerPath: "/e" },
      ],
    },
  },
  { type: volumeType, name: "one-state", ...inside("one"), props: { name: "made-one" } },
  { type: volumeType, name: "one-other", ...inside("one"), props: { name: unknownText } },
  {
    type: "docker:index/remoteImage:RemoteImage",
    name: "kept",
    ...inside("one"),
    props: { name: "image-one" },
  },
  { type: fleetTypes.workload, name: "two" },
  {
    ...{ type: setType, name: "two", ...inside("two") },
    props: {
      ...{ id: "agents/oc-two", name: "not-two", metadata: { name: "oc-two" } },
      spec: {
        template: {
          spec: {
            containers: [{ name: "w", volumeMounts: [{ name: "state", mountPath: "/state" }] }],
            volumes: [{ name: "state", persistentVolumeClaim: { claimName: "claim-two" } }],
          },
        },
      },
    },
  },
  { type: fleetTypes.managedWorkload, name: "three" },
  { type: fleetTypes.workload, name: "four" },
  { type: containerType, name: "four", ...inside("four"), props: { name: "", id: "short" } },
];

const workload = (name: string) => `the workload "${name}"`;

test.each<[text: string, what: string | undefined, isState?: boolean]>([
  ["docker stop one", workload("one")],
  ["docker stop oc-one", workload("one")],
  ["kubectl delete sts/oc-two", workload("two")],
  ["stop three", workload("three")],
  ["stop four", workload("four")],
  ["stop not-two", undefined],
  ["docker volume rm made-one", `volume "made-one" of ${workload("one")}`, true],
  ["docker run -v mounted-one:/x", `volume "mounted-one" of ${workload("one")}`, true],
  ["docker run -vmounted-one:/x", `volume "mounted-one" of ${workload("one")}`, true],
  ["kubectl delete pvc claim-two", `claim "default/claim-two" of ${workload("two")}`, true],
  ["docker run -v models:/x", undefined],
  ["docker rmi image-one", undefined],
  ["ls /srv/one", `directory "/srv/one" of ${workload("one")}`, true],
  ["ls /srv/x/../one/y", `directory "/srv/one" of ${workload("one")}`, true],
  ["cp a root@host:/srv/one", `directory "/srv/one" of ${workload("one")}`, true],
  ["docker run -v/srv/one:/x", `directory "/srv/one" of ${workload("one")}`, true],
  ["ls --in=/srv/one", `directory "/srv/one" of ${workload("one")}`, true],
  ["ls a-v/srv/one", workload("one")],
  ["ls -1/srv/one", workload("one")],
  ["ls /srv/one-2", undefined],
  ["ls /srv/read", undefined],
  ["ls /srv", undefined],
  ["ls /", undefined],
  ["docker stop 0123456789ab", "a container of the fleet"],
  [`docker stop ${id}`, "a container of the fleet"],
  ["docker stop 0123456789a", undefined],
  ["docker stop 0123456789ac", undefined],
  ["docker stop 123456789abc", undefined],
  ["docker stop short", undefined],
  ["docker stop on?", workload("one")],
  ["docker stop o*e", workload("one")],
  ["docker stop o**e", workload("one")],
  ["docker stop *one", workload("one")],
  ["docker stop oc.o*", undefined],
  ["docker stop x*", undefined],
  ["docker stop ??", undefined],
  ["docker stop *", undefined],
  ["docker stop on-ze", undefined],
  ["echo x: y", undefined],
  ["", undefined],
])("a fleet is named by %j: %s", (text, what, isState = false) => {
  const named = new FleetNames(new StackGraph(linked(fleet))).namedIn(text);
  expect(named).toEqual(what === undefined ? undefined : { what, isState });
});

test("a program without a fleet is named by nothing", () => {
  const names = new FleetNames(new StackGraph(linked([{ type: containerType, name: "one" }])));
  expect(names.isEmpty).toBe(true);
  expect(names.namedIn("docker stop one /srv/one 0123456789ab")).toBeUndefined();
  expect(new FleetNames(new StackGraph(linked(fleet))).isEmpty).toBe(false);
});
