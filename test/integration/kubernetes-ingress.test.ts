import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodePortTo } from "../../demo/node-port.ts";
import type { StreamCounts } from "../../demo/stream.ts";
import { kubernetesOfThisRun } from "../support/cluster.ts";
import { ClusterWorld } from "../support/cluster-world.ts";
import { underStream } from "../support/through-ingress.ts";
import { partsOfThisRun } from "../support/world.ts";

const kubernetes = await kubernetesOfThisRun();
const { images } = await partsOfThisRun();

describe.skipIf("missing" in kubernetes)("requests on Kubernetes", () => {
  let on: ClusterWorld;
  let [address, port] = ["", 0];

  beforeAll(async () => {
    if ("missing" in kubernetes) return;
    on = await ClusterWorld.create(
      kubernetes,
      { stable: images.fixture[1] },
      { instances: 2, ingress: { publish: { port: 80 }, hold: "300s", drain: "2s" } },
    );
    const first = await on.world.up();
    expect(first.code, first.output).toBe(0);
    ({ address, port } = await nodePortTo(on.world.ingress, (...argv) => on.kubectl(...argv)));
  });
  afterAll(() => on?.destroy());

  function expectNoneFailed(counts: Record<string, StreamCounts>): void {
    for (const [name, { sent, served, failed, failures }] of Object.entries(counts)) {
      expect({ name, failed, failures, served }).toEqual({ name, failed: 0, failures: {}, served: sent });
      expect(served).toBeGreaterThan(100);
    }
  }

  it("wait while the canary is updated and while it goes back, and none fails", async () => {
    const [canary = "", second = ""] = on.world.instances;
    const counts = await underStream(
      on.world,
      port,
      async () => {
        await on.world.configure({ images: { stable: images.fixture[1], candidate: images.fixture[2] } });
        const up = await on.world.up();
        expect(up.code, up.output).toBe(0);
        await on.world.configure({ images: { stable: images.fixture[1] } });
        const back = await on.world.up();
        expect(back.code, back.output).toBe(0);
      },
      address,
    );
    expectNoneFailed(counts);
    expect(Object.keys(counts[canary]?.versions ?? {}).toSorted()).toEqual(["1", "2"]);
    expect(Object.keys(counts[second]?.versions ?? {})).toEqual(["1"]);
    expect(counts[canary]?.longest).toBeGreaterThan(1);
  });
});
