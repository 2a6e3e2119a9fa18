import { fieldOf, isMapping } from "../../config/json.ts";
import type { Path, Problem } from "../../config/problem.ts";

/** Keys of `container` that name something of Docker's, and what an operator does instead. */
const ofDocker: Readonly<Record<string, string>> = {
  ports: "a pod publishes no port. Take it out, and let a Service of yours lead there.",
  networks: "a pod has one network, that of the cluster. Take it out.",
  networkMode: "a pod has one network, that of the cluster. Take it out.",
  shmSize: 'a pod has no such setting. Take it out, and mount `{kind: tmpfs, target: "/dev/shm"}`.',
  ulimits: "a pod has no such setting. Take it out, and set it on the nodes.",
  devices: "a pod gets devices from a plugin of its node. Take it out.",
  gpus: "a pod gets graphics processors from a plugin of its node. Take it out.",
  securityOptions: "a pod has no such options. Take it out: seccomp is `RuntimeDefault` already.",
  logging: "the node keeps the log. Take it out, and set its rotation in the kubelet's configuration.",
  restart: "Kubernetes starts a pod again by itself. Take it out.",
  init: "a pod has no such setting. Take it out.",
  stopSignal: "a pod gets the signal of its image. Take it out, and set it there with STOPSIGNAL.",
  platform: "nodes run images of their own platform. Take it out.",
  options: "it holds inputs of the Docker provider. Take it out.",
};

/** A stateful set puts a hash behind the name of its pods, and that is a label. */
const longestName = 52;

/** What a stack file says that Kubernetes has no way for. */
export function kubernetesProblems(raw: unknown): Problem[] {
  const groups = Object.entries(mapping(fieldOf(raw, "instanceGroups")));
  const accessMode = fieldOf(fieldOf(fieldOf(raw, "platform"), "volumes"), "accessMode");
  return [
    ...(accessMode === "ReadWriteOncePod"
      ? [
          {
            path: ["platform", "volumes", "accessMode"],
            message:
              "a claim that one pod alone may have can't be copied while its gateway runs, so that could never be updated. Write ReadWriteOnce.",
          },
        ]
      : []),
    ...groups.flatMap(([name, group]) => groupProblems(["instanceGroups", name], group)),
    ...workloadProblems(["controlPlane"], fieldOf(raw, "controlPlane")),
    ...containerProblems(["controlPlane"], fieldOf(fieldOf(raw, "controlPlane"), "container")),
  ];
}

function groupProblems(path: Path, group: unknown): Problem[] {
  const instances = fieldOf(group, "instances");
  return [
    ...(fieldOf(group, "managed") === true
      ? [
          {
            path: [...path, "managed"],
            message:
              "instances that a control plane makes on Kubernetes are not moved yet. Take the group out, and update them with the control plane's own means.",
          },
        ]
      : []),
    ...containerProblems(path, fieldOf(group, "container")),
    ...(Array.isArray(instances) ? instances : []).flatMap((instance, index) =>
      workloadProblems([...path, "instances", index], instance),
    ),
  ];
}

function workloadProblems(path: Path, workload: unknown): Problem[] {
  const name = typeof workload === "string" ? workload : fieldOf(workload, "name");
  const at = (key: string, message: string) =>
    fieldOf(workload, key) === undefined ? [] : [{ path: [...path, key], message }];
  return [
    ...at("containerName", "a unit on Kubernetes is called as the workload is. Take it out."),
    ...(typeof name === "string" && name.length > longestName
      ? [
          {
            path: typeof workload === "string" ? path : [...path, "name"],
            message: `a name on Kubernetes has at most ${longestName} characters. Choose a shorter one.`,
          },
        ]
      : []),
    ...at("publish", "a pod publishes no port. Take it out, and let a Service of yours lead there."),
    ...at("aliases", "a pod has one name, that of its Service. Take it out."),
  ];
}

function containerProblems(path: Path, container: unknown): Problem[] {
  const place = [...path, "container"];
  const user = fieldOf(container, "user");
  const socket = fieldOf(container, "dockerSocket");
  return [
    ...(socket === undefined || socket === "none"
      ? []
      : [
          {
            path: [...place, "dockerSocket"],
            message: "a pod gets no socket of an engine: whoever has one is root on the node. Take it out.",
          },
        ]),
    ...Object.entries(ofDocker).flatMap(([key, message]) =>
      fieldOf(container, key) === undefined ? [] : [{ path: [...place, key], message }],
    ),
    ...(typeof user === "string" && !/^\d+(:\d+)?$/.test(user)
      ? [
          {
            path: [...place, "user"],
            message: `Kubernetes takes users by their numbers. Write the number of ${JSON.stringify(user)}, as in "1000:1000".`,
          },
        ]
      : []),
  ];
}

function mapping(value: unknown): object {
  return isMapping(value) ? value : {};
}
