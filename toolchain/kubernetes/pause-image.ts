import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "tar";

/** The sandbox of every pod; it comes from the cache and is never pulled. */
export const pauseImage = "localhost/clawforce-fleet/pause:1";

/** Packs the program `pause` of the folder as an image archive of one layer, for `ctr images import`. */
export async function packPauseImage(programs: string, archive: string): Promise<void> {
  const work = mkdtempSync(join(programs, "pause-image-"));
  try {
    await pack(programs, ["pause"], join(work, "layer.tar"));
    const layer = createHash("sha256")
      .update(readFileSync(join(work, "layer.tar")))
      .digest("hex");
    const files = {
      "config.json": {
        architecture: process.arch === "x64" ? "amd64" : process.arch,
        os: "linux",
        config: { Entrypoint: ["/pause"], User: "65535:65535" },
        rootfs: { type: "layers", diff_ids: [`sha256:${layer}`] },
      },
      "manifest.json": [{ Config: "config.json", RepoTags: [pauseImage], Layers: ["layer.tar"] }],
    };
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(work, name), JSON.stringify(content));
    await pack(work, ["manifest.json", "config.json", "layer.tar"], archive);
  } finally {
    rmSync(work, { recursive: true });
  }
}

async function pack(folder: string, names: string[], file: string): Promise<void> {
  await create({ cwd: folder, file, portable: true }, names);
}
