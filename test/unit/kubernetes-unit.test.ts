import { describe, expect, test } from "vitest";
import { kindOfUnit } from "../../platforms/kubernetes/controller-kind.ts";
import { podsOf, refuseReplicas } from "../../platforms/kubernetes/found-unit.ts";
import { isThere } from "../../platforms/kubernetes/in-place.ts";
import { unhealthyBecause } from "../../platforms/kubernetes/lifecycle.ts";
import type { ContainerState, Controller, Pod } from "../../platforms/kubernetes/objects.ts";
import { unitOf } from "../../platforms/kubernetes/unit.ts";
import { digest, found, image, podOfSet, statefulSet } from "./kubernetes-objects.ts";

const kubectl = { kubectl: (command: string) => `kubectl ${command}` };

function inState(state: ContainerState, change = {}) {
  return podOfSet({
    conditions: [{ type: "Ready", status: "False", lastTransitionTime: "2026-11-30T08:00:02Z" }],
    containerStatuses: [{ name: "gateway", restartCount: 0, state, ...change }],
  });
}

describe("a unit that serves", () => {
  test("is told as the cluster has it", () => {
    expect(unitOf(found())).toEqual({
      id: "set-1/made-1",
      image: image("a"),
      imageId: digest("a"),
      status: "running",
      running: true,
      paused: false,
      health: "healthy",
      exitCode: 0,
      startedAt: "2026-11-30T08:00:05Z",
      since: "2026-11-30T08:00:20Z",
      restarts: 2,
      mounts: [
        { from: { volume: "bot-a-state" }, at: "/home/node/.openclaw", writable: true },
        { from: { volume: "shared" }, at: "/shared", writable: true },
        { from: { directory: "/srv/media" }, at: "/media", writable: false },
      ],
      stopGrace: 45,
      restart: "Kubernetes",
    });
    expect(unhealthyBecause(found())).toBeUndefined();
  });

  test("says what really runs, where its template names another image already", () => {
    const newer = statefulSet();
    newer.spec.template.spec.containers[0] = {
      ...newer.spec.template.spec.containers[0],
      ...{ name: "gateway", image: image("b") },
    };
    const unit = unitOf(found(newer));
    expect([unit.image, unit.imageId]).toEqual([image("b"), digest("a")]);
    expect(unhealthyBecause(found(newer))).toEqual({
      text: "has a pod of another image (sha256:aaaaaaaaaaaa in place of sha256:bbbbbbbbbbbb)",
      forGood: false,
    });
  });

  test("was made by a control plane where its labels say so", () => {
    const managed = statefulSet({}, { labels: { "managed-by": "claworc" } });
    expect(unitOf(found(managed)).managedBy).toBe("claworc");
  });
});

describe("its id", () => {
  test("stays through a stop, a start and an eviction, and without our annotation too", () => {
    const bare = (change = {}): Controller => {
      const set = statefulSet(change);
      set.spec.template.metadata = { labels: set.spec.template.metadata?.labels ?? {} };
      return set;
    };
    for (const set of [statefulSet, bare]) {
      const ids = [
        unitOf(found(set())),
        unitOf(found(set({ replicas: 0 }), [])),
        unitOf(found(set(), [podOfSet({}, { uid: "pod-2" })])),
      ].map(({ id }) => id);
      expect(new Set(ids).size).toBe(1);
    }
  });

  test("is another one once the template or the object is", () => {
    const changed = statefulSet();
    changed.spec.template.metadata = { annotations: { "clawforce.io/made": "made-2" } };
    const again = statefulSet({}, { uid: "set-2" });
    const ids = [statefulSet(), changed, again].map((set) => unitOf(found(set)).id);
    expect(ids).toEqual(["set-1/made-1", "set-1/made-2", "set-2/made-1"]);
  });
});

describe("a unit that does not serve", () => {
  test("is stopped at 0 replicas without a pod, with the exit code that our stop has written down", () => {
    const stopped = statefulSet({ replicas: 0 }, { annotations: { "clawforce.io/exit-code": "137" } });
    const unit = unitOf(found(stopped, []));
    expect(unit).toMatchObject({ status: "stopped", running: false, exitCode: 137, imageId: digest("a") });
    expect(unit.health).toBeUndefined();
    expect(unhealthyBecause(found(stopped, []))).toMatchObject({ forGood: true });
  });

  test("still ends as long as its pod is there", () => {
    const unit = unitOf(found(statefulSet({ replicas: 0 })));
    expect(unit).toMatchObject({ status: "terminating", running: false });
  });

  test("starts before its pod is there, and while its image is pulled", () => {
    expect(unitOf(found(statefulSet(), [])).status).toBe("starting");
    const pulling = found(statefulSet(), [inState({ waiting: { reason: "ContainerCreating" } })]);
    expect(unitOf(pulling)).toMatchObject({ status: "starting", running: true, health: "starting" });
    expect(unhealthyBecause(pulling)).toEqual({
      text: "is starting: it waits (ContainerCreating)",
      forGood: false,
    });
  });

  test.each([
    [
      { waiting: { reason: "CrashLoopBackOff", message: "back-off 10s" } },
      { lastState: { terminated: { exitCode: 3, reason: "Error" } } },
      "ends again and again (CrashLoopBackOff, exit code 3)",
    ],
    [
      { waiting: { reason: "ErrImagePull", message: "not\n found" } },
      {},
      "can't pull its image (ErrImagePull): not found",
    ],
    [
      { waiting: { reason: "CreateContainerConfigError", message: 'secret "x" not found' } },
      {},
      'names settings that are not there (CreateContainerConfigError): secret "x" not found',
    ],
  ])("is told at once where waiting does not help: %j", (state, change, text) => {
    const broken = found(statefulSet(), [inState(state, change)]);
    expect(unhealthyBecause(broken)).toEqual({ text, forGood: true });
    // Of one that never ran nothing is known of its state: see fall-back.ts.
    const hasRun = "lastState" in change || state.waiting.reason === "CrashLoopBackOff";
    const status = hasRun ? state.waiting.reason : "created";
    expect(unitOf(broken)).toMatchObject({ health: "unhealthy", status });
  });

  test("says why no node takes it, and is waited for", () => {
    const pod = podOfSet({
      phase: "Pending",
      conditions: [
        {
          type: "PodScheduled",
          status: "False",
          reason: "Unschedulable",
          message: "0/1 nodes are available",
        },
      ],
      containerStatuses: [],
    });
    expect(unhealthyBecause(found(statefulSet(), [pod]))).toEqual({
      text: "is starting: no node takes it (Unschedulable: 0/1 nodes are available)",
      forGood: false,
    });
  });

  test("is unhealthy once it was ready and is not any more", () => {
    const pod = podOfSet({
      conditions: [{ type: "Ready", status: "False", lastTransitionTime: "2026-11-30T09:00:00Z" }],
    });
    expect(unitOf(found(statefulSet(), [pod])).health).toBe("unhealthy");
  });

  test("is refused with more than one replica", () => {
    expect(() => refuseReplicas(kubectl, found(statefulSet({ replicas: 2 })))).toThrow(
      "the StatefulSet bot-a has 2 replicas, and 0 or 1 are allowed: two gateways on one state destroy it. " +
        "Run `kubectl scale statefulset bot-a --replicas 1`, then try again.",
    );
    expect(() => refuseReplicas(kubectl, found(statefulSet({ replicas: 0 })))).not.toThrow();
  });
});

describe("a controller at no replicas", () => {
  const at = (annotations: object, change = {}, pods: Pod[] = []) =>
    isThere(found(statefulSet({ replicas: 0 }, { annotations, ...change }), pods));

  test("counts as nothing until a unit was made of it, and again once that was removed", () => {
    expect(at({})).toBe(false);
    const deployment = { ...found(statefulSet({ replicas: 0 }), []), kind: "Deployment" as const };
    expect(isThere(deployment)).toBe(false);
    expect(at({ "clawforce.io/stands": "true" })).toBe(true);
  });

  test("is what it is where it has a pod, where somebody scaled it, and where it is none of ours", () => {
    expect(at({}, {}, [podOfSet()])).toBe(true);
    // The proxy is of a stack and of no workload.
    expect(at({}, { labels: { "clawforce.io/stack": "prod" } })).toBe(true);
    expect(isThere(found(statefulSet(), []))).toBe(true);
    expect(at({}, { labels: {} })).toBe(true);
  });
});

describe("the id of a unit", () => {
  test("says its kind, so that its records do", () => {
    const deployment = unitOf({ ...found(), kind: "Deployment" }).id;
    expect(deployment).toBe("deployment:set-1/made-1");
    expect(kindOfUnit({ there: deployment, track: "runtime" })).toBe("Deployment");
    expect(kindOfUnit({ there: unitOf(found()).id, track: "control-plane" })).toBe("StatefulSet");
    expect(kindOfUnit({ track: "control-plane" })).toBe("Deployment");
    expect(kindOfUnit({ track: "runtime" })).toBe("StatefulSet");
  });
});

describe("the pods of a unit", () => {
  test("are those that it owns and that have not ended", () => {
    const owner = (kind: string, name: string, uid: string) => ({
      ownerReferences: [{ apiVersion: "apps/v1", kind, name, uid, controller: true }],
    });
    const pods = [
      podOfSet(),
      podOfSet({ phase: "Failed" }, { name: "evicted" }),
      podOfSet({}, { name: "stranger", ...owner("StatefulSet", "bot-a", "set-0") }),
      podOfSet({}, { name: "of-deployment", ...owner("ReplicaSet", "bot-a-5d4f8", "rs-1") }),
      podOfSet({}, { name: "of-longer", ...owner("ReplicaSet", "bot-a-b-5d4f8", "rs-2") }),
    ];
    const names = (kind: "StatefulSet" | "Deployment") =>
      podsOf(kind, statefulSet(), pods).map(({ metadata }) => metadata.name);
    expect(names("StatefulSet")).toEqual(["bot-a-0"]);
    expect(names("Deployment")).toEqual(["of-deployment"]);
  });
});
