import { describe, expect, test } from "vitest";
import { noNetwork, opening, openNetwork } from "../../platforms/kubernetes/network.ts";
import { eachClaimOnce } from "../../platforms/kubernetes/places.ts";
import { scratchClaim } from "../../platforms/kubernetes/trial.ts";
import { programPod, startBy, startOf, trialPod } from "../../platforms/kubernetes/trial-pod.ts";
import type { StartSettings } from "../../platforms/platform.ts";
import { image, settings, statefulSet } from "./kubernetes-objects.ts";

const limits = { memory: 1_000_000_000, cpus: 0.5, processes: 100 };
const places = [{ from: { volume: "copy" }, at: "/home/node/.openclaw" }] as const;
const marks = { name: "drill-a", workload: "bot-a", image: image("b"), places, limits };

function trial() {
  const { template } = statefulSet().spec;
  const container = template.spec.containers[0] ?? { name: "gateway" };
  const start = startOf(template, container);
  return trialPod(
    { ...marks, environment: { TOKEN: "drill", COST: "$(TZ)" } },
    { settings: settings(), start, call: "c0ffee" },
  );
}

describe("a trial", () => {
  test("starts the image as the unit is started, with its own variables", () => {
    const [own] = trial().spec.containers;
    expect(own).toMatchObject({ image: image("b"), command: ["node"], args: ["gateway.mjs"] });
    expect(own?.env).toEqual([
      { name: "TZ", value: "UTC" },
      { name: "TOKEN", value: "drill" },
      { name: "COST", value: "$$(TZ)" },
    ]);
  });

  test("has the copy in the place of the state, and can write to nothing that serves", () => {
    const { containers, volumes } = trial().spec;
    expect(containers[0]?.volumeMounts).toEqual([
      { name: "shared", mountPath: "/shared", readOnly: true },
      { name: "tmp", mountPath: "/tmp" },
      { name: "folders", mountPath: "/media", subPath: "srv/media", readOnly: true },
      { name: "copy-place-0", mountPath: "/home/node/.openclaw" },
    ]);
    const claims = volumes?.flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []);
    expect(claims).toEqual(["shared", "folders", "copy"]);
  });

  test("is no pod of the unit: it has none of its labels, and no token of the cluster", () => {
    const { metadata, spec } = trial();
    expect(metadata.labels).toEqual({ "clawforce.io/one-shot": "bot-a", "clawforce.io/network": "none" });
    expect(spec).toMatchObject({ automountServiceAccountToken: false, restartPolicy: "Never" });
  });

  test("has the unit's memory where that is more, is asked often, and is not restarted by a probe", () => {
    const [own] = trial().spec.containers;
    expect(own?.resources?.limits).toEqual({ memory: String(2 * 2 ** 30), cpu: "500m" });
    expect(own?.readinessProbe?.periodSeconds).toBe(3);
    // A probe may name a port of its container; one of the node is the unit's alone.
    const ports = [{ name: "http", containerPort: 80, hostPort: 80 }];
    const named = { ...{ name: "gateway" }, ports };
    expect(startOf(statefulSet().spec.template, named).container.ports).toEqual([
      { name: "http", containerPort: 80 },
    ]);
    expect(own?.livenessProbe).toBeUndefined();
  });

  test("tries to reach a network before it begins", () => {
    const [proof] = trial().spec.initContainers ?? [];
    expect(proof).toMatchObject({ name: "network", image: image("b") });
  });

  test("says what it was not kept apart from", () => {
    expect(openNetwork("closed")).toBeUndefined();
    expect(openNetwork("open")).toContain("does not enforce NetworkPolicies");
    expect(openNetwork("unknown")).toContain("could not be tried");
    expect(openNetwork(undefined)).toContain("could not be tried");
  });
});

describe("a policy of the namespace", () => {
  const labels = { "clawforce.io/one-shot": "bot-a", "clawforce.io/network": "none" };
  const policy = (name: string, podSelector: object, egress?: object[]) => ({
    metadata: { name },
    spec: { podSelector, ...(egress && { egress }) },
  });
  const all = [{}];

  test("opens what another one closes, where it selects the pod and lets something out", () => {
    const policies = [
      { metadata: noNetwork.metadata, spec: noNetwork.spec },
      policy("everyone", {}, all),
      policy("closes", {}, []),
      policy("comes-in", {}),
      policy("gateways", { matchLabels: { app: "x" } }, all),
      policy("jobs", { matchLabels: { "clawforce.io/one-shot": "bot-a" } }, all),
      policy("exists", { matchExpressions: [{ key: "clawforce.io/one-shot", operator: "Exists" }] }, all),
      policy("lacks", { matchExpressions: [{ key: "clawforce.io/network", operator: "DoesNotExist" }] }, all),
      policy("in", { matchExpressions: [{ key: "app", operator: "In", values: ["x"] }] }, all),
      policy("not-in", { matchExpressions: [{ key: "app", operator: "NotIn", values: ["x"] }] }, all),
    ];
    expect(opening(policies, labels)).toEqual(["everyone", "jobs", "exists", "not-in"]);
  });
});

const otherwise: StartSettings = {
  ...{ entrypoint: ["node"], command: ["gateway.mjs"], user: "1000:1001", environment: { A: "1" } },
  mounts: [
    { kind: "volume", source: "shared", target: "/shared", readOnly: false },
    { kind: "tmpfs", target: "/scratch" },
  ],
  health: { command: ["check"], interval: 30, timeout: 5.4, retries: 3, startPeriod: 10 },
};

describe("a pod", () => {
  test("names each claim once, or it would never start", () => {
    const { volumes, mounts } = eachClaimOnce({
      volumes: [
        { name: "a", persistentVolumeClaim: { claimName: "folders" } },
        { name: "tmp", emptyDir: {} },
        { name: "b", persistentVolumeClaim: { claimName: "folders" } },
      ],
      mounts: [
        { name: "b", mountPath: "/b", subPath: "srv/b" },
        { name: "tmp", mountPath: "/tmp" },
        { name: "a", mountPath: "/a" },
      ],
    });
    expect(volumes.map(({ name }) => name)).toEqual(["a", "tmp"]);
    expect(mounts.map(({ name }) => name)).toEqual(["a", "tmp", "a"]);
  });
});

describe("a program", () => {
  test("is started by its own words, as the workload's user, on the state itself", () => {
    const program = {
      ...marks,
      purpose: "migration",
      argv: ["doctor", "--fix"],
      environment: { B: "2" },
      deadline: 60,
    };
    const start = startBy(otherwise, settings(), "drill-a");
    const { spec, metadata } = programPod(program, { settings: settings(), start, call: "c", placement: {} });
    const [own] = spec.containers;
    expect(own).toMatchObject({
      ...{ command: ["doctor", "--fix"], securityContext: { runAsUser: 1000, runAsGroup: 1001 } },
      env: [
        { name: "A", value: "1" },
        { name: "B", value: "2" },
      ],
    });
    expect(own).not.toHaveProperty("args");
    expect(own).not.toHaveProperty("readinessProbe");
    expect(own?.volumeMounts?.at(-1)).toEqual({ name: "copy-place-0", mountPath: "/home/node/.openclaw" });
    expect(metadata.annotations?.["clawforce.io/purpose"]).toBe("migration");
  });

  test("has what nobody may read in a Secret of its name", () => {
    const environment = { A: "1", KEY: "sk-$(A)", TOKEN: "t0ken" };
    const start = startBy({ ...otherwise, environment, secret: ["KEY", "TOKEN"] }, settings(), "drill-a");
    const program = { ...marks, purpose: "migration", argv: ["doctor"], environment: {}, deadline: 60 };
    const pod = programPod(program, { settings: settings(), start, call: "c", placement: {} });
    const fromSecret = (key: string) => ({
      name: key,
      valueFrom: { secretKeyRef: { name: "drill-a", key } },
    });
    expect(pod.spec.containers[0]?.env).toEqual([
      { name: "A", value: "1" },
      fromSecret("KEY"),
      fromSecret("TOKEN"),
    ]);
    expect(start.secrets).toEqual({ KEY: "sk-$(A)", TOKEN: "t0ken" });
    expect(JSON.stringify(pod)).not.toMatch(/sk-|t0ken/);
  });
});

describe("the claim of a copy", () => {
  const names = { name: "drill-a", volume: "drill-a.1", workload: "bot-a", call: "c" };
  const claim = (spec: object, status = {}) => ({ metadata: { name: "bot-a-state" }, spec, status });

  test("is like the original, and can be used twice at once", () => {
    const original = claim(
      {
        ...{ accessModes: ["ReadWriteOncePod"], storageClassName: "fast", volumeName: "pv-1" },
        resources: { requests: { storage: "1Gi" } },
      },
      { capacity: { storage: "2Gi" } },
    );
    expect(scratchClaim(original, names)).toMatchObject({
      metadata: { name: "drill-a.1", labels: { "clawforce.io/trial": "drill-a" } },
      spec: {
        ...{ accessModes: ["ReadWriteOnce"], storageClassName: "fast" },
        resources: { requests: { storage: "2Gi" } },
      },
    });
    expect(scratchClaim(original, names).spec).not.toHaveProperty("volumeName");
  });

  test("is refused where nothing would make its volume", () => {
    expect(() => scratchClaim(claim({ storageClassName: "" }), names)).toThrow(
      "the claim bot-a-state has no storage class",
    );
  });
});
