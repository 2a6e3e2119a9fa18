import { pauseOf, stepsOf } from "../fleet/move-steps.ts";
import type { RecordedMove } from "../fleet/recorded-moves.ts";
import { tableLines } from "../fleet/table.ts";
import { median } from "./median.ts";

/** When one replacement of a gateway came to what, seen by another client than ours. Milliseconds since 1970. */
export interface Life {
  /** It was told to end. */
  told: number;
  /** Nothing of it is left. */
  gone: number;
  /** The new one is there. */
  made: number;
  /** The platform says that it is well. */
  ready: number;
}

/** What became of the requests meanwhile. */
export interface Seen {
  sent: number;
  failed: number;
  /** Seconds in which nobody was served. */
  silence: number;
}

/** Seconds of the parts of a pause, in their order. `rest`: the engine, the starts of its programs. */
export const parts = ["hold", "drain", "stop", "cold snapshot", "ready", "gate", "open", "rest"] as const;
type Parts = Record<(typeof parts)[number], number>;

export interface Updated extends Seen {
  /** Seconds from the hold to the opening. */
  pause: number;
  parts: Parts;
}

/** By the platform's own client alone. */
export interface Replaced extends Seen {
  stop: number;
  ready: number;
}

/** Seconds that a pause may be longer than the stop, the start and the gate. */
export const allowance = 5;

/** @throws when the move has no pause on record. */
export function partsOf(move: RecordedMove, life: Life): { pause: number; parts: Parts } {
  const held = pauseOf(move);
  const steps = stepsOf(move);
  const [drain, gate] = [steps.find(({ name }) => name === "drain"), move.gate];
  if (held === undefined || drain === undefined || gate === undefined || move.opened === undefined) {
    throw new Error("no whole update with a hold is on record");
  }
  const of = (name: string) =>
    steps.filter((step) => step.name === name).reduce((sum, step) => sum + step.ended - step.began, 0);
  const known = {
    hold: drain.began - held.began,
    drain: of("drain"),
    ...{ stop: life.gone - life.told, "cold snapshot": of("cold snapshot") },
    ready: life.ready - life.made,
    gate: of("gate"),
    open: Date.parse(move.opened.time) - Date.parse(gate.time),
  };
  const pause = held.ended - held.began;
  const rest = pause - Object.values(known).reduce((sum, each) => sum + each, 0);
  const inSeconds = Object.entries({ ...known, rest }).map(([name, each]) => [name, each / 1000]);
  return { pause: pause / 1000, parts: Object.fromEntries(inSeconds) as Parts };
}

/** What the goal allows: the pause without what no update could leave out. */
export function beyond({ pause, parts: { stop, ready, gate } }: Updated): number {
  return pause - stop - ready - gate;
}

/** The figures of one run: what updates cost, beside what users do without this program. */
export interface Figures {
  updated: readonly Updated[];
  replaced: readonly Replaced[];
  /** Of the other client: "kubectl set image". */
  client: string;
}

export function judged({ updated }: Figures): { noneFailed: boolean; inTime: boolean } {
  return {
    noneFailed: updated.every(({ failed }) => failed === 0),
    inTime: median(updated.map(beyond)) <= allowance,
  };
}

export function figuresText(figures: Figures): string {
  const { updated, replaced, client } = figures;
  const middle = <Each>(all: readonly Each[], of: (each: Each) => number) => seconds(median(all.map(of)));
  const row = (name: string, all: readonly Seen[]) => [
    name,
    `${sum(all, "failed")} of ${sum(all, "sent")}`,
    seconds(Math.max(...all.map(({ silence }) => silence))),
    middle(all, ({ silence }) => silence),
  ];
  const requests = [row("pulumi up", updated), row(client, replaced)];
  const own = parts.map((part) => middle(updated, (each) => each.parts[part]));
  const theirs = parts.map((part) =>
    part === "stop" || part === "ready" ? middle(replaced, (each) => each[part]) : "",
  );
  const times = [
    ["pulumi up", middle(updated, ({ pause }) => pause), ...own],
    [client, "", ...theirs],
  ];
  const { noneFailed, inTime } = judged(figures);
  const word = (reached: boolean) => (reached ? "reached" : "missed");
  return [
    "",
    ...tableLines(["", "failed requests", "longest nobody was served", "median"], requests),
    "",
    ...tableLines(["medians", "pause", ...parts], times),
    "",
    `goal: no request fails in an update: ${word(noneFailed)}`,
    `goal: a pause of stop + ready + gate + ${allowance} s at most: ${word(inTime)}, ` +
      `${updated.map((each) => `+ ${beyond(each).toFixed(1)}`).join(", ")} s`,
  ].join("\n");
}

function sum(all: readonly Seen[], key: "failed" | "sent"): number {
  return all.reduce((total, each) => total + each[key], 0);
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}
