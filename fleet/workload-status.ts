import { digestIn } from "../config/digest.ts";
import { shortReference } from "../config/image-reference.ts";
import { formatDuration } from "../config/units.ts";
import { releasesOf, sameDigest } from "../lifecycle/evidence/move.ts";
import type { Outcome } from "../lifecycle/evidence/records.ts";
import type { Refusal } from "../lifecycle/evidence/refusal.ts";
import { shutOut } from "../lifecycle/ingress/hold-messages.ts";
import type { CutOverPhase } from "../lifecycle/workdir/journal.ts";
import type { IngressLook } from "../platforms/proxy.ts";
import type { LookedAtWorkload, RunningContainer } from "./running.ts";

/** What is known of one workload, for machines and for the table. */
export interface WorkloadStatus {
  name: string;
  group: string;
  /** The reference that the configuration wants. */
  wanted: string;
  running: (Omit<RunningContainer, "running" | "paused"> & { digest: string; health: string }) | null;
  /** The release that it can be set back to; null when none is on record. After a way back never the one that failed. */
  before: string | null;
  /** The last verification of this very container. */
  verification: { outcome: Outcome; time: string } | null;
  /** A cut-over that is not over: under way, or interrupted. */
  cutOver: { phase: CutOverPhase; since: string } | null;
  /** What the ingress does with its requests; null without one. */
  ingress: IngressLook | null;
  /** Its requests are held, or were when the ingress was last told. */
  hold: { since: string; until: string } | null;
  /** What works for it at this moment. */
  operations: { purpose: string; pid: number }[];
  /** Why an update leaves it as it is; null: it does not. */
  refused: { kind: Refusal["kind"]; why: string } | null;
  /** What is not as the configuration wants it, and what to do about it: one phrase each. */
  differences: string[];
}

export type StatusFacts = Pick<
  LookedAtWorkload,
  "config" | "container" | "records" | "journal" | "move" | "operations" | "logCommand"
> &
  Partial<Pick<LookedAtWorkload, "hold" | "ingress" | "refused">>;

export function workloadStatus(facts: StatusFacts, now: Date): WorkloadStatus {
  const { config, container, records, journal, operations } = facts;
  const verification = records.findLast(
    (record) => record.kind === "verification" && record.container === container?.id,
  );
  return {
    name: config.name,
    group: config.group ?? "control plane",
    wanted: config.image,
    running: container === undefined ? null : described(container),
    before: releaseBefore(facts),
    verification:
      verification?.kind === "verification"
        ? { outcome: verification.outcome, time: verification.time }
        : null,
    cutOver: journal === undefined ? null : { phase: journal.phase, since: journal.since },
    ingress: facts.ingress ?? null,
    hold: facts.hold === undefined ? null : { since: facts.hold.since, until: facts.hold.until },
    operations: operations.map(({ purpose, pid }) => ({ purpose, pid })),
    refused: facts.refused === undefined ? null : { kind: facts.refused.kind, why: facts.refused.why },
    differences: [
      ...refusalDifferences(facts),
      ...containerDifferences(facts, now),
      ...cutOverDifferences(facts, now),
      ...ingressDifferences(facts, now),
      ...(container?.state === "running" && !facts.refused?.untouched
        ? verificationDifferences(facts, now)
        : []),
    ],
  };
}

function releaseBefore({ container, records }: StatusFacts): string | null {
  const last = records.findLast(({ kind }) => kind === "cut-over");
  const tookOver =
    last?.kind === "cut-over" && container !== undefined && sameDigest(last.to, container.image);
  return tookOver ? (releasesOf(records).at(-1)?.image ?? null) : null;
}

function refusalDifferences({ refused }: StatusFacts): string[] {
  return refused === undefined ? [] : [`${refused.why}; an update leaves it as it is. ${refused.remedy}`];
}

function described(container: RunningContainer): NonNullable<WorkloadStatus["running"]> {
  const { running: _, paused: __, ...shown } = container;
  const { image, state } = shown;
  const health = state === "running" ? (shown.health ?? "no health check") : state;
  return { ...shown, digest: digestIn(image), health };
}

function containerDifferences(
  { config, container, move, refused, logCommand }: StatusFacts,
  now: Date,
): string[] {
  if (container === undefined) {
    return [
      move.kind === "first"
        ? "is not there yet: `pulumi up` creates it"
        : move.kind === "adopt"
          ? `is to adopt ${move.stranger.name}: \`pulumi up\` takes over from it`
          : "its container is missing: `fleet recover` creates it again on its state",
    ];
  }
  return [
    ...servingDifferences(logCommand, container, now),
    ...(sameDigest(container.image, config.image)
      ? []
      : [
          `runs ${shortImage(container.image)}, the configuration wants ${shortImage(config.image)}${refused === undefined ? ": `pulumi up`" : ""}`,
        ]),
    ...(move.kind === "restore"
      ? [
          `the configuration wants its state set back to snapshot ${move.restore.snapshot}: \`pulumi up\` does it`,
        ]
      : []),
  ];
}

function servingDifferences(logCommand: string, container: RunningContainer, now: Date): string[] {
  const { state, health, exitCode, since } = container;
  const age = ageOf(since, now);
  switch (state) {
    case "running":
      if (health === "unhealthy") {
        return [`is unhealthy: \`${logCommand}\` says why. To go back: docs/rollback.md`];
      }
      return health === "starting" ? [`has been starting for ${age}`] : [];
    case "paused":
      return ["is paused: `fleet recover` resumes it"];
    case "restarting":
      return [`keeps restarting, last exit code ${exitCode}: \`${logCommand}\` says why`];
    case "created":
      return [`was created ${age} ago and never started: \`fleet recover\` starts it`];
    default:
      return [`has been stopped for ${age} (exit code ${exitCode}): \`fleet recover\` brings it back`];
  }
}

function cutOverDifferences({ journal, operations }: StatusFacts, now: Date): string[] {
  if (journal === undefined) {
    return [];
  }
  const worker = operations[0];
  const state =
    worker === undefined
      ? "under way. If no `pulumi up` runs, it was interrupted: `fleet recover`"
      : `under way: process ${worker.pid} (${worker.purpose})`;
  return [`its cut-over has been at "${journal.phase}" for ${ageOf(journal.since, now)}: ${state}`];
}

function ingressDifferences({ container, hold, ingress, operations }: StatusFacts, now: Date): string[] {
  const out = container === undefined ? undefined : shutOut(hold, ingress, now);
  if (out === undefined) {
    return [];
  }
  const isUnknown = ingress !== undefined && "unknown" in ingress;
  return [operations.length > 0 || isUnknown ? out : `${out}. If no \`pulumi up\` runs: \`fleet recover\``];
}

function verificationDifferences({ records, container }: StatusFacts, now: Date): string[] {
  const last = records.findLast(
    (record) => record.kind === "verification" && record.container === container?.id,
  );
  if (last?.kind !== "verification") {
    return ["was not verified since its container was created: `pulumi up` verifies it"];
  }
  if (last.outcome === "passed") {
    return [];
  }
  const reason = last.checks.find(({ outcome, severity }) => outcome !== "passed" && severity === "critical");
  const why = reason === undefined ? "" : ` (${reason.name}: ${reason.detail})`;
  return [
    `its verification ${ageOf(last.time, now)} ago ${last.outcome}${why}: go back, or verify it again with \`pulumi up\``,
  ];
}

/** For a human eye; an image without tag and digest is shown as Docker has it. */
export function shortImage(reference: string): string {
  try {
    return shortReference(reference);
  } catch {
    return reference;
  }
}

export function ageOf(time: string, now: Date): string {
  const seconds = (now.getTime() - new Date(time).getTime()) / 1000;
  return Number.isFinite(seconds) ? formatDuration(Math.max(0, Math.round(seconds))) : "an unknown time";
}
