import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Parts } from "./world.ts";

/** What only some tests need, and is made for them alone. */
export interface OnDemand {
  /** Versions of OpenClaw: those of the matrix, or the pair that needs a migration. */
  versions?: "all" | "pair";
  /** A server of IRC. */
  irc?: boolean;
}

/** Names the file with the parts. Set from outside, nothing is set up. */
export const partsVariable = "CLAWFORCE_TEST_PARTS";

/** The file with the parts: the given one, or one in `folder` for parts that are set up now. */
export async function partsFile(
  folder: string,
  write: (line: string) => void,
  more: OnDemand = {},
): Promise<string> {
  const given = process.env[partsVariable];
  if (given !== undefined && given !== "") {
    write(`left out, the parts are those of ${given}`);
    return given;
  }
  const file = join(folder, "parts.json");
  await writeFile(file, JSON.stringify(await setUpParts(write, more)), { mode: 0o600 });
  return file;
}

/** Loaded only now: what needs no set-up must not wait for its code. */
async function setUpParts(
  write: (line: string) => void,
  { versions, irc = false }: OnDemand,
): Promise<Parts> {
  const { lineProgress } = await import("../../toolchain/progress.ts");
  const { environmentOf, setUp } = await import("../../toolchain/set-up.ts");
  const { buildImages, buildOnDemand } = await import("../../toolchain/images/build.ts");
  const { migratingPair, onDemandVersions } = await import("../../toolchain/images/openclaw-versions.ts");
  const progress = lineProgress(write);
  const toolchain = await setUp(progress);
  const images = await buildImages({ ...toolchain, progress });
  const wanted = { all: onDemandVersions, pair: migratingPair, none: [] }[versions ?? "none"];
  const more = await buildOnDemand({ versions: wanted, irc }, { ...toolchain, progress });
  return {
    environment: environmentOf(toolchain),
    dockerHost: toolchain.dockerHost,
    images: { ...images, ...more, openclaw: { ...images.openclaw, ...more.openclaw } },
  };
}
