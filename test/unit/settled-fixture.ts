import { settingsOf } from "../../config/container-settings.ts";
import { fingerprint } from "../../config/fingerprint.ts";
import { workloadsOf } from "../../config/rollout.ts";
import type { StackConfig } from "../../config/schema.ts";
import type { SecretPrints } from "../../config/secret-values.ts";
import type { Move } from "../../lifecycle/evidence/move.ts";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { madeOf } from "../../lifecycle/evidence/settings.ts";
import { type Settled, settle, type Unsettled } from "../../lifecycle/update/settled.ts";
import type { Changes } from "./config-fixture.ts";
import { configWith, now, onRecord } from "./fleet-rollout-fixture.ts";

export const group = "instanceGroups.support";

/** What has happened to each instance: configurations that it was made with, one after the other, and how it was judged. */
export type Past = [settings: Changes, outcome?: "passed" | "failed"][];

/** `secretPrints` stands beside what the stack file has: it is made of the values of its secrets. */
function configOf({ secretPrints, ...changes }: Changes): StackConfig {
  const config = configWith({ "agentImages.chromium.candidate": undefined, ...changes });
  return secretPrints === undefined ? config : { ...config, secretPrints: secretPrints as SecretPrints };
}

/** A group of four in four waves that was made with nothing special; then its stack file is changed. */
export function settledAfter(
  changes: Changes,
  pasts: Record<string, Past> = {},
  moves: Record<string, Move> = {},
): Map<string, Settled> {
  const config = configOf(changes);
  const found = workloadsOf(config).map((wanted, index): Unsettled => {
    const container = `container of ${wanted.name}`;
    let made: ReturnType<typeof madeOf> | undefined;
    const entries = (pasts[wanted.name] ?? [[{}, "passed"]]).flatMap(([past, outcome]): EvidenceEntry[] => {
      const before = workloadsOf(configOf(past))[index];
      if (before === undefined) throw new Error("the group has another length");
      made = madeOf({ image: wanted.image, restore: "", ...settingsOf(before) }, made, wanted.track);
      const judged = {
        ...{ kind: "verification" as const, image: wanted.image, container, checks: [], seconds: 1 },
        checksHash: fingerprint(wanted.verification),
      };
      return [{ kind: "settings", ...made }, ...(outcome === undefined ? [] : [{ ...judged, outcome }])];
    });
    const observed = {
      ...{ id: container, image: wanted.image, state: "running" as const, serves: true },
    };
    const move = moves[wanted.name] ?? { kind: "none", to: wanted.image };
    return { wanted, observed, records: onRecord(wanted.name, ...entries), move, epoch: "" };
  });
  return new Map(settle(config, found, now).map((each) => [each.wanted.name, each]));
}

export function changesOf(settled: ReadonlyMap<string, Settled>): Record<string, unknown> {
  return Object.fromEntries(
    [...settled].map(([name, { change, waits }]) => [
      name,
      change ? (change.back ? "back" : "changes") : waits ? `until ${waits.until}` : "stays",
    ]),
  );
}

export const until = (name: string) => `until ${name} has passed on the new ones`;
export const untilWave = (wave: number) => `until clawforce:instanceGroups.support.wave is ${wave}`;
