import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { envelopes, type Log, type TestKey } from "./evidence.ts";
import { fleetStack, image, type StackFleet, type StackGroup, type StackWorkload } from "./fleet-stack.ts";
import type { StackResource } from "./stack.ts";

/** The stable release and the candidate of the fleets in these tests. */
export const stable = image("a");
export const candidate = image("b");

export const checksHash = "0123456789abcdef";

/** When records of these tests begin, and a time at which they are fresh. */
export const recordsStart = "2026-11-20T12:00:00.000Z";
export const judgedAt = new Date("2026-11-20T13:00:00.000Z");

interface Judged {
  workload: string;
  image: string;
  outcome?: "passed" | "failed" | "inconclusive";
  container?: string;
  checksHash?: string;
  group?: string;
}

export function verified({ workload, outcome = "passed", ...rest }: Judged): EvidenceEntry {
  return {
    kind: "verification",
    ...judgement({ workload, outcome, ...rest }),
    outcome,
    checks: [],
    seconds: 1,
  };
}

export function gated({ workload, outcome = "passed", ...rest }: Judged): EvidenceEntry {
  const markers = { databases: {} };
  return { kind: "gate", ...judgement({ workload, ...rest }), outcome, checks: [], markers };
}

export function baked(judged: Judged, seconds: number, served?: number): EvidenceEntry {
  const { outcome = "passed" } = judged;
  return {
    ...{ kind: "bake", ...judgement(judged), outcome, detail: "", seconds, rounds: 1 },
    ...(served !== undefined && { requests: { served, failed: 0 } }),
  };
}

function judgement({ workload, container = `id-of-${workload}`, ...rest }: Judged) {
  return { checksHash, ...rest, container };
}

export function cutOver(
  from: string,
  to: string,
  direction: "forward" | "back" | "same" = "forward",
): EvidenceEntry {
  return {
    ...{ kind: "cut-over", from, to, direction, snapshot: "12345678" },
    ...{ drained: { active: 0, seconds: 0, cut: 0 }, stop: { seconds: 1, killed: false } },
  };
}

export function rehearsed(from: string, to: string, outcome: "passed" | "failed" = "passed"): EvidenceEntry {
  return {
    ...{ kind: "rehearsal", snapshot: "12345678", from, image: to, migration: "none", outcome },
    seconds: { migration: 0 },
  };
}

/** What is on record of an instance that started on the stable release. */
export function started(workload: string): EvidenceEntry[] {
  return [gated({ workload, image: stable }), verified({ workload, image: stable })];
}

/** What is on record of a canary that has passed on the candidate. */
export function proved(workload: string): EvidenceEntry[] {
  return [
    ...started(workload),
    cutOver(stable, candidate),
    gated({ workload, image: candidate }),
    verified({ workload, image: candidate }),
  ];
}

export interface RolloutOf {
  key: TestKey | undefined;
  /** Default: it has passed on the candidate. */
  canary?: Partial<StackWorkload> & { records?: readonly EvidenceEntry[]; log?: Partial<Log> };
  /** The two other instances; default: the first goes from stable to candidate, the second stays. */
  members?: readonly [Partial<StackWorkload>, Partial<StackWorkload>];
  group?: StackGroup;
  agentImages?: StackFleet["agentImages"];
  more?: readonly StackWorkload[];
}

/** A fleet in the middle of a rollout: the canary stands on the candidate, and the first wave is to follow. */
export function rolloutStack(of: RolloutOf): StackResource[] {
  const { records = proved("canary"), log, ...canary } = of.canary ?? {};
  const [one = {}, two = {}] = of.members ?? [];
  const evidence = (workload: string, entries: readonly EvidenceEntry[], where: Partial<Log> = {}) =>
    envelopes({ workload, start: recordsStart, ...where }, of.key, ...entries);
  const group = "support";
  return fleetStack({
    workloads: [
      {
        ...{ name: "canary", group, role: "canary", image: candidate },
        evidence: evidence("canary", records, log),
        ...canary,
      },
      {
        ...{ name: "support-1", group, wave: 1, image: candidate, from: stable },
        evidence: evidence("support-1", started("support-1")),
        ...one,
      },
      {
        ...{ name: "support-2", group, wave: 2, image: stable },
        evidence: evidence("support-2", started("support-2")),
        ...two,
      },
      ...(of.more ?? []),
    ],
    groups: { support: { candidate, waves: [1, 2, "100%"], wave: 1, checksHash, ...of.group } },
    agentImages: of.agentImages ?? { agent: { stable, candidate } },
  });
}
