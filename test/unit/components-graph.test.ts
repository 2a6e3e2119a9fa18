import { describe, expect, test } from "vitest";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { fleetOf, secretText } from "../support/fleet-program.ts";
import type { Registered } from "../support/mock-engine.ts";
import { rawConfig } from "./config-fixture.ts";

/** What a fleet of so many instances in three waves, with a bake, asks the engine for. */
function fleetWith(count: number): Promise<Registered[]> {
  const instances = Array.from({ length: count }, (_, index) => `support-${index + 1}`);
  const group = { agentImage: "chromium", instances, waves: [1, 2, "100%"], wave: 0, bake: "30m" };
  return fleetOf(parseStackConfig(rawConfig({ "instanceGroups.support": group })));
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
      const all = await fleetWith(count);
      edges.push(all.reduce((sum, each) => sum + each.dependencies.length, 0));
    }
    const [few = 0, more = 0, many = 0] = edges;
    expect((many - more) / 6).toBe((more - few) / 3);
    expect(many / 12).toBeLessThan(16);
  });

  test("stops nothing before all preparations, and nothing before the one before has passed", async () => {
    const all = await fleetWith(4);
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

  test("has no variable that grows with the fleet", async () => {
    const bakes = (all: readonly Registered[]) => all.filter(({ name }) => name.endsWith("-bake"));
    const longest = (all: readonly Registered[]) =>
      Math.max(
        ...all.flatMap(({ inputs }) =>
          Object.values((inputs.environment ?? {}) as Record<string, unknown>).map(
            (value) => JSON.stringify(value).length,
          ),
        ),
      );
    const [few, many] = [await fleetWith(3), await fleetWith(9)];
    expect(bakes(many)).toHaveLength(3);
    expect(longest(many)).toBe(longest(few));
    const plain = many.map(({ inputs }) => inputs.stdin).filter((text) => typeof text === "string");
    expect(plain.filter((text) => text.includes(secretText))).toEqual([]);
    const secret = many.filter(({ inputs }) => typeof inputs.stdin === "object");
    expect(secret.map(({ name }) => name)).toEqual(bakes(many).map(({ name }) => name));
  });
});
