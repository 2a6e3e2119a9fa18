import { describe, expect, it, test } from "vitest";
import { controlPlaneEdits, controlPlaneText } from "../../fleet/adopt-control-plane.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { adoptedControlPlane, adoptedUnit } from "../../platforms/kubernetes/adopted-unit.ts";
import type { FoundUnit } from "../../platforms/kubernetes/found-unit.ts";
import { releaseOf } from "../../platforms/kubernetes/helm-release.ts";
import { handedOn } from "../../platforms/kubernetes/kept-unit.ts";
import { losses } from "../../platforms/kubernetes/losses.ts";
import type { Controller, Service } from "../../platforms/kubernetes/objects.ts";
import { keeperOf } from "../../platforms/kubernetes/stranger.ts";
import { unfitFor } from "../../platforms/kubernetes/unfit.ts";
import { rawConfig } from "./config-fixture.ts";
import { digest, found, image, podOfSet, statefulSet } from "./kubernetes-objects.ts";

const cluster = { kubectl: (command: string) => `kubectl ${command}` };
const selected = { "app.kubernetes.io/name": "claworc" };
const ofHelm = {
  labels: { ...selected, "app.kubernetes.io/managed-by": "Helm" },
  annotations: { "meta.helm.sh/release-name": "claw" },
};
const service: Service = { metadata: { name: "claworc" }, spec: { ports: [{ name: "http", port: 8000 }] } };
const digestOfPod = digest("a");

/** As the chart makes it, and as it runs. */
function plane(change: Partial<Controller["spec"]> = {}, pod: Record<string, unknown> = {}): FoundUnit {
  const container = {
    ...{ name: "claworc", image: "claworc/claworc:latest" },
    env: [
      { name: "CLAWORC_DATA_PATH", value: "/app/data" },
      { name: "ADMIN_PASSWORD", value: "hush" },
      { name: "MODEL_KEY", valueFrom: { secretKeyRef: { name: "keys", key: "model" } } },
    ],
    ports: [
      { name: "http", containerPort: 8000 },
      { name: "ssh", containerPort: 2222 },
    ],
    readinessProbe: { exec: { command: ["wget", "-q"] }, periodSeconds: 5 },
    livenessProbe: { httpGet: {} },
    resources: { limits: { memory: "2Gi", cpu: "500m" } },
    volumeMounts: [{ name: "data", mountPath: "/app/data" }],
  };
  const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "claworc-data" } }];
  const spec = { serviceAccountName: "claworc", containers: [container], volumes, ...pod };
  const controller = statefulSet(
    {
      ...{ replicas: 1, strategy: { type: "Recreate" }, selector: { matchLabels: selected } },
      template: { metadata: { labels: selected }, spec },
      ...change,
    },
    { name: "claworc", ...ofHelm },
  );
  const running = podOfSet({
    containerStatuses: [
      {
        ...{ name: "claworc", ready: true, restartCount: 0 },
        state: { running: { startedAt: "2026-11-30T08:00:05Z" } },
        imageID: `docker.io/claworc/claworc@${digestOfPod}`,
      },
    ],
  });
  return { kind: "Deployment", controller, pods: [running] };
}

const readAs = (unit: FoundUnit, user: string | undefined) =>
  adoptedControlPlane(cluster, { found: unit, service, user }, {}, []);
const read = (unit = plane()) => readAs(unit, "0:0");

describe("a control plane of a Helm release", () => {
  it("is read into lines that a stack on Kubernetes takes, with its image by the digest that runs", () => {
    const adoption = read();
    const lines = controlPlaneEdits(adoption, rawConfig()).at(-1)?.value;
    expect(lines).toEqual({
      name: "claworc",
      image: `claworc/claworc@${digestOfPod}`,
      data: { volume: "claworc-data" },
      database: "claworc.db",
      adopt: "claworc",
      container: {
        user: "0:0",
        environment: { CLAWORC_DATA_PATH: "/app/data" },
        secrets: { ADMIN_PASSWORD: "admin-password", MODEL_KEY: "model-key" },
        labels: selected,
        ...{ memory: "2 GiB", cpus: 0.5, serviceAccount: "claworc" },
        health: { command: ["wget", "-q"], interval: "5s" },
      },
    });
    const raw = rawConfig({ platform: { kind: "kubernetes" }, controlPlane: lines });
    expect(() => parseStackConfig(raw)).not.toThrow();
  });

  it("says what it can't express, what is a secret, and what becomes of the release; and no value", () => {
    const text = controlPlaneText(read(), "prod", rawConfig(), false);
    expect(text).toContain("The new container would not have its port 2222 by the name ssh.");
    expect(text).toContain("The new container would not have its livenessProbe.");
    expect(text).toContain("It is of the Helm release claw.");
    expect(text).toContain("Its image claworc/claworc:latest says no version.");
    expect(text).toContain(`kubectl get secret keys --output 'go-template={{index .data "model"}}' | base64`);
    expect(text).toContain(`env[?(@.name=="ADMIN_PASSWORD")].value}' | pulumi config set`);
    expect(text).toContain("changes it in its place");
    expect(text).not.toContain("hush");
    expect(text).not.toContain("docker");
  });

  it("whose image no registry knows by a digest can't be adopted", () => {
    const unit = plane();
    const local = { ...unit, pods: [podOfSet({ containerStatuses: [] })] };
    const adoption = read(local);
    expect(adoption.image).toBeUndefined();
    expect(controlPlaneText(adoption, "prod", rawConfig(), false)).toContain(
      "has no digest that a registry knows",
    );
  });

  it("does not say whom it runs as where neither it nor its pod does", () => {
    expect(readAs(plane(), undefined).notes.join("\n")).toContain("Write `container.user`");
    const own = plane({}, { securityContext: { runAsUser: 1000 } });
    expect(read(own).settings.user).toBe("1000:1000");
  });

  test.each([
    [
      "a part of a claim",
      { volumeMounts: [{ name: "data", mountPath: "/app/data", subPath: "x" }] },
      "no whole",
    ],
    ["no claim", { volumeMounts: [{ name: "data", mountPath: "/data" }] }, "has no claim at /app/data"],
  ])("with its data in %s is refused", (_, change, sentence) => {
    const unit = plane();
    const [container] = unit.controller.spec.template.spec.containers;
    expect(() => read(plane({}, { containers: [{ ...container, ...change }] }))).toThrow(sentence);
  });
});

describe("a gateway that somebody else has made", () => {
  it("is read with its token and its claim", () => {
    const theirs = found(statefulSet({}, { labels: {} }));
    const asked = { stateDirectory: "/home/node/.openclaw", port: 18_789 };
    const adoption = adoptedUnit(cluster, { found: theirs, service: undefined, user: "1000:1000" }, asked);
    expect(adoption).toMatchObject({
      ...{ container: "bot-a", instance: "bot-a", image: image("a"), state: { volume: "bot-a-state" } },
      ...{ stopGrace: "45s", secrets: { TOKEN: "token" }, inPlace: true },
    });
    expect(() =>
      adoptedUnit(cluster, { found: found(), service: undefined, user: "1000:1000" }, asked),
    ).toThrow("bot-a belongs to the stack prod already");
  });
});

test("who owns its fields hands them on, each by a name of its own", () => {
  const names = (...managers: string[]) =>
    handedOn(managers.map((manager) => ({ manager, operation: "Update" }))).map(({ manager }) => manager);
  expect(names("helm", "kube-controller-manager")).toEqual(["kubectl-helm", "kube-controller-manager"]);
  expect(handedOn([{ manager: "clawforce-fleet", subresource: "scale" }])).toEqual([
    { manager: "clawforce-fleet", subresource: "scale" },
  ]);
  // The second attempt: what was put back is owned by a name that the first one has given.
  expect(new Set(names("kubectl-clawforce-fleet", "clawforce-fleet")).size).toBe(2);
  // An apply and an update by one name are two owners, and stay two.
  expect(new Set(names("helm", "helm", "kubectl-helm")).size).toBe(3);
});

describe("what can't be changed in its place", () => {
  const unfit = (unit: FoundUnit, own = service, labels: Record<string, string> = selected) =>
    unfitFor(cluster, unit, own, { container: { labels, port: 8000 } as never });

  test.each<[string, FoundUnit, RegExp]>([
    [
      "a second pod beside the first",
      plane({ strategy: { type: "RollingUpdate" } }),
      /patch deployment\/claworc/,
    ],
    ["two replicas", plane({ replicas: 2 }), /has 2 pods on one state.*--replicas 1/],
    ["claims of a template", plane({ volumeClaimTemplates: [{}] }), /volumeClaimTemplates/],
    ["an update strategy", plane({ updateStrategy: { type: "OnDelete" } }), /updateStrategy of its own/],
  ])("is said with what to do: %s", (_, unit, sentence) => {
    expect(unfit(unit)).toHaveLength(1);
    expect(unfit(unit)[0]).toMatch(sentence);
  });

  it("is its selector, whose labels its pod has to keep", () => {
    expect(unfit(plane())).toEqual([]);
    expect(unfit(plane(), service, {})).toEqual([
      'claworc finds its pod by labels that can\'t change. Write {"app.kubernetes.io/name":"claworc"} under `container.labels`.',
    ]);
  });

  it("is a Service that leads elsewhere", () => {
    const other: Service = { metadata: { name: "claworc" }, spec: { ports: [{ port: 80 }] } };
    expect(unfit(plane(), other)[0]).toContain("its Service claworc has no port 8000");
  });

  it("is what something sets back", () => {
    const unit = plane();
    const labels = { ...unit.controller.metadata.labels, "argocd.argoproj.io/instance": "apps" };
    const kept = {
      ...unit,
      controller: { ...unit.controller, metadata: { ...unit.controller.metadata, labels } },
    };
    expect(unfit(kept)[0]).toContain("is kept as it is by Argo CD (apps)");
    expect(keeperOf(ofHelm as never)).toBeUndefined();
    expect(releaseOf(ofHelm)).toBe("claw");
  });
});

describe("what a unit of somebody else's has more", () => {
  const keys = (unit: FoundUnit, container: object) =>
    losses(unit, { container: { stateDirectory: "/app/data", port: 8000, ...container } as never }).map(
      ({ key }) => key,
    );

  it("is told by its key, and not where the stack file says it", () => {
    const pod = { imagePullSecrets: [{ name: "registry" }], nodeSelector: {} };
    expect(keys(plane({}, pod), {})).toEqual([
      ...["environment.CLAWORC_DATA_PATH", "environment.ADMIN_PASSWORD", "environment.MODEL_KEY"],
      ...["serviceAccount", "pod.imagePullSecrets", "ports.2222", "memory", "cpus", "livenessProbe"],
    ]);
    const said = {
      environment: { CLAWORC_DATA_PATH: "" },
      secrets: { ADMIN_PASSWORD: "a", MODEL_KEY: "b" },
      ...{ serviceAccount: "claworc", memory: 1, cpus: 1 },
    };
    expect(keys(plane(), said)).toEqual(["ports.2222", "livenessProbe"]);
  });
});
