import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { cacheFolder, openCache } from "../../toolchain/cache.ts";
import { publishImages } from "../../toolchain/images/publish.ts";
import { lineProgress } from "../../toolchain/progress.ts";
import { partsOfThisRun } from "../support/world.ts";

it("the two images that a stack needs are pushed to a registry, which has them under the digests that are printed", async () => {
  const { dockerHost, images } = await partsOfThisRun();
  const registry = images.tools.split("/")[0] ?? "";
  const cache = openCache(cacheFolder(process.env));
  // A repository of this run's own: nothing else uses it.
  const scratch = await mkdtemp(join(cache.folder, "published-"));
  const prefix = `${registry}/${scratch.split("/").at(-1)?.toLowerCase()}`;
  try {
    const results = await publishImages(prefix, {
      ...{ dockerHost, cache: cache.folder },
      progress: lineProgress(),
    });
    expect(results.map(([key]) => key)).toEqual(["clawforce:snapshots.image", "clawforce:ingress.image"]);
    for (const [, reference] of results) {
      const [name = "", digest = ""] = reference.split("@");
      const repository = name.slice(registry.length + 1, name.lastIndexOf(":"));
      const answer = await fetch(`http://${registry}/v2/${repository}/manifests/${digest}`, {
        headers: { accept: "application/vnd.docker.distribution.manifest.v2+json" },
      });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("docker-content-digest")).toBe(digest);
    }
  } finally {
    await rm(scratch, { recursive: true });
  }
});
