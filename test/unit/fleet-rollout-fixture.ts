import { fingerprint } from "../../config/fingerprint.ts";
import { workloadsOf } from "../../config/rollout.ts";
import type { StackConfig } from "../../config/schema.ts";
import type { Witness } from "../../lifecycle/evidence/canary.ts";
import type { EvidenceEntry, ReadRecord } from "../../lifecycle/evidence/records.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { recorder } from "../support/records.ts";
import { type Changes, rawConfig } from "./config-fixture.ts";

export const now = new Date("2026-11-21T12:00:00.000Z");

export function configWith(changes: Changes = {}): StackConfig {
  return parseStackConfig(rawConfig(changes));
}

/** The last of them a minute ago. */
export function onRecord(workload: string, ...entries: EvidenceEntry[]): ReadRecord[] {
  const first = new Date(now.getTime() - entries.length * 60_000).toISOString();
  return recorder({ stack: "s", workload, first })(...entries);
}

/** Everything as the configuration wants it, and everything verified; then each change is made. */
export function provedWitnesses(
  config: StackConfig,
  changes: Record<string, Partial<Witness>> = {},
): Witness[] {
  return workloadsOf(config).map(({ name, verification, image }) => {
    const checks = fingerprint(verification);
    const container = `container of ${name}`;
    const records = onRecord(name, {
      kind: "verification",
      image,
      container,
      outcome: "passed",
      checks: [],
      checksHash: checks,
      seconds: 1,
    });
    return { name, records, observed: { id: container, image }, checks, ...changes[name] };
  });
}
