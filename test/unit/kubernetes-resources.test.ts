import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import type { Situation } from "../../lifecycle/update/situation.ts";
import { kubernetesResources } from "../../platforms/kubernetes/resources.ts";
import { kubernetesSettings } from "../../platforms/kubernetes/settings.ts";
import { fleetOf, secretText } from "../support/fleet-program.ts";
import { type Registered, withSecrets } from "../support/mock-engine.ts";
import { pinned } from "../support/pinned-program.ts";
import { neverStarted } from "../support/surveyed.ts";
import { type Changes, candidate, digest, rawConfig, stable } from "./config-fixture.ts";

const settings = kubernetesSettings.parse({ kind: "kubernetes", namespace: "agents", folders: "folders" });

const changes: Changes = {
  "instanceGroups.support.instances": [
    {
      name: "canary",
      hosts: ["canary.test"],
      mounts: [{ kind: "bind", source: "/auth/canary", target: "/home/node/.config/openclaw", state: true }],
    },
    { name: "support-1", hosts: ["one.test"] },
  ],
  "instanceGroups.support.container": {
    command: ["gateway", "--bind", "lan"],
    user: "1000:1000",
    environment: { NODE_ENV: "production" },
    secrets: { MODEL_API_KEY: "model-key" },
    tokenVariable: "OPENCLAW_GATEWAY_TOKEN",
    memory: "1 GiB",
    cpus: 2,
    readOnly: true,
    mounts: [
      { kind: "volume", source: "models", target: "/models", readOnly: true },
      { kind: "tmpfs", target: "/tmp", size: "64 MiB" },
    ],
    extraHosts: { "models.internal": "10.0.0.7" },
    capabilities: { add: ["NET_BIND_SERVICE"] },
  },
  ingress: {
    image: `registry.example.com/kamal-proxy:0.9.2@${digest("9")}`,
    publish: { address: "0.0.0.0", port: 8080 },
  },
};

function registered(change: Changes = {}, trigger?: string): Promise<Registered[]> {
  const config = parseStackConfig(rawConfig({ ...structuredClone(changes), ...change }));
  const situations = neverStarted(config).map((each) =>
    trigger === undefined ? each : { ...each, made: { ...each.made, trigger } },
  );
  return fleetOf(config, situations, { resources: kubernetesResources(settings) });
}

const found = (all: readonly Registered[], type: string, name = "canary") => {
  const one = all.find((each) => each.type === type && each.name === name);
  if (one === undefined) throw new Error(`there is no ${type} ${name}`);
  return one;
};
interface Template {
  spec: {
    volumes: { persistentVolumeClaim?: { claimName: string } }[];
    containers: { volumeMounts: { name: string; subPath?: string }[] }[];
  };
}

const setType = "kubernetes:apps/v1:StatefulSet";
const deploymentType = "kubernetes:apps/v1:Deployment";

describe("a stack on Kubernetes", () => {
  let all: Registered[];
  beforeAll(async () => {
    all = await registered();
  });

  it("is what is pinned: each line that changes is an operation on what people run", async () => {
    const file = fileURLToPath(new URL("./pinned/kubernetes.json", import.meta.url));
    await expect(`${JSON.stringify(pinned(all), null, 2)}\n`).toMatchFileSnapshot(file);
  });

  it("is made and changed at no replicas, and started by a program with the hooks of a creation", () => {
    const set = found(all, setType);
    expect(set.inputs).toMatchObject({ spec: { replicas: 0 } });
    expect(set.options).toMatchObject({
      ignoreChanges: ["spec.replicas", "spec.selector", "spec.serviceName"],
      hooks: { beforeUpdate: ["replace"], beforeDelete: ["cut-over"] },
    });
    const start = found(all, "command:local:Command");
    expect(start.dependencies).toContain(set.urn);
    expect(start.options).toMatchObject({
      deleteBeforeReplace: true,
      hooks: { beforeCreate: ["restore"], onError: ["way-back"] },
    });
    expect(start.inputs.create).toBe("operations/make.ts");
  });

  const made = (of: readonly Registered[]) => ({
    template: (found(of, setType).inputs as { spec: { template: unknown } }).spec.template,
    start: found(of, "command:local:Command").inputs.triggers,
  });
  const startAnnotation = (of: readonly Registered[]) =>
    (found(of, setType).inputs as { metadata: { annotations: Record<string, string> } }).metadata.annotations[
      "clawforce.io/start"
    ];

  it("is started anew exactly where its pod is another one", async () => {
    const now = made(all);
    for (const change of [{}, { "instanceGroups.support.container.memory": "2 GiB" }]) {
      const other = made(await registered(change, Object.keys(change).length === 0 ? "another" : undefined));
      expect(other.template).not.toEqual(now.template);
      expect(other.start).not.toEqual(now.start);
      expect(other.start).toEqual([
        startAnnotation(await registered(change, Object.keys(change).length === 0 ? "another" : undefined)),
      ]);
    }
    expect(made(await registered({ "instanceGroups.support.bake": "30m" }))).toEqual(now);
  });

  it("keeps its pod where nothing may start it anew", async () => {
    const config = parseStackConfig(rawConfig(structuredClone(changes)));
    const [canary, ...others] = neverStarted(config);
    if (canary === undefined) throw new Error("there is no workload");
    const records = [{ kind: "repaired", time: "2026-05-01T00:00:00Z" }] as never;
    // Its records do not reach back to where it was made.
    const cut = { ...canary, move: { kind: "none", to: canary.input.image } as const, records };
    const kept = await fleetOf(config, [cut, ...others], { resources: kubernetesResources(settings) });
    // Its state keeps what it was started for: the next change of the pod is compared with that.
    expect(found(kept, "command:local:Command").options.ignoreChanges).toEqual(["*"]);
    expect(found(all, "command:local:Command").options.ignoreChanges).toBeUndefined();
    expect(found(kept, setType).options.ignoreChanges).toContain("spec.template.spec.containers[0].env");
    expect(found(kept, setType).options.ignoreChanges).not.toContain(
      "spec.template.spec.containers[0].image",
    );
  });

  it("gets a new value of a secret after it was stopped, and before it starts", () => {
    const [set, secret] = [found(all, setType), found(all, "kubernetes:core/v1:Secret")];
    expect(set.dependencies).not.toContain(secret.urn);
    expect(secret.dependencies).toContain(set.urn);
    expect(found(all, "command:local:Command").dependencies).toContain(secret.urn);
  });

  it("hands on what it is told as it is: Kubernetes puts nothing in the place of a dollar", async () => {
    const container = "instanceGroups.support.container";
    const dollars = await registered({
      [`${container}.environment`]: { PRICE: "5$", HOME_OF: "$(HOME)" },
      [`${container}.command`]: ["gateway", "$(HOME)"],
    });
    const { template } = (found(dollars, setType).inputs as { spec: { template: Template } }).spec;
    expect(template.spec.containers[0]).toMatchObject({
      args: ["gateway", "$$(HOME)"],
      env: expect.arrayContaining([
        { name: "HOME_OF", value: "$$(HOME)" },
        { name: "PRICE", value: "5$$" },
      ]),
    });
  });

  it("is a Deployment for a control plane, changed and started in the same way", async () => {
    const plane = { controlPlane: { image: candidate } };
    const deployment = found(await registered(plane), deploymentType, "clawforce");
    const set = found(all, setType);
    expect(deployment.inputs).toMatchObject({ spec: { replicas: 0, strategy: { type: "Recreate" } } });
    expect(deployment.inputs).not.toHaveProperty("spec.serviceName");
    expect(deployment.options).toMatchObject({
      ignoreChanges: ["spec.replicas", "spec.selector"],
      hooks: set.options.hooks,
    });
  });

  it("stays the kind of thing that it is: another one would be made beside it", async () => {
    const config = parseStackConfig(rawConfig({ controlPlane: { image: candidate } }));
    const [plane, ...others] = neverStarted(config);
    if (plane === undefined) throw new Error("there is no workload");
    const madeAs = async (change: Partial<Situation>) => {
      const situations = [{ ...plane, ...change }, ...others];
      const made = await fleetOf(config, situations, { resources: kubernetesResources(settings) });
      return made.filter(({ type, name }) => type.startsWith("kubernetes:apps") && name === "clawforce");
    };
    const types = async (change: Partial<Situation>) => (await madeAs(change)).map(({ type }) => type);
    const gate = (container: string) => [{ kind: "gate", container }] as never;
    expect(await types({ observed: { id: "1b671a64/made" } as never })).toEqual([setType]);
    expect(await types({ observed: { id: "deployment:1b671a64/made" } as never })).toEqual([deploymentType]);
    // Stopped for a change it counts as gone: its records know it.
    expect(await types({ hearsay: gate("1b671a64/made") })).toEqual([setType]);
    expect(await types({ hearsay: gate("deployment:1b671a64/made") })).toEqual([deploymentType]);
  });

  it("imports what it adopts, changes nothing but the controller, and keeps what that was found by", async () => {
    const plane = {
      image: stable,
      adopt: "clawforce",
      data: { volume: "claworc-data" },
      container: { serviceAccount: "claworc" },
    };
    const config = parseStackConfig(rawConfig({ platform: { kind: "kubernetes" }, controlPlane: plane }));
    const [wanted, ...others] = neverStarted(config);
    if (wanted === undefined) throw new Error("there is no workload");
    const stranger = { name: "clawforce", id: "deployment:1/2", restart: "Kubernetes", beside: ["Service"] };
    const adopts = { kind: "adopt", from: stable, to: stable, stranger } as const;
    const left = [{ kind: "cut-over", stranger: { ...stranger, did: "left" } }] as never;
    const made = async (change: Partial<Situation>) =>
      fleetOf(config, [{ ...wanted, ...change }, ...others], { resources: kubernetesResources(settings) });
    const now = await made({ move: adopts });
    const later = await made({ observed: { id: stranger.id, image: stable } as never, hearsay: left });
    const ofPlane = (all: readonly Registered[], type: string, name = "clawforce") =>
      all.find((each) => each.type === type && each.name === name);
    const options = (all: readonly Registered[], type: string, name?: string) =>
      ofPlane(all, type, name)?.options;
    const claim = "kubernetes:core/v1:PersistentVolumeClaim";
    const kept = ["metadata.labels", "metadata.annotations", "metadata.finalizers", "spec"];
    expect(options(now, claim, "clawforce-state")).toMatchObject({
      ...{ import: "agents/claworc-data", protect: true, retainOnDelete: true, ignoreChanges: kept },
    });
    expect(options(now, "kubernetes:core/v1:Service")).toMatchObject({
      ...{ import: "agents/clawforce", retainOnDelete: true, ignoreChanges: kept },
    });
    expect(options(now, deploymentType)).toMatchObject({
      ...{ import: "agents/clawforce", protect: true, retainOnDelete: true },
      ignoreChanges: ["spec.replicas", "spec.selector"],
    });
    const force = 'metadata.annotations["pulumi.com/patchForce"]';
    expect(options(later, deploymentType)).not.toHaveProperty("import");
    expect(options(later, deploymentType)?.ignoreChanges).toContain(force);
    expect(options(later, claim, "clawforce-state")).not.toHaveProperty("import");
    expect(options(later, "kubernetes:core/v1:Service")?.ignoreChanges).toEqual(kept);
    // Whoever reached it before must reach it still.
    for (const all of [now, later])
      expect(ofPlane(all, "kubernetes:networking.k8s.io/v1:NetworkPolicy")).toBeUndefined();
    const { inputs } = found(now, deploymentType, "clawforce");
    const pod = (inputs as { spec: { template: { spec: object } } }).spec.template.spec;
    expect(pod).toMatchObject({ serviceAccountName: "claworc", automountServiceAccountToken: true });
  });

  it("names each claim once, or its pod would never start", async () => {
    const twice = [
      { kind: "bind", source: "/auth/a", target: "/auth/a" },
      { kind: "bind", source: "/auth/b", target: "/auth/b" },
      { kind: "volume", source: "models", target: "/models" },
    ];
    const folders = await registered({ "instanceGroups.support.container.mounts": twice });
    const { template } = (found(folders, setType, "support-1").inputs as { spec: { template: Template } })
      .spec;
    const { volumes, containers } = template.spec;
    const claims = volumes.map(({ persistentVolumeClaim: claim }) => claim?.claimName);
    expect(claims).toEqual(["support-1-state", "folders", "models"]);
    expect(containers[0]?.volumeMounts.map(({ name, subPath }) => `${name}/${subPath ?? ""}`)).toEqual([
      ...["state/", "mount-1/auth/a", "mount-1/auth/b", "mount-3/"],
    ]);
  });

  it("shows no secret: its pods name them", () => {
    const plain = JSON.stringify(withSecrets(all, () => "a secret"));
    expect(plain).toContain('"a secret"');
    expect(plain).not.toContain(secretText);
    expect(JSON.stringify(found(all, setType).inputs)).toContain(
      '"secretKeyRef":{"key":"gateway.token","name":"canary-secrets"}',
    );
  });
});
