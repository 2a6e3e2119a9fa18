import { describe, expect, test } from "vitest";
import { jobPod, seriesPod, stdinSecret } from "../../platforms/kubernetes/job-pod.ts";
import type { Job } from "../../platforms/platform.ts";
import { settings } from "./kubernetes-objects.ts";

const job: Job = {
  ...{ workload: "bot-a/look", purpose: "hot snapshot", image: "tools@sha256:1", deadline: 60 },
  argv: ["bash", "-c", 'echo "$$ $(HOME) $1"', "name", "; rm -rf /"],
  places: [
    { from: { volume: "bot-a-state" }, at: "/state", readOnly: true },
    { from: { directory: "/var/snapshots/bot-a" }, at: "/repository", readOnly: false },
    { from: { volume: "clawforce-restic-cache" }, at: "/cache", readOnly: false },
  ],
  environment: { MODE: "a $(b) $$" },
};

/** What Kubernetes makes of a text: two dollars are one, and `$(NAME)` is the value of a variable that it knows. */
function expanded(text: string): string {
  return text.replace(/\$(\$|\((\w+)\))/g, (all, sign: string) => (sign === "$" ? "$" : all));
}

function podOf(change: Partial<Job> = {}, node?: string) {
  return jobPod({ ...job, ...change }, { name: "clawforce-x", call: "c0ffee", node, settings: settings() });
}

describe("the pod of a job", () => {
  test("runs its words as arguments, and none of them as a script", () => {
    const [work] = podOf().spec.containers;
    expect(work?.command?.map(expanded)).toEqual([
      ...["sh", "-c", 'in=$1; shift; exec "$@" <"$in" >/clawforce/out/stdout 2>/clawforce/out/stderr'],
      ...["sh", "/dev/null", ...job.argv],
    ]);
    expect(work?.env?.map(({ value }) => expanded(value ?? ""))).toEqual(["a $(b) $$"]);
  });

  test("is kept from the cluster and from every network, and ends by itself", () => {
    const { metadata, spec } = podOf();
    expect(spec).toMatchObject({
      ...{ automountServiceAccountToken: false, enableServiceLinks: false, restartPolicy: "Never" },
      ...{ activeDeadlineSeconds: 660, hostname: "clawforce" },
    });
    expect(metadata.labels?.["clawforce.io/network"]).toBe("none");
    expect(metadata.labels?.["clawforce.io/one-shot"]).toMatch(/^bot-a-look-[0-9a-f]{8}$/);
    expect(metadata.annotations).toEqual({
      "clawforce.io/one-shot-for": "bot-a/look",
      "clawforce.io/purpose": "hot snapshot",
      "clawforce.io/call": "c0ffee",
    });
  });

  test("has its places, folders as parts of the one claim", () => {
    const { spec } = podOf();
    expect(spec.containers[0]?.volumeMounts?.slice(0, 3)).toEqual([
      { name: "place-0", mountPath: "/state", readOnly: true },
      { name: "place-1", mountPath: "/repository", subPath: "var/snapshots/bot-a" },
      { name: "place-1", mountPath: "/cache", subPath: "clawforce-restic-cache" },
    ]);
    expect(spec.volumes?.slice(0, 2)).toEqual([
      { name: "place-0", persistentVolumeClaim: { claimName: "bot-a-state" } },
      { name: "place-1", persistentVolumeClaim: { claimName: "folders" } },
    ]);
  });

  test("keeps what it prints for a second container, which sees nothing else", () => {
    const keep = podOf().spec.containers[1];
    expect(keep?.volumeMounts).toEqual([{ name: "out", mountPath: "/clawforce/out", readOnly: true }]);
    expect(keep?.image).toBe("tools@sha256:1");
  });

  test("has its input from a Secret that goes with it, and in no argument or variable", () => {
    const pod = podOf({ stdin: "the-password" });
    expect(JSON.stringify(pod)).not.toContain("the-password");
    expect(pod.spec.volumes?.at(-1)).toEqual({
      name: "in",
      secret: { secretName: "clawforce-x", defaultMode: 0o400 },
    });
    const secret = stdinSecret({ ...pod, metadata: { ...pod.metadata, uid: "pod-7" } }, "the-password");
    expect(secret.metadata.ownerReferences).toEqual([
      { apiVersion: "v1", kind: "Pod", name: "clawforce-x", uid: "pod-7" },
    ]);
    expect(secret.stringData).toEqual({ stdin: "the-password" });
  });

  test("has what holds secrets on no disk", () => {
    const out = (unlogged: true | undefined) =>
      podOf(unlogged && { unlogged }).spec.volumes?.find(({ name }) => name === "out")?.emptyDir;
    expect([out(undefined), out(true)]).toEqual([{}, { medium: "Memory" }]);
  });

  test("looks first whether a folder is there, where none may be made", () => {
    const places = [
      { from: { directory: "/srv/bot-a" }, at: "/state", readOnly: false, onlyIfThere: true as const },
    ];
    const [look] = podOf({ places }).spec.initContainers ?? [];
    expect(look?.command?.slice(-2)).toEqual(["sh", "srv/bot-a"]);
    expect(look?.volumeMounts).toEqual([{ name: "place-0", mountPath: "/folders", readOnly: true }]);
    expect(podOf().spec.initContainers).toBeUndefined();
  });

  test("runs where its claims are in use, and the scheduler has its say", () => {
    expect(JSON.stringify(podOf({}, "node-1").spec.affinity)).toContain('"values":["node-1"]');
    expect(podOf({}, "node-1").spec.nodeName).toBeUndefined();
    expect(podOf().spec.affinity).toBeUndefined();
  });
});

describe("the pod of a series", () => {
  const { argv: _, ...series } = job;
  const plan = { name: "clawforce-x", call: "c0ffee", node: "node-1", settings: settings() };

  test("has the places of its jobs and does nothing by itself, in one container", () => {
    const { spec } = seriesPod(series, plan);
    const whole = podOf({}, "node-1").spec;
    expect(spec.containers).toHaveLength(1);
    const [{ command, ...own } = { command: undefined }] = spec.containers;
    const [{ command: working, ...beside } = { command: undefined }] = whole.containers;
    expect(own).toEqual(beside);
    expect(command?.join(" ")).not.toContain("exec");
    expect(working?.join(" ")).toContain("exec");
    const { containers: _one, volumes, ...rest } = spec;
    const { containers: _two, volumes: same, ...others } = whole;
    expect([rest, volumes]).toEqual([others, same]);
  });
});
