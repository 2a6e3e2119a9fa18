import { describe, expect, it } from "vitest";
import { drainBudget } from "../../policies/drain-budget.ts";
import { containerType } from "../../policies/fleet-facts.ts";
import { fleetStack, image, type StackWorkload } from "../policy/fleet-stack.ts";
import { unknownText } from "../policy/props.ts";
import { allDisabled, judgedStack, type StackResource } from "../policy/stack.ts";

const gateway: StackWorkload = { name: "gateway", group: "support", image: image("a") };
const pause = { hold: 300, drain: 40, unseen: 0, stopGrace: 30, coldPass: 2, start: 150 };

function judge(resources: readonly StackResource[], config = {}): string[] {
  const messages = judgedStack(drainBudget, resources, config).map(({ message }) => message);
  const reversed = judgedStack(drainBudget, resources.toReversed(), config);
  expect(reversed.map(({ message }) => message)).toEqual(messages);
  expect(judgedStack(drainBudget, resources, allDisabled(drainBudget))).toEqual([]);
  return messages;
}

/** What the rule says of one gateway with these times, and with more properties of its container. */
function said(times: object, container: object = {}, config = {}): string[] {
  const workload = { ...gateway, container, judged: { pause: { ...pause, ...times } } };
  return judge(fleetStack({ workloads: [workload] }), config);
}

/** What it says of one resource beside the fleet. */
function saidOf(type: string, props: object, config = {}): string[] {
  return judge([...fleetStack({ workloads: [gateway] }), { type, name: "raw", props }], config);
}

function refused(place: string, what: string, why: string, write: string): string {
  return `[drain-budget] ${place}: ${what}. Why: ${why}. Write: ${write}.`;
}

const notKnown = (place: string, what = "not known at preview") =>
  refused(
    place,
    `the value is ${what}`,
    "what rests on it can't be judged",
    "a literal value, not the output of another resource",
  );

const short = (hold: number, sum: string, needed: number) =>
  refused(
    "gateway judged.pause.hold",
    `the ingress holds its requests for ${hold} s, but a cut-over may take ${sum}`,
    "when the hold is over, requests that wait are answered with 503",
    `clawforce:ingress.hold: ${needed}s, or shorter times for the others`,
  );

const killed = (place: string, write: string) =>
  refused(
    place,
    "it keeps state, but is killed at once when it has to stop",
    "what it has not written by then is lost, and a database may be damaged",
    write,
  );

describe("the hold of the ingress", () => {
  it("is as long as drain, stop, cold snapshot, start and gate together", () => {
    expect(said({ hold: 222 })).toEqual([]);
    expect(said({ hold: 221 })).toEqual([
      short(221, "222 s: drain 40 s, stop 30 s, cold snapshot 2 s, start and gate 150 s", 222),
    ]);
    expect(said({ hold: 222, coldPass: 2.26 })).toEqual([
      short(222, "222.3 s: drain 40 s, stop 30 s, cold snapshot 2.3 s, start and gate 150 s", 223),
    ]);
  });

  it("counts a cold snapshot as it was told to as long as none is on record", () => {
    const assumed = (seconds: number) =>
      `${220 + seconds} s: drain 40 s, stop 30 s, cold snapshot ${seconds} s (assumed), start and gate 150 s`;
    expect(said({ hold: 250, coldPass: 0 })).toEqual([]);
    expect(said({ hold: 249, coldPass: 0 })).toEqual([short(249, assumed(30), 250)]);
    expect(said({ coldPass: 0 }, {}, { coldPass: "2m" })).toEqual([short(300, assumed(120), 340)]);
    expect(said({}, {}, { coldPass: "2m" })).toEqual([]);
  });

  it("is none where no ingress stands in front, or a control plane makes the container", () => {
    expect(said({ hold: 0 })).toEqual([]);
    const managed = { ...gateway, managed: true, judged: { pause: { ...pause, hold: 1, unseen: 90 } } };
    expect(judge(fleetStack({ workloads: [managed] }))).toEqual([]);
  });
});

describe("the time of a workload to stop", () => {
  it("is enough for the work that nobody waits for before", () => {
    expect(said({ unseen: 30 })).toEqual([]);
    expect(said({ unseen: 30.5 })).toEqual([
      refused(
        "gateway judged.pause.stopGrace",
        "it has 30 s to stop, and 30.5 s of work that nobody can see may be active",
        "work that has not ended by then is cut, and nothing says so",
        "stopGrace: 31s, or `drain.http` or `drain.command`, which wait for the work before the stop",
      ),
    ]);
    expect(said({ drain: 90, hold: 0 })).toEqual([]);
  });

  it("is the same for its container, and for Docker itself", () => {
    const grace = (seconds: number) =>
      refused(
        "gateway destroyGraceSeconds",
        `it is ${seconds} s, but the workload has 30 s to stop`,
        "a removal without a cut-over would kill it too early",
        "destroyGraceSeconds: 30",
      );
    const timeouts = (seconds: number) =>
      refused(
        "gateway stopTimeout",
        `it is not the same as destroyGraceSeconds, which is ${seconds} s`,
        "Docker itself stops by stopTimeout: when the host shuts down, and on `docker stop`",
        `stopTimeout: ${seconds}`,
      );
    expect(said({}, { destroyGraceSeconds: 29, stopTimeout: 29 })).toEqual([grace(29)]);
    expect(said({}, { destroyGraceSeconds: 60, stopTimeout: 60 })).toEqual([]);
    for (const stopTimeout of [0, 29, 60, null, undefined]) {
      expect(said({}, { stopTimeout })).toEqual([timeouts(30)]);
    }
    expect(said({}, { destroyGraceSeconds: 1 })).toEqual([grace(1), timeouts(1)]);
    expect(said({}, { stopTimeout: unknownText })).toEqual([notKnown("gateway stopTimeout")]);
  });

  it.each([[0], [-1], [null], [undefined]])(
    "is refused as %s: that is an immediate kill",
    (destroyGraceSeconds) => {
      expect(said({}, { destroyGraceSeconds })).toEqual([
        killed("gateway destroyGraceSeconds", "destroyGraceSeconds: 30"),
      ]);
    },
  );

  it("is refused that is not known", () => {
    expect(said({}, { destroyGraceSeconds: unknownText })).toEqual([notKnown("gateway destroyGraceSeconds")]);
  });
});

describe("what keeps state and is no workload", () => {
  const data = [{ volumeName: "data", containerPath: "/data" }];
  const docker = (props: object) => saidOf(containerType, { volumes: data, ...props });

  it("has any time at all to stop", () => {
    expect(docker({ destroyGraceSeconds: 1 })).toEqual([]);
    expect(docker({})).toEqual([killed("raw destroyGraceSeconds", "destroyGraceSeconds: 30")]);
    expect(docker({ destroyGraceSeconds: 30, stopTimeout: 0 })).toEqual([
      killed("raw stopTimeout", "stopTimeout: 30"),
    ]);
    expect(docker({ destroyGraceSeconds: "30" })).toEqual([
      notKnown("raw destroyGraceSeconds", "missing or of another shape"),
    ]);
  });

  it.each(["SIGKILL", "KILL", "9", "sigkill"])("is not stopped by %s", (stopSignal) => {
    expect(docker({ destroyGraceSeconds: 30, stopSignal })).toEqual([
      killed("raw stopSignal", "SIGTERM, or nothing"),
    ]);
    expect(docker({ destroyGraceSeconds: 30, stopSignal: `${stopSignal}9` })).toEqual([]);
    expect(docker({ destroyGraceSeconds: 30, stopSignal: `X${stopSignal}` })).toEqual([]);
  });

  it("may have what the host fills in: that is not known before", () => {
    expect(docker({ destroyGraceSeconds: 30, stopTimeout: unknownText, stopSignal: unknownText })).toEqual(
      [],
    );
  });

  it("is judged where its state can't be read, and let be where there is none", () => {
    for (const volumes of [
      [{ volumeName: "data", containerPath: "/data", readOnly: true }],
      [{ containerPath: "/data" }],
      [],
    ]) {
      expect(saidOf(containerType, { volumes })).toEqual([]);
    }
    expect(saidOf(containerType, { volumes: unknownText })).toEqual([
      killed("raw destroyGraceSeconds", "destroyGraceSeconds: 30"),
    ]);
    expect(saidOf("docker:index/volume:Volume", { volumes: data })).toEqual([]);
  });

  it("has time as a service too, which Docker gives 10 s by itself", () => {
    const service = (more: object) => {
      const mounts = [{ type: "volume", source: "data", target: "/data" }];
      return saidOf("docker:index/service:Service", { taskSpec: { containerSpec: { mounts, ...more } } });
    };
    const at = "raw taskSpec.containerSpec";
    for (const stopGracePeriod of [undefined, "1s", "0m1s", "10ms"]) {
      expect(service({ stopGracePeriod })).toEqual([]);
    }
    for (const stopGracePeriod of ["0s", "0", "0m0s"]) {
      expect(service({ stopGracePeriod })).toEqual([killed(`${at}.stopGracePeriod`, "30s")]);
    }
    expect(service({ stopSignal: "SIGKILL" })).toEqual([killed(`${at}.stopSignal`, "SIGTERM, or nothing")]);
    expect(service({ stopGracePeriod: "" })).toEqual([]);
  });
});

describe("a pod with state", () => {
  const volume = { name: "data", persistentVolumeClaim: { claimName: "data" } };
  const grace = (terminationGracePeriodSeconds: unknown, volumes: object[] = [volume]) => ({
    ...{ volumes, containers: [{ name: "gateway", volumeMounts: [{ name: "data", mountPath: "/data" }] }] },
    terminationGracePeriodSeconds,
  });
  const set = (pod: object) => ({ spec: { template: { spec: pod } } });
  const kind = "kubernetes:apps/v1:StatefulSet";
  const refusedAt = (path: string, seconds: number, minimum = 30) =>
    refused(
      `raw ${path}terminationGracePeriodSeconds`,
      `it keeps state, and has ${seconds} s to stop`,
      "what it has not written by then is lost, and a database may be damaged",
      `${minimum} or more`,
    );
  const path = "spec.template.spec.";

  it("has 30 s to stop, or what the configuration asks for", () => {
    expect(saidOf(kind, set(grace(30)))).toEqual([]);
    expect(saidOf(kind, set(grace(undefined)))).toEqual([]);
    expect(saidOf(kind, set(grace(29)))).toEqual([refusedAt(path, 29)]);
    expect(saidOf(kind, set(grace(0)))).toEqual([refusedAt(path, 0)]);
    expect(saidOf(kind, set(grace(30)), { minimumGrace: "1m" })).toEqual([refusedAt(path, 30, 60)]);
    expect(saidOf(kind, set(grace(5)), { minimumGrace: "5s" })).toEqual([]);
  });

  it("is asked for more than Kubernetes gives where the configuration does", () => {
    expect(saidOf(kind, set(grace(undefined)), { minimumGrace: "1m" })).toEqual([refusedAt(path, 30, 60)]);
    expect(saidOf(kind, set(grace(undefined)), { minimumGrace: "30s" })).toEqual([]);
  });

  it("is none without a claim, or that only reads it", () => {
    expect(saidOf(kind, set(grace(0, [{ name: "data", emptyDir: {} }])))).toEqual([]);
    const readOnly = { ...volume, persistentVolumeClaim: { claimName: "data", readOnly: true } };
    expect(saidOf(kind, set(grace(0, [readOnly])))).toEqual([]);
    expect(saidOf(kind, {})).toEqual([]);
  });

  it("is found in a list, and in a patch whatever that names", () => {
    const items = [set(grace(30)), set(grace(1)), set(grace(1, []))];
    expect(saidOf("kubernetes:apps/v1:StatefulSetList", { items })).toEqual([
      refusedAt(`items[1].${path}`, 1),
    ]);
    expect(saidOf(`${kind}Patch`, set({ terminationGracePeriodSeconds: 0 }))).toEqual([refusedAt(path, 0)]);
    expect(saidOf(`${kind}Patch`, set({}), { minimumGrace: "1m" })).toEqual([]);
  });

  it("is refused where that is not known", () => {
    expect(saidOf(kind, set(grace(unknownText)))).toEqual([
      notKnown(`raw ${path}terminationGracePeriodSeconds`),
    ]);
    expect(saidOf(kind, set(grace(unknownText)), { minimumGrace: "1m" })).toEqual([
      notKnown(`raw ${path}terminationGracePeriodSeconds`),
    ]);
    expect(saidOf(kind, set(grace("30")))).toEqual([
      notKnown(`raw ${path}terminationGracePeriodSeconds`, "missing or of another shape"),
    ]);
    expect(saidOf(kind, { spec: unknownText })).toEqual([notKnown("raw spec")]);
  });
});

it("refuses times that can't be read", () => {
  const fact = (key: string, what: string) =>
    refused(
      `gateway judged.pause.${key}`,
      `the fact is ${what}`,
      "what rests on it can't be judged",
      "the components of this fleet as they are, with facts that are known at preview",
    );
  for (const key of Object.keys(pause)) {
    expect(said({ [key]: unknownText })).toEqual([fact(key, "not known at preview")]);
    expect(said({ [key]: "30" })).toEqual([fact(key, "missing or of another shape")]);
  }
});
