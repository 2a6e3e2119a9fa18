import { z } from "zod";
import { containerPath, doc, environment } from "./fields.ts";
import { pinnedImage } from "./image-reference.ts";
import { faultText, patternFault } from "./left-out.ts";
import { bytes, seconds } from "./units.ts";

const keep = z.strictObject({
  last: z.int().min(1).default(5).meta(doc("How many of the newest snapshots stay.", 10)),
  daily: z.int().min(0).default(0).meta(doc("For how many days the last snapshot of each day stays.", 14)),
  monthly: z
    .int()
    .min(0)
    .default(12)
    .meta(doc("For how many months the last snapshot of each month stays.", 6)),
});

export const snapshots = z.strictObject({
  repositories: containerPath.meta(
    doc(
      "Folder on the Docker host. It gets one restic repository for each workload.",
      "/mnt/snapshots/clawforce",
    ),
  ),
  image: pinnedImage.meta(
    doc(
      "Image with restic, sqlite3 and curl. `toolchain/images/snapshot-tools` builds one.",
      "registry.example.com/clawforce/snapshot-tools:1.0.0@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ),
  ),
  keep: keep
    .prefault({})
    .describe("How many snapshots stay. Those of a release that can be gone back to always stay."),
  minimumFree: bytes
    .default(1_000_000_000)
    .meta(
      doc(
        "Room that must be left beside the state and in the repositories after a copy of the state.",
        "20 GB",
      ),
    ),
  mayBeDamaged: z
    .array(z.string().min(1))
    .optional()
    .meta(
      doc(
        "SQLite files that may be damaged, by their paths in the state, or in the container where another mount has them. `*` stands for any text. Any other damaged one is refused. Default: none.",
        ["workspace/leftover.db"],
      ),
    ),
  exclude: z
    .array(
      z.string().refine((pattern) => patternFault(pattern) === undefined, {
        error: ({ input }) => faultText(String(input)),
      }),
    )
    .optional()
    .meta(
      doc(
        "What the snapshots of gateways leave out: paths in the state, or in the container where another mount has them. `*` stands for any text within one name. A restore leaves it as it is. Default: nothing is left out.",
        ["workspace/downloads", "workspace-*/node_modules"],
      ),
    ),
  drill: z
    .strictObject({
      deadline: seconds.default(120).meta(doc("How long the copy may take to start.", "5m")),
      memory: bytes
        .default(700_000_000)
        .meta(
          doc(
            "Memory that must be free for the drilled copy. It is also the limit of the copy, unless `container.memory` is higher.",
            "4 GiB",
          ),
        ),
      cpus: z.number().min(0.1).default(1).meta(doc("Processors that the drilled copy may use.", 0.5)),
      environment: environment
        .default({ OPENCLAW_SKIP_CHANNELS: "1" })
        .meta(
          doc(
            "Environment variables that the drilled copy gets on top of those of the container. The default keeps it from logging in to channels a second time.",
            { OPENCLAW_SKIP_CHANNELS: "1", OPENCLAW_DISABLE_BONJOUR: "1" },
          ),
        ),
    })
    .prefault({})
    .describe("The proof that a snapshot starts."),
});
