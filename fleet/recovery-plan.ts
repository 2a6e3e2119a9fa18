import { sameDigest } from "../lifecycle/evidence/move.ts";
import { passedItsGate, shutOut } from "../lifecycle/ingress/hold-messages.ts";
import { migrationToUndo, oldContainerStands } from "../lifecycle/update/interrupted.ts";
import type { LeftOver } from "../platforms/platform.ts";
import type { LookedAtWorkload } from "./running.ts";
import type { StateLock } from "./state-lock.ts";
import { shortImage } from "./workload-status.ts";

/** A step of the engine that was begun and not recorded as done. */
export interface PendingOperation {
  /** "creating", "deleting". */
  type: string;
  /** Name of the resource. */
  name: string;
}

export type RecoveryWorkload = Pick<LookedAtWorkload, "config" | "container" | "journal" | "move"> &
  Partial<Pick<LookedAtWorkload, "hold" | "ingress" | "records" | "refused">>;

export interface RecoveryFacts {
  /** Locks of dead processes. */
  locks: readonly StateLock[];
  pending: readonly PendingOperation[];
  leftOvers: readonly LeftOver[];
  workloads: readonly RecoveryWorkload[];
}

export interface RecoveryPlan {
  unlock: boolean;
  leftOvers: readonly LeftOver[];
  /** Workloads whose container is there: it is started and waited for, and its cut-over is given up. */
  bringBack: string[];
  /** Those of them whose state is set back first: it is half migrated, or all of it. */
  undo: string[];
  /** Workloads that serve although their cut-over had begun: only the journal of it goes. */
  giveUp: string[];
  /** Workloads that have passed their gate and whose requests do not come in: the ingress is opened. */
  open: string[];
  /** An `up` with the configuration as it is now. `refresh`: what the state believes is compared with what is there first. */
  finish: { refresh: boolean } | undefined;
  /** What was found, a line each. */
  found: string[];
  /** What follows from it, a line each; nothing to do when empty. */
  steps: string[];
}

/** What to do about what is there. No version is guessed: a container that is there goes on, and all else is for the configuration to say. */
export function planRecovery({ locks, pending, leftOvers, workloads }: RecoveryFacts): RecoveryPlan {
  const treated = workloads.map((workload) => ({
    name: workload.config.name,
    ...treatmentOf(workload),
  }));
  const having = (treatment: Treatment) =>
    treated.filter((each) => each.treatment === treatment).map(({ name }) => name);
  const open = treated.filter((each) => each.open).map(({ name }) => name);
  const [bringBack, giveUp, create] = [having("bring back"), having("give up"), having("create")];
  const undo = workloads
    .filter(isToBeUndone)
    .map(({ config }) => config.name)
    .filter((name) => bringBack.includes(name));
  const interrupted = locks.length > 0 || pending.length > 0 || having("finish").length > 0;
  const finish =
    interrupted || create.length > 0 ? { refresh: pending.length > 0 || create.length > 0 } : undefined;
  return {
    unlock: locks.length > 0,
    leftOvers,
    bringBack,
    undo,
    giveUp,
    open,
    finish,
    found: [
      ...locks.map(
        ({ pid, username, timestamp }) =>
          `Pulumi's lock of ${timestamp}: process ${pid} of ${username}, which is dead`,
      ),
      ...pending.map(({ type, name }) => `begun and not recorded as done: ${type} ${name}`),
      ...treated.flatMap(({ name, found }) => (found === undefined ? [] : [`${name}: ${found}`])),
      ...leftOvers.map(({ kind, what }) => `left over: ${kind}, ${what}`),
    ],
    steps: [
      ...(locks.length > 0 ? ["remove Pulumi's lock"] : []),
      ...(leftOvers.length > 0 ? ["remove what was left over"] : []),
      ...bringBack.map(
        (name) =>
          `${name}: ${undo.includes(name) ? "undo its migration, " : ""}bring its container back and wait until it is healthy`,
      ),
      ...giveUp.map((name) => `${name}: serves, so give its cut-over up`),
      ...open.map((name) => `${name}: let its requests in`),
      ...(finish?.refresh === true ? ["pulumi refresh: read what is really there into the state"] : []),
      ...(finish === undefined ? [] : ["pulumi up: finish with the configuration as it is now"]),
    ],
  };
}

/** A migration was begun on its state, and nobody has started its container since: that would have the state open. */
export function isToBeUndone({
  journal,
  container,
}: Pick<RecoveryWorkload, "journal" | "container">): boolean {
  return container?.running !== true && journal !== undefined && migrationToUndo(journal) !== undefined;
}

type Treatment = "none" | "bring back" | "give up" | "finish" | "create";

interface Treated {
  treatment: Treatment;
  found?: string;
  /** Its requests are let in, once it serves. */
  open?: true;
}

function treatmentOf(workload: RecoveryWorkload, now = new Date()): Treated {
  const treated = containerTreatment(workload);
  const { container, hold, ingress, records = [], refused } = workload;
  const out = container === undefined ? undefined : shutOut(hold, ingress, now);
  if (container === undefined || out === undefined || ["finish", "create"].includes(treated.treatment)) {
    return treated;
  }
  const found = `${treated.found ?? stateOf(container)}, ${out}`;
  if (passedItsGate(records, container.id)) {
    return { ...treated, found, open: true };
  }
  // The gate has to judge it first, and only an update runs the gate: not that of a workload it does nothing to.
  const isJudged = hold !== undefined && refused?.untouched !== true;
  return isJudged ? { treatment: "finish", found } : { ...treated, found };
}

function containerTreatment(workload: RecoveryWorkload): Treated {
  const { container, journal, move } = workload;
  if (journal?.move.kind === "adopt" && oldContainerStands(journal) && move.kind === "adopt") {
    const { name } = journal.move.stranger;
    return {
      treatment: "bring back",
      found: `its adoption of ${name} was interrupted at "${journal.phase}"`,
    };
  }
  const cutOver = journal === undefined ? "" : `, its cut-over was interrupted at "${journal.phase}"`;
  if (container === undefined) {
    return move.kind === "first" || move.kind === "adopt"
      ? { treatment: "none" }
      : { treatment: "create", found: `its container is missing${cutOver}` };
  }
  const is = `${stateOf(container)}${cutOver}`;
  // From here on the state may be half restored, and the container one that the engine does not know of.
  if (journal?.phase === "restoring" || journal?.phase === "creating") {
    return { treatment: "finish", found: is };
  }
  if (journal?.phase === "removing" && !sameDigest(container.image, journal.from)) {
    return { treatment: "finish", found: is };
  }
  if (!container.running || container.paused) {
    return { treatment: "bring back", found: is };
  }
  const starting = container.health === "starting";
  if (journal !== undefined) {
    return { treatment: starting ? "bring back" : "give up", found: is };
  }
  return starting ? { treatment: "bring back", found: is } : { treatment: "none" };
}

function stateOf({ state, health, image }: NonNullable<RecoveryWorkload["container"]>): string {
  const how = state === "running" && health !== undefined ? health : state;
  return `${shortImage(image)} is ${how}`;
}
