import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, test } from "vitest";
import { workloadHooks } from "../../components/hooks.ts";
import { Workload, type WorkloadSpec } from "../../components/workload.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { specOf } from "../../lifecycle/update/workload-spec.ts";
import { resourcesOf } from "../../platforms/of-stack.ts";
import { fleetOf } from "../support/fleet-program.ts";
import { type Registered, registeredBy } from "../support/mock-engine.ts";
import { shortName } from "../support/pinned-program.ts";
import { neverStarted } from "../support/surveyed.ts";
import { rawConfig } from "./config-fixture.ts";

const config = parseStackConfig(
  rawConfig({ "instanceGroups.support.bake": "30m", "instanceGroups.support.waves": [1, 2, "100%"] }),
);
const canary = specNamed("canary");

function specNamed(name: string): WorkloadSpec {
  const found = neverStarted(config).find((each) => each.config.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return specOf(config, found);
}

async function workloadOf(change: Partial<WorkloadSpec>): Promise<Registered[]> {
  const secrets = { snapshotPassword: "s", gatewayToken: "t", controlPlanePassword: "" };
  const never = () => Promise.reject(new Error("nothing is made, so no hook runs"));
  const resources = await resourcesOf(config);
  return registeredBy(() => {
    const hooks = workloadHooks(never, never, () => {});
    const named = pulumi.secret<Record<string, string>>({});
    const args = { secrets, named, hooks, resources, after: [] };
    return new Workload("canary", { ...args, spec: { ...canary, ...change } }, {});
  });
}

/** What one workload asks the engine for otherwise than another: `name.input` or `name.option` -> then. */
function differences(before: readonly Registered[], after: readonly Registered[]): Record<string, unknown> {
  const [plain, changed] = [flat(before), flat(after)];
  const keys = new Set([...Object.keys(plain), ...Object.keys(changed)]);
  return Object.fromEntries(
    [...keys]
      .filter((key) => JSON.stringify(plain[key]) !== JSON.stringify(changed[key]))
      .map((key) => [key, changed[key]]),
  );
}

function flat(all: readonly Registered[]): Record<string, unknown> {
  return Object.fromEntries(
    all
      .filter(({ custom }) => custom)
      .flatMap(({ name, inputs, options }) =>
        Object.entries({ ...inputs, ...options }).map(([key, value]) => [`${name}.${key}`, value]),
      ),
  );
}

let plain: Registered[];

beforeAll(async () => {
  plain = await workloadOf({});
});

const gateTriggers = ["id-of-canary", "first", "e70a7774ede60bb2"];

describe("a workload", () => {
  test.each<[string, Partial<WorkloadSpec>, Record<string, unknown>]>([
    [
      "with other settings replaces its container",
      { trigger: "other" },
      { "canary.replacementTrigger": "other" },
    ],
    [
      "from before its records keeps its container, which is compared with no trigger",
      { keeps: { trigger: true, labels: false, secrets: false, network: false } },
      { "canary.replacementTrigger": undefined },
    ],
    [
      "from before its records keeps its labels",
      { keeps: { trigger: false, labels: true, secrets: false, network: false } },
      { "canary.ignoreChanges": ["labels"] },
    ],
    [
      "whose new values of secrets wait for their wave keeps its variables as the engine knows them",
      { keeps: { trigger: false, labels: false, secrets: true, network: false } },
      { "canary.ignoreChanges": ["envs"] },
    ],
    [
      "without the container whose network it has keeps that network as the engine knows it",
      { keeps: { trigger: false, labels: false, secrets: false, network: true } },
      { "canary.ignoreChanges": ["networkMode"] },
    ],
    [
      "that is set back by a named order has the order as a label",
      { restoreEpoch: "34495128/INC-42" },
      {
        "canary.labels": [
          { label: "clawforce.stack", value: "test" },
          { label: "clawforce.workload", value: "canary" },
          { label: "clawforce.restore", value: "34495128/INC-42" },
        ],
      },
    ],
    ["that was set back before orders had names has no label of it", { restoreEpoch: "34495128" }, {}],
    [
      "that was found not serving is brought back, and proved anew, in the container that is there",
      { servingTrigger: "anew" },
      {
        "canary-serving.stdin": JSON.stringify({ workload: canary.input, serving: "anew" }),
        "canary-serving.triggers": ["anew"],
        "canary-gate.triggers": ["id-of-canary", "anew", "e70a7774ede60bb2"],
        "canary-verification.triggers": ["id-of-canary", "anew", "20d936130de61089"],
      },
    ],
    [
      "whose gate is put off says so to its gate alone",
      { putOff: { why: "is unhealthy", gate: true, verification: false, bake: false } },
      {
        "canary-gate.triggers": [...gateTriggers, "put off"],
        "canary-gate.stdin": JSON.stringify({ workload: canary.input, putOff: "is unhealthy" }),
      },
    ],
    [
      "whose verification is put off says so to its verification alone",
      { putOff: { why: "is unhealthy", gate: false, verification: true, bake: true } },
      {
        "canary-verification.triggers": ["id-of-canary", "first", "20d936130de61089", "put off"],
        "canary-verification.stdin": JSON.stringify({ workload: canary.input, putOff: "is unhealthy" }),
      },
    ],
    [
      "behind an ingress tells it at the gate",
      { ingress: { hosts: ["a.test"] } },
      { "canary-gate.triggers": [...gateTriggers, "e8a2087c973e0199"] },
    ],
    [
      "with another gate runs that, and nothing else",
      { gate: [] },
      { "canary-gate.triggers": ["id-of-canary", "first", "4f53cda18c2baa0c"] },
    ],
    [
      "that is verified otherwise, or in another group, is verified anew",
      { group: "other" },
      { "canary-verification.triggers": ["id-of-canary", "first", "f9d4ede84c4b452c"] },
    ],
    [
      "that takes longer to stop and to start gets the time for it",
      {
        stopGrace: 90,
        container: { ...canary.container, health: { ...canary.container.health, wait: 300 } },
      },
      {
        "canary.destroyGraceSeconds": 90,
        "canary.stopTimeout": 90,
        "canary.waitTimeout": 300,
        "canary.timeouts": { create: "360s", delete: "210s" },
      },
    ],
    [
      "with its state in a folder has no volume",
      { state: { directory: "/srv/canary" } },
      {
        "canary.volumes": [{ containerPath: "/home/node/.openclaw", hostPath: "/srv/canary" }],
        ...{ "canary-state.name": undefined, "canary-state.labels": undefined },
        ...{ "canary-state.protect": undefined, "canary-state.retainOnDelete": undefined },
        "canary-state.ignoreChanges": undefined,
      },
    ],
    [
      "that nothing is done to stays as it is, with the image that it says",
      { untouched: "canary: its records are damaged" },
      {
        "canary.ignoreChanges": [
          ...["name", "hostname", "init", "restart", "envs", "labels", "networksAdvanced", "volumes"],
          ...["healthcheck", "wait", "waitTimeout", "destroyGraceSeconds", "stopTimeout"],
          ...[
            "command",
            "user",
            "ports",
            "memory",
            "memorySwap",
            "entrypoints",
            "workingDir",
            "mounts",
            "hosts",
          ],
          ...["shmSize", "cpus", "ulimits", "devices", "gpus", "capabilities", "securityOpts", "readOnly"],
          ...["logDriver", "logOpts", "stopSignal", "platform", "networkMode"],
        ],
        "canary.replacementTrigger": undefined,
        "canary-serving.ignoreChanges": ["*"],
        "canary-gate.ignoreChanges": ["*"],
        "canary-verification.ignoreChanges": ["*"],
      },
    ],
  ])("%s", async (_promise, change, then) => {
    expect(differences(plain, await workloadOf(change))).toStrictEqual(then);
  });
});

describe("in a fleet", () => {
  const changes: Record<string, Partial<WorkloadSpec>> = {
    canary: { putOff: { why: "is unhealthy", gate: false, verification: false, bake: true } },
    "support-1": { untouched: "no records" },
    "support-2": { untouched: "no records", running: "some image" },
    "support-3": { preparationAttempt: "2" },
  };
  let all: Registered[];

  beforeAll(async () => {
    const situations = neverStarted(config);
    const workloads = situations.map((each) => {
      const spec = specOf(config, each);
      return { move: each.move, spec: { ...spec, ...changes[spec.name] } };
    });
    all = await fleetOf(config, situations, { workloads });
  });

  const names = (ending: string) => all.map(({ name }) => name).filter((name) => name.endsWith(ending));
  const named = (name: string) => all.find((each) => each.name === name);

  test("one that is not there and that nothing is done to is not prepared", () => {
    expect(names("-preparation")).toEqual([
      ...["canary-preparation", "support-2-preparation", "support-3-preparation"],
    ]);
  });

  test("one that runs and that nothing is done to keeps its preparation as it is", () => {
    expect(named("support-2-preparation")?.options.ignoreChanges).toEqual(["*"]);
    expect(named("support-3-preparation")?.options.ignoreChanges).toBeUndefined();
  });

  test("a preparation that led to nothing is made anew, and told which one it is", () => {
    const { input: workload, trigger } = specNamed("support-3");
    expect(named("support-3-preparation")?.inputs).toMatchObject({
      stdin: JSON.stringify({ workload, attempt: "2" }),
      triggers: [trigger, "2"],
    });
  });

  test("those that nothing is done to come last, and keep nobody waiting", () => {
    expect(names("-verification")).toEqual([
      ...["canary-verification", "support-3-verification"],
      ...["support-1-verification", "support-2-verification"],
    ]);
    expect(names("-bake")).toEqual(["support-wave-0-bake", "support-wave-2-bake", "support-wave-1-bake"]);
    expect(named("support-wave-1-bake")?.options.ignoreChanges).toEqual(["*"]);
  });

  test("the others of its wave bake without one that nothing is done to", () => {
    const bake = named("support-wave-2-bake");
    expect(bake?.options.ignoreChanges).toBeUndefined();
    expect(bake?.inputs.environment).toMatchObject({ CLAWFORCE_WORKLOAD_OF: "test/support-3" });
    expect(bake?.propertyDependencies.triggers?.map(shortName)).toEqual(["Container support-3"]);
  });

  test("a bake that one of its wave puts off is put off whole", () => {
    const putOff = all.filter(({ inputs }) => JSON.stringify(inputs.triggers)?.endsWith('"put off"]'));
    expect(putOff.map(({ name }) => name)).toEqual(["support-wave-0-bake"]);
  });
});
