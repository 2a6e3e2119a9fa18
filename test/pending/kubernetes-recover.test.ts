import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StepName } from "../../lifecycle/update/step-names.ts";
import { kubernetesOfThisRun } from "../support/cluster.ts";
import { ClusterMove, type Direction } from "../support/cluster-move.ts";
import { ClusterWorld } from "../support/cluster-world.ts";
import { killAll, withDescendants } from "../support/deployer.ts";
import { partsOfThisRun } from "../support/world.ts";

const kubernetes = await kubernetesOfThisRun();
const { images } = await partsOfThisRun();

/** Each step, in the direction in which it is reached here; they alternate, so that each kill starts from where the last one ended. */
const kills: [StepName, Direction, string][] = [
  ["preflight", "forward", "old serves"],
  ["restore", "back", "is stopped"],
  ["hot snapshot", "forward", "old serves"],
  ["pull", "back", "old serves"],
  ["drill", "forward", "old serves"],
  ["stop", "back", "old serves"],
  ["drain", "forward", "old serves"],
  ["check", "back", "is stopped"],
  ["cold snapshot", "forward", "is stopped"],
  ["create", "back", "is stopped"],
  ["create", "forward", "is stopped"],
  ["verification", "back", "new is there"],
  ["gate", "forward", "new is there"],
];

describe.skipIf("missing" in kubernetes)("fleet recover on Kubernetes", () => {
  let move: ClusterMove;

  beforeAll(async () => {
    if ("missing" in kubernetes) return;
    const [old, next] = [images.fixture[1], images.fixture[2]];
    const on = await ClusterWorld.create(kubernetes, { stable: old }, { instances: 2 });
    move = new ClusterMove(on, { old, new: next });
    await move.bringUp();
  });
  afterAll(() => move?.on.destroy());

  function stateLocks(): string[] {
    const { folder, stack } = move.on.world;
    const locks = join(folder, "state/.pulumi/locks/organization/clawforce", stack);
    return existsSync(locks) ? readdirSync(locks).filter((file) => file.endsWith(".json")) : [];
  }

  async function expectStatusWhileDead(): Promise<void> {
    expect(stateLocks()).toHaveLength(1);
    const status = await move.on.world.fleet("status", "--json");
    expect(status.code, status.output).toBe(3);
    const { workloads } = JSON.parse(status.output) as {
      workloads: { name: string; differences: string[] }[];
    };
    const differing = workloads.filter(({ differences }) => differences.length > 0);
    expect(differing.map(({ name }) => name)).toEqual([move.moved]);
  }

  it.each(kills)(
    "after a kill at %s (%s, %s): both serve, and the sibling was not touched",
    async (step, direction, left) => {
      const { world } = move.on;
      const run = await move.upTo(step, direction);
      await killAll(withDescendants(run.pid));
      await run.ended;
      expect(await move.stands()).toBe(left);
      await move.expectSiblingUntouched();
      await expectStatusWhileDead();

      const recovered = await world.fleet("recover");
      expect(recovered.code, recovered.output).toBe(0);
      expect(recovered.output).toContain(`${world.stack}: 2 workloads, all as the configuration wants.`);
      await move.expectAtItsEnd();
      expect(stateLocks()).toEqual([]);
      const files = readdirSync(join(world.folder, "evidence", world.stack, move.moved));
      expect(files.toSorted()).toEqual(["preparation.json", "records.jsonl", "workload.json"]);
    },
  );

  it("has nothing to do afterwards, and neither has an update", async () => {
    const { world } = move.on;
    const recovered = await world.fleet("recover");
    expect(recovered.output).toMatch(/^Nothing to recover; nothing was touched\.\n/);
    const { output } = await world.up();
    expect(output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
    await move.expectAtItsEnd();
  });
});
