import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../../config/check-kind.ts";
import type { WorkloadContext } from "../../lifecycle/workload.ts";
import type { Platform } from "../../platforms/platform.ts";
import type { Answers } from "./asked-gateway.ts";
import { MemoryWorld } from "./memory-world.ts";
import { stateFolder } from "./openclaw-copy.ts";

/** What a gateway of one version has answered, on a fresh state with a turn, a job and a channel. */
export interface AnswersOfVersion {
  /** To the checks that a group has by default. */
  usual: Answers;
  /** To a look at its configuration, once a command of its own had written that. */
  written: Answers;
  /** The same once its doctor had brought it over; not asked of some. */
  migrated?: Answers;
  /** To the look for sessions with a model of their own, once its session had one. */
  pinned: Answers;
}

const folder = join(import.meta.dirname, "../unit/answers");

export function answersFile(version: string): string {
  return join(folder, `${version}.json`);
}

export function answersOf(version: string): AnswersOfVersion {
  return JSON.parse(readFileSync(answersFile(version), "utf8")) as AnswersOfVersion;
}

interface Gateway {
  container: string;
  image: string;
  /** With what asks it for HTTP. */
  tools?: string;
  token?: string;
}

/** Gate and verification of a group that says nothing of them, for this gateway. */
export function usualChecks(
  platform: Platform,
  { container, image, tools, token = "" }: Gateway,
): { context: WorkloadContext; checks: readonly Check[] } {
  const { context, workload } = new MemoryWorld(undefined, undefined, {});
  const { gate, verification } = workload;
  const snapshots = { ...workload.snapshots, ...(tools !== undefined && { image: tools }) };
  const { ingress: _, ...rest } = workload;
  return {
    checks: [...gate, ...verification],
    context: {
      ...context,
      platform,
      workload: { ...rest, container, image, mount: stateFolder, snapshots },
      secrets: { ...context.secrets, gatewayToken: token },
    },
  };
}
