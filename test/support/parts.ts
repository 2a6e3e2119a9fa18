import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Needs as ImageNeeds } from "../../toolchain/images/build.ts";
import type { ControlPlaneVersion } from "../../toolchain/images/control-plane-versions.ts";
import type { Progress } from "../../toolchain/progress.ts";
import type { KubernetesParts, Toolchain } from "../../toolchain/set-up.ts";

/** What set-up hands to the tests: tools and images. */
export interface Parts {
  environment: Record<string, string>;
  dockerHost: string;
  images: {
    tools: string;
    proxy: string;
    /** Those that its stage needs, see test/run.ts. */
    openclaw: Partial<Record<string, string>>;
    fixture: Record<"1" | "2" | "3", string>;
    /** The stand-in of the control plane. */
    controlPlane: Record<ControlPlaneVersion, string>;
    /** A server of IRC; only for tests that ask for it, see test/run.ts. */
    irc?: string;
  };
  /** A folder for `DOCKER_CONFIG` with which `docker compose` is there; only for tests that ask for it, see `Needs`. */
  compose?: string;
  /** What a cluster is started from, see cluster.ts, or why there is none; only for tests that ask for it, see `Needs`. */
  kubernetes?: KubernetesParts | { missing: string };
}

export interface Needs extends ImageNeeds {
  /** Docker Compose. Default: none. */
  compose?: boolean;
  /** The programs of a disposable Kubernetes cluster, and Pulumi's provider for it. Default: none. */
  kubernetes?: boolean;
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
  { compose = false, kubernetes = false, ...needs }: Needs,
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
    ...(kubernetes && { kubernetes: await kubernetesParts(toolchain, progress, write) }),
  };
}

/** A machine that can't run a cluster runs all other tests, and says what it leaves out. */
async function kubernetesParts(
  toolchain: Toolchain,
  progress: Progress,
  write: (line: string) => void,
): Promise<NonNullable<Parts["kubernetes"]>> {
  const { kubernetesOf, kubernetesProviderOf } = await import("../../toolchain/set-up.ts");
  const { Unavailable } = await import("../../toolchain/fallbacks.ts");
  try {
    const parts = await kubernetesOf(toolchain, progress);
    await kubernetesProviderOf(toolchain, progress);
    return parts;
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    write(`NOT RUN: the tests on a Kubernetes cluster, because ${error.message}`);
    return { missing: error.message };
  }
}
