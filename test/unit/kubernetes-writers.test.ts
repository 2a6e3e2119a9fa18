import { describe, expect, test } from "vitest";
import { describeWriters, type Makers, writersTo } from "../../platforms/kubernetes/writers.ts";
import { podOfSet, statefulSet } from "./kubernetes-objects.ts";

const state = [{ claim: "bot-a-state", folder: undefined }];

function maker(kind: string, name: string, starts = true): Makers["controllers"][number] {
  const { metadata, spec } = statefulSet({}, { name, uid: `uid of ${name}` });
  return { kind, metadata, template: spec.template, starts, stop: `scale ${name}` };
}

const own: Makers["controllers"][number] = {
  ...maker("StatefulSet", "bot-a"),
  metadata: statefulSet().metadata,
};

function pod(name: string, change = {}, labels = {}) {
  return podOfSet({}, { name, ownerReferences: [], labels, ...change });
}

function whatOf(makers: Makers, places = state) {
  return writersTo(makers, "bot-a", places).map(({ what, place }) => `${what} has ${place}`);
}

describe("what writes to a state", () => {
  test("is not the unit itself, nor its pod, nor a job of ours", () => {
    const job = pod("job", {}, { "clawforce.io/one-shot": "bot-a" });
    expect(whatOf({ pods: [podOfSet(), job], controllers: [own] })).toEqual([]);
  });

  test("is a pod that nobody makes, and one that a Job of a similar name makes", () => {
    const ofJob = pod("bot-a-fix-x1", {
      ownerReferences: [
        { apiVersion: "batch/v1", kind: "Job", name: "bot-a-fix", uid: "job", controller: true },
      ],
    });
    expect(whatOf({ pods: [pod("loose"), ofJob], controllers: [own] })).toEqual([
      "the pod loose has the claim bot-a-state",
      "the pod bot-a-fix-x1 has the claim bot-a-state",
    ]);
  });

  test("is what would start one, named in place of its pods", () => {
    const deployment = maker("Deployment", "old-bot");
    const its = pod("old-bot-5d4f8-abcde", {
      ownerReferences: [
        { apiVersion: "apps/v1", kind: "ReplicaSet", name: "old-bot-5d4f8", uid: "rs", controller: true },
      ],
    });
    const makers = { pods: [its], controllers: [own, deployment, maker("CronJob", "nightly")] };
    expect(whatOf(makers)).toEqual([
      "the Deployment old-bot has the claim bot-a-state",
      "the CronJob nightly has the claim bot-a-state",
    ]);
    expect(describeWriters({ kubectl: (text) => `kubectl ${text}` }, writersTo(makers, "bot-a", state))).toBe(
      "something else writes to the same state: the Deployment old-bot has the claim bot-a-state, the CronJob nightly has the claim " +
        "bot-a-state. Two gateways on one state destroy it. Stop it (`kubectl scale old-bot`, `kubectl scale nightly`), then try again.",
    );
  });

  test("is not one at 0 replicas, one that has ended, nor one that only reads", () => {
    const reads = pod("reads");
    reads.spec = {
      ...reads.spec,
      containers: reads.spec.containers.map((container) => ({
        ...container,
        volumeMounts: (container.volumeMounts ?? []).map((mount) => ({ ...mount, readOnly: true })),
      })),
    };
    const ended = podOfSet({ phase: "Succeeded" }, { name: "ended", ownerReferences: [], labels: {} });
    expect(whatOf({ pods: [reads, ended], controllers: [own, maker("Deployment", "old", false)] })).toEqual(
      [],
    );
  });

  test("of a folder is what has it, what is around it and what is in it", () => {
    const withFolder = (name: string, subPath?: string) => {
      const found = pod(name);
      found.spec = {
        containers: [
          { name: "x", volumeMounts: [{ name: "f", mountPath: "/f", ...(subPath && { subPath }) }] },
        ],
        volumes: [{ name: "f", persistentVolumeClaim: { claimName: "folders" } }],
      };
      return found;
    };
    const pods = [
      withFolder("whole"),
      withFolder("same", "srv/bot-a"),
      withFolder("inside", "srv/bot-a/sub"),
      withFolder("around", "srv"),
      withFolder("beside", "srv/bot-ab"),
    ];
    const places = [{ claim: "folders", folder: "srv/bot-a" }];
    expect(writersTo({ pods, controllers: [] }, "bot-a", places).map(({ what }) => what)).toEqual([
      "the pod whole",
      "the pod same",
      "the pod inside",
      "the pod around",
    ]);
  });
});
