import { describe, expect, test } from "vitest";
import { Fleet } from "../../components/fleet.ts";
import { stepsOf } from "../../config/order.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { specOf } from "../../lifecycle/update/workload-spec.ts";
import { dockerResources } from "../../platforms/docker/resources.ts";
import { type Registered, registeredBy } from "../support/mock-engine.ts";
import { neverStarted } from "../support/surveyed.ts";
import { rawConfig } from "./config-fixture.ts";

/** What a fleet of so many instances in three waves, with a bake, asks the engine for. */
function fleetOf(count: number): Promise<Registered[]> {
  const instances = Array.from({ length: count }, (_, index) => `support-${index + 1}`);
  const group = { agentImage: "chromium", instances, waves: [1, 2, "100%"], wave: 0, bake: "30m" };
  const config = parseStackConfig(rawConfig({ "instanceGroups.support": group }));
  const surveyed = neverStarted(config);
  const secrets = { snapshotPassword: "s", gatewayToken: "token-of-a-gateway", controlPlanePassword: "" };
  return registeredBy(
    () =>
      new Fleet("fleet", {
        resources: dockerResources(config.platform),
        ...{ stack: "test", config, judgedGroups: {}, defaultImage: undefined },
        workloads: surveyed.map((each) => ({ spec: specOf(config, each), move: each.move })),
        steps: stepsOf(
          surveyed.map((each) => each.config),
          "none",
        ),
        removed: () => Promise.reject(new Error("nothing has left the configuration")),
        secretsOf: () => secrets,
        pull: () => Promise.reject(new Error("nothing is made, so nothing is pulled")),
        runProcess: () => Promise.reject(new Error("nothing is made, so no hook runs")),
        tellFailure: () => {},
        ...{ keeper: "", hookDeadline: () => 60 },
      }),
  );
}

/** Whether a resource waits for another, straight or by others; a child waits for what its parent waits for. */
function waitsFor(all: readonly Registered[], name: string, earlier: string): boolean {
  const byUrn = new Map(all.map((each) => [each.urn, each]));
  const open = all.filter((each) => each.name === name).flatMap((each) => each.dependencies);
  const seen = new Set<string>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const found = byUrn.get(next);
    if (found === undefined || seen.has(next)) continue;
    if (found.name === earlier) return true;
    seen.add(next);
    open.push(...found.dependencies);
  }
  return false;
}

describe("the graph of a fleet", () => {
  test("has so many edges for each instance, however many there are", async () => {
    const counts = [3, 6, 12];
    const edges: number[] = [];
    for (const count of counts) {
      const all = await fleetOf(count);
      edges.push(all.reduce((sum, each) => sum + each.dependencies.length, 0));
    }
    const [few = 0, more = 0, many = 0] = edges;
    expect((many - more) / 6).toBe((more - few) / 3);
    expect(many / 12).toBeLessThan(16);
  });

  test("stops nothing before all preparations, and nothing before the one before has passed", async () => {
    const all = await fleetOf(4);
    const names = [1, 2, 3, 4].map((number) => `support-${number}`);
    const containers = all.filter(({ type }) => type === "docker:index/container:Container");
    expect(containers.map(({ name }) => name)).toEqual(names);
    for (const [index, name] of names.entries()) {
      expect(names.filter((other) => !waitsFor(all, name, `${other}-preparation`))).toEqual([]);
      const before = names[index - 1];
      if (before !== undefined) expect(waitsFor(all, name, `${before}-verification`)).toBe(true);
      expect(waitsFor(all, name, `${name}-verification`)).toBe(false);
    }
  });

  test("has no variable that grows with the fleet, and no token in what is not a secret", async () => {
    const bakes = (all: readonly Registered[]) => all.filter(({ name }) => name.endsWith("-bake"));
    const longest = (all: readonly Registered[]) =>
      Math.max(
        ...all.flatMap(({ inputs }) =>
          Object.values((inputs.environment ?? {}) as Record<string, unknown>).map(
            (value) => JSON.stringify(value).length,
          ),
        ),
      );
    const [few, many] = [await fleetOf(3), await fleetOf(12)];
    expect(bakes(many)).toHaveLength(3);
    expect(longest(many)).toBe(longest(few));
    const plain = many
      .filter(({ type }) => type === "command:local:Command")
      .map(({ inputs }) => inputs.stdin);
    expect(plain.filter((text) => typeof text === "string" && text.includes("token-of-a-gateway"))).toEqual(
      [],
    );
    expect(plain.filter((text) => typeof text !== "string")).toHaveLength(bakes(many).length);
  });
});
