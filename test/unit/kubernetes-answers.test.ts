import { describe, expect, test } from "vitest";
import type { WantedUnit } from "../../platforms/displaced.ts";
import { applicable, managerOf } from "../../platforms/kubernetes/changes.ts";
import { resultOf } from "../../platforms/kubernetes/exec.ts";
import { hasImage, pulledOr } from "../../platforms/kubernetes/image.ts";
import { linesOf, startsBefore } from "../../platforms/kubernetes/logs.ts";
import { losses } from "../../platforms/kubernetes/losses.ts";
import { nodeOf, refuseForOnePod } from "../../platforms/kubernetes/node-of.ts";
import type { ContainerState, Pod } from "../../platforms/kubernetes/objects.ts";
import { bytesOf } from "../../platforms/kubernetes/quantity.ts";
import { NotRunning } from "../../platforms/kubernetes/refusal.ts";
import { strangerIn } from "../../platforms/kubernetes/stranger.ts";
import { digest, found, image, podOfSet, statefulSet } from "./kubernetes-objects.ts";

describe("the end of a program", () => {
  const output = { pod: "p", name: "`x`", stdout: "o", stderr: "e" };
  const failure = (message: string, details = {}) => JSON.stringify({ status: "Failure", message, details });

  test("is its exit code", () => {
    expect(resultOf('{"status":"Success"}', output)).toEqual({ exitCode: 0, stdout: "o", stderr: "e" });
    const details = { causes: [{ reason: "ExitCode", message: "3" }] };
    expect(resultOf(failure("command terminated", details), output).exitCode).toBe(3);
  });

  test("is that of a shell where there is no such program", () => {
    const missing =
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "x": executable file not found in $PATH';
    expect(resultOf(failure(missing), output)).toEqual({ exitCode: 127, stdout: "o", stderr: `e${missing}` });
    const denied = "OCI runtime exec failed: exec failed: permission denied";
    expect(resultOf(failure(denied), output).exitCode).toBe(126);
  });

  test("is none where its container does not run", () => {
    expect(() => resultOf(failure("container not found"), output)).toThrow(NotRunning);
  });
});

describe("a log", () => {
  test("comes line by line, whatever pieces it comes in", async () => {
    const text = Buffer.from(
      "2026-11-30T08:00:00.5Z grüß\r\n2026-11-30T08:00:01Z \n2026-11-30T08:00:02Z rest",
    );
    for (const size of [1, 7, 1000]) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
        text.subarray(index * size, (index + 1) * size),
      );
      const lines = [];
      for await (const line of linesOf(stream(pieces))) lines.push(line);
      expect(lines).toEqual([
        { time: new Date("2026-11-30T08:00:00.5Z"), text: "grüß" },
        { time: new Date("2026-11-30T08:00:01Z"), text: "" },
        { time: new Date("2026-11-30T08:00:02Z"), text: "rest" },
      ]);
    }
  });
});

test("the log of the start before is read once, also while the next start is waited for", () => {
  const at = (restartCount: number, state: ContainerState) =>
    startsBefore(podOfSet({ containerStatuses: [{ name: "gateway", restartCount, state }] }));
  expect([at(0, { running: {} }), at(1, { running: {} })]).toEqual([false, true]);
  expect(at(1, { waiting: { reason: "CrashLoopBackOff" } })).toBe(false);
});

async function* stream(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* pieces;
}

describe("an image", () => {
  const node = (names: string[]) => ({
    metadata: { name: "n" },
    status: { images: [{ names, sizeBytes: 7 }] },
  });

  test("is on a node by repository and digest, whatever its tag", () => {
    const there = node([`registry.example.com/agent@${digest("a")}`, "registry.example.com/agent:1"]);
    expect(hasImage(there, image("a"))).toBe(true);
    expect(hasImage(there, digest("a"))).toBe(true);
    expect(hasImage(there, image("b"))).toBe(false);
    expect(hasImage(there, `elsewhere.example.com/agent@${digest("a")}`)).toBe(false);
    expect(hasImage(there, "registry.example.com/agent:1")).toBe(true);
    expect(hasImage(undefined, image("a"))).toBe(false);
  });

  test("of the Hub is known by its short name", () => {
    expect(hasImage(node([`docker.io/library/node@${digest("a")}`]), `node:24@${digest("a")}`)).toBe(true);
  });

  const look = pulledOr((why) => new Error(why));
  const pulling = (state: ContainerState, imageID?: string): Pod => ({
    metadata: { name: "p" },
    spec: { containers: [{ name: "pull" }], restartPolicy: "Never" },
    status: { containerStatuses: [{ name: "pull", state, ...(imageID && { imageID }) }] },
  });

  test("was pulled once anything came after the pull, a program that is not there too", () => {
    expect(look(pulling({ waiting: { reason: "ContainerCreating" } }))).toBeUndefined();
    expect(look(pulling({ running: {} }))).toBe(true);
    expect(look(pulling({ terminated: { exitCode: 0 } }, "x@sha256:1"))).toBe(true);
    expect(look(pulling({ terminated: { exitCode: 128, reason: "StartError" } }))).toBe(true);
    expect(look(pulling({ waiting: { reason: "RunContainerError" } }))).toBe(true);
  });

  test.each(["ErrImagePull", "ImagePullBackOff", "InvalidImageName"])("can't be had: %s", (reason) => {
    expect(() => look(pulling({ waiting: { reason, message: "no  such\nimage" } }))).toThrow("no such image");
  });
});

test("a node is that of the first claim that is in use", () => {
  const elsewhere = podOfSet({}, { name: "other" });
  elsewhere.spec = {
    ...elsewhere.spec,
    nodeName: "node-2",
    volumes: [{ name: "f", persistentVolumeClaim: { claimName: "folders" } }],
  };
  const pods = [elsewhere, podOfSet()];
  expect(nodeOf(pods, ["bot-a-state", "folders"])).toBe("node-1");
  expect(nodeOf(pods, ["folders"])).toBe("node-2");
  expect(nodeOf(pods, ["unused"])).toBeUndefined();
});

test("bytes are read as Kubernetes writes them", () => {
  expect(["512Mi", "1G", "1e3", "100", 5, "x", undefined].map(bytesOf)).toEqual([
    ...[512 * 2 ** 20, 1e9, 1000, 100, 5],
    ...[undefined, undefined],
  ]);
});

test("what is applied has neither Pulumi's keys nor the server's", () => {
  const wanted = {
    kind: "StatefulSet",
    status: {},
    __x: 1,
    spec: { __y: 2, list: [{ __z: 3, status: "stays" }] },
  };
  expect(applicable(wanted)).toEqual({ kind: "StatefulSet", spec: { list: [{ status: "stays" }] } });
});

test("what is tried is tried as the provider that has applied it", () => {
  const of = (...managedFields: object[]) => managerOf(statefulSet({}, { managedFields }));
  const ours = { manager: "clawforce-fleet", operation: "Update", subresource: "scale" };
  const theirs = { manager: "pulumi-kubernetes-1a2b3c4d", operation: "Apply" };
  expect(of(ours, { manager: "kubectl", operation: "Apply" }, theirs)).toBe("pulumi-kubernetes-1a2b3c4d");
  expect(of(ours)).toBe("clawforce-fleet");
});

describe("somebody else's", () => {
  const cluster = { kubectl: (text: string) => `kubectl ${text}`, namespace: "clawforce" };
  const sentence = (metadata: object) =>
    strangerIn(cluster, found(statefulSet({}, { labels: {}, ...metadata })), {
      stack: "prod",
      name: "bot-a",
    });

  test("is not what this stack has made for this workload", () => {
    expect(strangerIn(cluster, found(), { stack: "prod", name: "bot-a" })).toBeUndefined();
    expect(strangerIn(cluster, found(), { stack: "staging", name: "bot-a" })).toContain("of the stack prod");
  });

  test.each([
    [{ annotations: { "meta.helm.sh/release-name": "claworc" } }, "of the Helm release claworc"],
    [{ labels: { "app.kubernetes.io/managed-by": "Helm" } }, "of the Helm release (unknown)"],
    [
      { annotations: { "argocd.argoproj.io/tracking-id": "app:apps" } },
      "which Argo CD keeps as it is (app:apps)",
    ],
    [{ labels: { "kustomize.toolkit.fluxcd.io/name": "apps" } }, "which Flux keeps as it is (apps)"],
    [{}, "that no stack created"],
  ])("is told by the marks of its tool: %j", (metadata, text) => {
    expect(sentence(metadata)).toContain(text);
    expect(sentence(metadata)).toContain("`kubectl get statefulset bot-a -o yaml`");
  });
});

test("what an adopted unit would lose is named", () => {
  const container = {
    ...{ stateDirectory: "/home/node/.openclaw", environment: { TZ: "CET" }, tokenVariable: "TOKEN" },
    ...{ entrypoint: ["node"], mounts: [{ kind: "volume", source: "x", target: "/shared/" }] },
  } as unknown as WantedUnit["container"];
  const theirs = statefulSet();
  theirs.spec.template.spec.containers.push({ name: "sidecar" });
  expect(losses(found(theirs), { container })).toEqual([
    { key: "mounts./tmp", what: "its `mounts./tmp`" },
    { key: "mounts./media", what: "its `mounts./media`" },
    { key: "command", what: "its `args`" },
    { key: "memory", what: "its limit of memory (2Gi)" },
    { key: "livenessProbe", what: "its livenessProbe" },
    { key: "container sidecar", what: "the container sidecar in its pod" },
  ]);
});

describe("a claim that one pod alone may have", () => {
  const claim = (...accessModes: string[]) => ({ metadata: { name: "bot-a-state" }, spec: { accessModes } });
  const using = podOfSet();

  test("is refused to a second pod while the first has it, and not afterwards", () => {
    expect(() => refuseForOnePod(claim("ReadWriteOncePod"), [using])).toThrow(
      /^the claim bot-a-state is ReadWriteOncePod, and the pod \S+ has it/,
    );
    expect(() => refuseForOnePod(claim("ReadWriteOnce"), [using])).not.toThrow();
    expect(() => refuseForOnePod(claim("ReadWriteOncePod"), [])).not.toThrow();
    const ended = podOfSet({ phase: "Succeeded" });
    expect(() => refuseForOnePod(claim("ReadWriteOncePod"), [ended])).not.toThrow();
  });
});
