import { devNull } from "node:os";
import { DockerCommand } from "../docker-command.ts";
import { lineProgress } from "../progress.ts";
import { setUp } from "../set-up.ts";
import { failWith } from "../set-up-error.ts";
import type { ControlPlaneVersion } from "./control-plane-versions.ts";
import { type OpenClawVersion, type OrdinaryVersion, ordinaryVersions } from "./openclaw-versions.ts";
import { madeHere } from "./recipe.ts";
import { controlPlane, fixture, ircServer, openClaw, proxy, snapshotTools } from "./recipes.ts";
import { ImageStore, type StoreOptions } from "./store.ts";

/** References with tag and digest, as the registry answers it. */
export interface Images {
  /** What runs next to a state volume: restic and sqlite3. */
  tools: string;
  /** What stands in front of the fleet and can hold requests. */
  proxy: string;
  openclaw: Record<OrdinaryVersion, string>;
  /** The small workload of the fault tests. */
  fixture: Record<"1" | "2" | "3", string>;
  /** The stand-in of the Clawforce control plane. */
  controlPlane: Record<ControlPlaneVersion, string>;
}

/** Makes what is missing; afterwards engine and registry have every image under its digest. */
export async function buildImages(options: StoreOptions): Promise<Images> {
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
      openclaw: await provideOpenClaw(store, ordinaryVersions),
    };
  } finally {
    await store.close();
  }
}

/** What only tests on demand need: more versions of OpenClaw, and a server of IRC. */
export async function buildOnDemand<Version extends OpenClawVersion>(
  { versions, irc }: { versions: readonly Version[]; irc: boolean },
  options: StoreOptions,
): Promise<{ openclaw: Record<Version, string>; irc?: string }> {
  const store = new ImageStore(options);
  try {
    return {
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
  console.log(JSON.stringify(await buildImages({ ...toolchain, progress }), undefined, 2));
}

if (import.meta.main) main().catch(failWith);
