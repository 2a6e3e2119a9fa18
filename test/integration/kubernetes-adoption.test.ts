import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubernetesOfThisRun } from "../support/cluster.ts";
import { ClusterWorld } from "../support/cluster-world.ts";
import { HelmRelease } from "../support/helm-release.ts";
import { partsOfThisRun } from "../support/world.ts";
import { standInHealth } from "../support/world-settings.ts";

const kubernetes = await kubernetesOfThisRun();
const { images } = await partsOfThisRun();

/** What must come back as it was: all but what the cluster itself writes. */
interface LiveObject {
  metadata: {
    uid: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
    finalizers?: string[];
    managedFields?: { manager: string }[];
  };
  spec: { replicas: number; template: { spec: { containers: { image: string }[] } } };
}

describe.skipIf("missing" in kubernetes)("a control plane of a Helm release", () => {
  let on: ClusterWorld;
  let plane: string;
  let release: HelmRelease;
  const wanted = { passes: true, image: images.controlPlane["1.4.1"] };
  let before: LiveObject;
  let claim: LiveObject;

  beforeAll(async () => {
    if ("missing" in kubernetes) return;
    on = await ClusterWorld.create(
      kubernetes,
      { stable: images.fixture[1] },
      { instances: 0, settings: ({ stack }) => settingsOf(`${stack}-1`) },
    );
    plane = `${on.world.stack}-1`;
    const [image = ""] = images.controlPlane["1.4.1"].split("@");
    const password = on.world.secrets.controlPlanePassword;
    release = await HelmRelease.create(on, { name: plane, image, password });
    before = await live("deployment", plane);
    claim = await live("persistentvolumeclaim", `${plane}-data`);
    await marker("write");
  });
  afterAll(() => on?.destroy());

  const settingsOf = (name: string) => {
    const connected = { kind: "http", path: "/health", body: { database: "connected" } };
    // What is there passes it, or its preparation would refuse it.
    const notOurs = { kind: "command", argv: ["sh", "-c", 'test -z "$ONLY_OURS"'] };
    const unchanged = { kind: "unchanged", what: ["instances", "backups", "users", "settings", "secret"] };
    return {
      window: "control-plane",
      controlPlane: {
        ...{ name, image: wanted.image, adopt: name },
        data: { volume: `${name}-data` },
        account: { passwordVariable: "STAND_IN_ADMIN_PASSWORD" },
        container: {
          user: "1000:1000",
          serviceAccount: name,
          ...(!wanted.passes && { environment: { ONLY_OURS: "1" } }),
          labels: { "app.kubernetes.io/name": "claworc", "app.kubernetes.io/instance": name },
          health: { command: standInHealth, interval: "1s", timeout: "30s", retries: 50, wait: "5m" },
        },
        ...{ stopGrace: "10s", drain: { budget: "5s" } },
        gate: [connected, notOurs],
        verification: [connected, { kind: "build" }, { kind: "login" }, unchanged],
      },
    };
  };

  const live = async (kind: string, name: string) =>
    JSON.parse(await on.kubectl("get", kind, name, "--output=json", "--show-managed-fields")) as LiveObject;
  const marker = (does: "read" | "write") =>
    on.kubectl(
      ...["exec", `deployment/${plane}`, "--", "bash", "-c"],
      does === "write" ? "echo mine >/app/data/marker" : "cat /app/data/marker",
    );
  const recordsOfHelm = () =>
    on.kubectl("get", "secret", "--selector", `owner=helm,name=${plane}`, "-o", "name");

  it("is shown as an adoption, and nothing of it is touched", async () => {
    const preview = await on.world.preview();
    expect(preview.code, preview.output).toBe(0);
    expect(preview.output).toContain(`adopt ${plane} on`);
    expect(preview.output).toContain("changed in its place");
    expect((await live("deployment", plane)).metadata).toEqual(before.metadata);
  });

  it("serves again as it was where ours does not pass, and is Helm's again", async () => {
    wanted.passes = false;
    await on.world.configure();
    const up = await on.world.up();
    expect(up.code, up.output).not.toBe(0);
    expect(up.output).toContain(`${plane} serves again as it was`);
    const now = await live("deployment", plane);
    expect(now.metadata.uid).toBe(before.metadata.uid);
    expect(now.metadata.labels).toEqual(before.metadata.labels);
    const { "deployment.kubernetes.io/revision": _, ...annotations } = now.metadata.annotations;
    const { "deployment.kubernetes.io/revision": __, ...old } = before.metadata.annotations;
    expect(annotations).toEqual(old);
    expect(now.spec).toEqual(before.spec);
    expect(await marker("read")).toBe("mine\n");
    expect(await recordsOfHelm()).not.toBe("");
    for (const field of ["annotations", "labels", "finalizers"] as const)
      expect((await live("persistentvolumeclaim", `${plane}-data`)).metadata[field]).toEqual(
        claim.metadata[field],
      );
  });

  it("is adopted with its data, on the digest that ran", async () => {
    wanted.passes = true;
    await on.world.configure();
    const up = await on.world.up();
    expect(up.code, up.output).toBe(0);
    const now = await live("deployment", plane);
    expect(now.metadata.uid).toBe(before.metadata.uid);
    expect(now.spec.template.spec.containers.map(({ image }) => image)).toEqual([
      images.controlPlane["1.4.1"],
    ]);
    const owners = (now.metadata.managedFields ?? []).map(({ manager }) => manager);
    expect([...new Set(owners)].filter((each) => /helm|resource-kubernetes|kubectl/.test(each))).toEqual([]);
    expect((await live("persistentvolumeclaim", `${plane}-data`)).metadata.uid).toBe(claim.metadata.uid);
    expect(await marker("read")).toBe("mine\n");
    const kinds = (await on.world.records(plane)).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(["snapshot", "drill", "cut-over", "gate", "verification"]));
    const again = await on.world.up();
    expect(again.output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
  });

  it("is no release of Helm's any more: nothing puts its tag back, and nothing removes its claim", async () => {
    for (const [kind, name] of [
      ["deployment", plane],
      ["persistentvolumeclaim", `${plane}-data`],
    ] as const)
      expect((await live(kind, name)).metadata.annotations["helm.sh/resource-policy"]).toBe("keep");
    expect(await recordsOfHelm()).toBe("");
    const upgrade = await release.upgrade("second");
    expect(upgrade.code, upgrade.output).not.toBe(0);
    const now = await live("deployment", plane);
    expect(now.spec.template.spec.containers[0]?.image).toBe(images.controlPlane["1.4.1"]);
  });

  it("is updated like any other from then on", async () => {
    wanted.image = images.controlPlane["1.5.0"];
    await on.world.configure();
    const up = await on.world.up();
    expect(up.code, up.output).toBe(0);
    expect(await on.imageOf(plane)).toBe(images.controlPlane["1.5.0"]);
    expect(await marker("read")).toBe("mine\n");
  });
});
