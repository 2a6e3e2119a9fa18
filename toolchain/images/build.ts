import { devNull } from "node:os";
import { DockerCommand } from "../docker-command.ts";
import { lineProgress } from "../progress.ts";
import { setUp } from "../set-up.ts";
import { failWith } from "../set-up-error.ts";
import type { ControlPlaneVersion } from "./control-plane-versions.ts";
import { allVersions, type OpenClawVersion } from "./openclaw-versions.ts";
import { madeHere } from "./recipe.ts";
import { controlPlane, fixture, ircServer, openClaw, proxy, snapshotTools } from "./recipes.ts";
import { ImageStore, type StoreOptions } from "./store.ts";

/** Beside the images that everything needs. */
export interface Needs<Version extends OpenClawVersion = OpenClawVersion> {
  versions: readonly Version[];
  /** A server of IRC. Default: none. */
  irc?: boolean;
}

/** References with tag and digest, as the registry answers it. */
export interface Images<Version extends OpenClawVersion = OpenClawVersion> {
  /** What runs next to a state volume: restic and sqlite3. */
  tools: string;
  /** What stands in front of the fleet and can hold requests. */
  proxy: string;
  openclaw: Record<Version, string>;
  /** The small workload of the fault tests. */
  fixture: Record<"1" | "2" | "3", string>;
  /** The stand-in of the Clawforce control plane. */
  controlPlane: Record<ControlPlaneVersion, string>;
  irc?: string;
}

/** Makes what is missing; afterwards engine and registry have every image under its digest. */
export async function buildImages<Version extends OpenClawVersion>(
  { versions, irc = false }: Needs<Version>,
  options: StoreOptions,
): Promise<Images<Version>> {
  const store = new ImageStore(options);
  try {
    return {
      tools: await store.provide(snapshotTools),
      proxy: await store.provide(proxy),
      fixture: {
        "1": await store.provide(fixture("1")),
        "2": await store.provide(fixture("2")),
        "3": await store.provide(fixture("3")),
      },
      controlPlane: {
        "1.4.1": await store.provide(controlPlane("1.4.1")),
        "1.4.2": await store.provide(controlPlane("1.4.2")),
        "1.5.0": await store.provide(controlPlane("1.5.0")),
      },
      openclaw: await provideOpenClaw(store, versions),
      ...(irc && { irc: await store.provide(ircServer) }),
    };
  } finally {
    await store.close();
  }
}

async function provideOpenClaw<Version extends OpenClawVersion>(
  store: ImageStore,
  versions: readonly Version[],
): Promise<Record<Version, string>> {
  const found: Partial<Record<Version, string>> = {};
  for (const version of versions) found[version] = await store.provide(openClaw(version));
  return found as Record<Version, string>;
}

/** Removes every image that this toolchain made from the engine, whatever registry it was pushed to. */
export async function removeImages(dockerHost: string): Promise<void> {
  const docker = new DockerCommand(dockerHost, devNull);
  await docker.remove(await docker.labelled(madeHere));
  await docker.remove(await docker.references("clawforce-fleet/*"));
}

async function main(): Promise<void> {
  const progress = lineProgress();
  const toolchain = await setUp(progress);
  console.log(
    JSON.stringify(await buildImages({ versions: allVersions }, { ...toolchain, progress }), undefined, 2),
  );
}

if (import.meta.main) main().catch(failWith);
