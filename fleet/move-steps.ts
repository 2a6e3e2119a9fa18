import { formatDuration } from "../config/units.ts";
import type { CheckResult, Outcome } from "../lifecycle/evidence/records.ts";
import type { RecordedMove } from "./recorded-moves.ts";

export type TimedStepName =
  | "hot snapshot"
  | "drill"
  | "rehearsal"
  | "drain"
  | "stop"
  | "cold snapshot"
  | "migration"
  | "restore"
  | "start"
  | "gate"
  | "verification"
  | "bake"
  | "failure";

/** One step of a move with its times, as far as they are on record. */
export interface TimedStep {
  name: TimedStepName;
  /** Milliseconds since 1970. */
  began: number;
  ended: number;
  outcome: Outcome;
}

/**
 * The steps of one workload's move in their order. Records are written when a step is over and carry its length; the
 * start of the container is what lies between the end of the old one and the gate.
 */
export function stepsOf(move: RecordedMove): TimedStep[] {
  const { hot, drill, rehearsal, cutOver, stopped, migration, restore, gate, verification, bake, failure } =
    move;
  const steps: TimedStep[] = [];
  const add = (name: TimedStepName, ended: number, seconds: number, outcome: Outcome = "passed") =>
    steps.push({ name, began: ended - seconds * 1000, ended, outcome });
  if (hot !== undefined) add("hot snapshot", timeOf(hot), hot.seconds);
  if (drill !== undefined) add("drill", timeOf(drill), drill.seconds);
  if (rehearsal !== undefined) {
    const { migration: steps, start = 0, reverse = 0 } = rehearsal.seconds;
    add("rehearsal", timeOf(rehearsal), steps + start + reverse, rehearsal.outcome);
  }
  if (stopped !== undefined) {
    const stoppedAt = timeOf(stopped) - stopped.seconds * 1000;
    if (cutOver !== undefined) {
      const stopAt = stoppedAt - cutOver.stop.seconds * 1000;
      add("drain", stopAt, cutOver.drained.seconds);
      add("stop", stoppedAt, cutOver.stop.seconds);
    }
    add("cold snapshot", timeOf(stopped), stopped.seconds);
  }
  if (migration !== undefined) add("migration", timeOf(migration), migration.seconds, migration.outcome);
  if (restore !== undefined) add("restore", timeOf(restore), restore.seconds);
  if (gate !== undefined) {
    const seconds = secondsOf(gate.checks);
    const gone = restore ?? cutOver;
    const gateBegan = timeOf(gate) - seconds * 1000;
    if (gone !== undefined && timeOf(gone) < gateBegan) {
      steps.push({ name: "start", began: timeOf(gone), ended: gateBegan, outcome: "passed" });
    }
    add("gate", timeOf(gate), seconds, gate.outcome);
  }
  if (verification !== undefined) {
    add("verification", timeOf(verification), verification.seconds, verification.outcome);
  }
  if (bake !== undefined) add("bake", timeOf(bake), bake.seconds, bake.outcome);
  if (failure !== undefined) add("failure", timeOf(failure), 0, "failed");
  return steps;
}

export interface Pause {
  /** Milliseconds since 1970. */
  began: number;
  ended: number;
  /** True: its requests were held meanwhile and answered after it. False: nothing stood in front of it. */
  held: boolean;
}

/** How long the workload answered nothing: while its requests were held, else from the drain to the end of the gate. */
export function pauseOf(move: RecordedMove): Pause | undefined {
  const { opened } = move;
  if (opened?.seconds !== undefined) {
    const ended = timeOf(opened);
    return { began: ended - opened.seconds * 1000, ended, held: true };
  }
  const steps = stepsOf(move);
  const began = steps.find(({ name }) => name === "drain")?.began;
  const ended = steps.find(({ name }) => name === "gate")?.ended;
  return began === undefined || ended === undefined ? undefined : { began, ended, held: false };
}

export function pauseText(move: RecordedMove): string {
  const pause = pauseOf(move);
  return pause === undefined ? "" : formatDuration((pause.ended - pause.began) / 1000);
}

function secondsOf(checks: readonly CheckResult[]): number {
  return checks.reduce((sum, { seconds }) => sum + seconds, 0);
}

function timeOf({ time }: { time: string }): number {
  return Date.parse(time);
}
