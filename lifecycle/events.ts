import { appendFileSync } from "node:fs";
import { eventsVariable } from "../config/contract.ts";
import type { StepName } from "./update/step-names.ts";

/*
 * What the programs say that they do. One event is one JSON line in the file that `eventsVariable` names, for whoever watches
 * an update, and one line of text on standard error, for the diagnostics of the engine that started the program.
 */

interface Said {
  /** ISO 8601. */
  time: string;
  workload: string;
  /** For people, without the workload's name. */
  text: string;
}

/** A step that begins or is over. Its text is empty where it begins. */
export interface StepEvent extends Said {
  kind: "step";
  step: StepName;
  outcome: "begun" | "passed" | "failed";
  /** Known when it is over. */
  seconds?: number;
}

/** Something on the way. */
export interface NoteEvent extends Said {
  kind: "note";
}

/** With what a program has ended: all that an operator needs, and what to do next. The text names its workload. */
export interface FailureEvent extends Said {
  kind: "failure";
}

export type ProgramEvent = StepEvent | NoteEvent | FailureEvent;

/** How a program speaks for one workload. */
export interface Voice {
  /** A line for the operator who watches. */
  progress: (line: string) => void;
  step: (event: Pick<StepEvent, "step" | "outcome" | "seconds" | "text">) => void;
}

/** @param write gets each line of text, with its line break. */
export function voiceOf(workload: string, write: (line: string) => unknown): Voice {
  const lines = (text: string) => write(`${workload}: ${text}\n`);
  return {
    progress: (text) => {
      addEvent({ kind: "note", workload, text });
      lines(text);
    },
    step: (event) => {
      addEvent({ kind: "step", workload, ...event });
      // A step that ends with an error is said by the failure that it ends the program with.
      if (event.seconds !== undefined) lines(`${event.step}: ${event.text} (${event.seconds.toFixed(1)} s)`);
    },
  };
}

/** A workload that is not known stands in no table: its failure is in the engine's diagnostics. */
export function tellFailure(workload: string, text: string): void {
  addEvent({ kind: "failure", workload, text });
}

type Unsaid<Event> = Event extends ProgramEvent ? Omit<Event, "time"> : never;

function addEvent(event: Unsaid<ProgramEvent>): void {
  const file = process.env[eventsVariable];
  if (file === undefined || file === "") return;
  const line = `${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`;
  try {
    // In one call and at once: a program that is killed has said what it began. The file is there, or nobody reads it.
    appendFileSync(file, line, { flag: "a", mode: 0o600 });
  } catch {
    // Nobody can be told; what the program does is worth more than that somebody watches.
  }
}

/** The events of whole lines; what is none of ours is passed over. */
export function eventsIn(text: string): ProgramEvent[] {
  return text.split("\n").flatMap((line) => {
    try {
      const event = JSON.parse(line) as ProgramEvent;
      return typeof event.workload === "string" && typeof event.text === "string" ? [event] : [];
    } catch {
      return [];
    }
  });
}
