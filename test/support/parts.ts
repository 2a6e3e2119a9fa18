import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Needs as ImageNeeds } from "../../toolchain/images/build.ts";
import type { Parts } from "./world.ts";

export interface Needs extends ImageNeeds {
  /** Docker Compose. Default: none. */
  compose?: boolean;
}

/** Names the file with the parts. Set from outside, nothing is set up. */
export const partsVariable = "CLAWFORCE_TEST_PARTS";

/** The file with the parts: the given one, or one in `folder` for parts that are set up now. */
export async function partsFile(
  folder: string,
  write: (line: string) => void,
  needs: Needs,
): Promise<string> {
  const given = process.env[partsVariable];
  if (given !== undefined && given !== "") {
    write(`left out, the parts are those of ${given}`);
    return given;
  }
  const file = join(folder, "parts.json");
  await writeFile(file, JSON.stringify(await setUpParts(write, needs)), { mode: 0o600 });
  return file;
}

/** Loaded only now: what needs no set-up must not wait for its code. */
async function setUpParts(
  write: (line: string) => void,
  { compose = false, ...needs }: Needs,
): Promise<Parts> {
  const { lineProgress } = await import("../../toolchain/progress.ts");
  const { composeOf, environmentOf, setUp } = await import("../../toolchain/set-up.ts");
  const { buildImages } = await import("../../toolchain/images/build.ts");
  const progress = lineProgress(write);
  const toolchain = await setUp(progress);
  return {
    environment: environmentOf(toolchain),
    dockerHost: toolchain.dockerHost,
    images: await buildImages(needs, { ...toolchain, progress }),
    ...(compose && { compose: await composeOf(toolchain, progress) }),
  };
}
