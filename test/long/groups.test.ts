import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { partsOfThisRun, World } from "../support/world.ts";
import { fixtureGroup } from "../support/world-settings.ts";

describe("two groups on one agent image", () => {
  let world: World;
  const waves = { early: 0, late: 0 };

  beforeAll(async () => {
    const { fixture } = (await partsOfThisRun()).images;
    world = await World.create(
      { stable: fixture[1] },
      {
        instances: 4,
        settings: ({ stack, instances }) => ({
          instanceGroups: Object.fromEntries(
            (["early", "late"] as const).map((group, index) => [
              `${stack}-${group}`,
              {
                agentImage: "agent",
                instances: instances.slice(2 * index, 2 * index + 2),
                waves: [1, "100%"],
                wave: waves[group],
                ...fixtureGroup(stack),
              },
            ]),
          ),
        }),
      },
    );
  });
  afterAll(() => world.destroy());

  async function running(): Promise<string[]> {
    const { fixture } = world.parts.images;
    const images = await Promise.all(
      world.instances.map(async (name) => (await world.inspect(name)).Config.Image),
    );
    return images.map((image) => (image === fixture[1] ? "1" : image === fixture[2] ? "2" : image));
  }

  it("stand at different waves: the canary of one goes first, that of the other follows once it has passed", async () => {
    const { fixture } = world.parts.images;
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
    const last = await world.identity(world.instances[3] ?? "");

    waves.early = 1;
    await world.configure({ images: { stable: fixture[1], candidate: fixture[2] } });
    const update = await world.up();
    expect(update.code, update.output).toBe(0);
    expect(update.output).toContain(`${world.instances[2]}: waits: ${world.instances[0]} goes to `);
    // A wave of the group that goes first may follow its canary in the same update.
    expect(await running()).toEqual(["2", "2", "1", "1"]);
    const others = await world.up();
    expect(others.code, others.output).toBe(0);
    expect(await running()).toEqual(["2", "2", "2", "1"]);
    expect(await world.identity(world.instances[3] ?? "")).toEqual(last);
    const [canary, , otherCanary] = world.instances;
    const changed = [canary, world.instances[1], otherCanary].map(
      async (name) => (await world.identity(name ?? "")).startedAt,
    );
    const order = await Promise.all(changed);
    expect(order).toEqual(order.toSorted());

    waves.early = 0;
    await world.configure();
    const lowered = await world.up();
    expect(lowered.code, lowered.output).toBe(0);
    expect(await running()).toEqual(["2", "1", "2", "1"]);
    expect(await world.identity(world.instances[3] ?? "")).toEqual(last);
  });
});
