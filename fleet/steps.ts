import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { type StepName, stepNames } from "../lifecycle/update/step.ts";

/** What one can watch of a workload's update: the steps of the programs, and the creation by the engine. */
export type WatchedStep = StepName | "create";

/** In the order in which they happen. */
export const watchedSteps: readonly WatchedStep[] = stepNames.flatMap((name): WatchedStep[] =>
  name === "gate" ? ["create", "gate"] : [name],
);

export interface StepState {
  state: "running" | "passed" | "failed";
  /** Milliseconds, by the clock that `apply` is given. */
  since: number;
  /** Known when it is over. */
  seconds?: number;
}

/** A step that is over, or something else that a workload's program said. */
export interface StepNews {
  workload: string;
  step?: WatchedStep;
  outcome?: "passed" | "failed";
  seconds?: number;
  text: string;
}

type Said = Omit<StepNews, "workload">;

/** The steps of each program, in their order: when one is over, the next one runs. */
const programs = {
  preparation: ["preflight", "pull", "hot snapshot", "drill"],
  "cut-over": ["hold", "drain", "stop", "cold snapshot", "check"],
  gate: ["gate", "open"],
  verification: ["verification"],
} as const satisfies Record<string, readonly StepName[]>;

/** Steps of a workload behind an ingress only: shown once their program has said that they are over. */
const ifReported: readonly WatchedStep[] = ["hold", "open"];

const created: readonly string[] = ["create", "create-replacement"];
const deleted: readonly string[] = ["delete", "delete-replaced"];

/** Which step each workload is at, from the engine's events. */
export class Steps {
  readonly rows: ReadonlyMap<string, Map<WatchedStep, StepState>>;

  constructor(workloads: readonly string[]) {
    this.rows = new Map(workloads.map((name) => [name, new Map()]));
  }

  /** @returns what there is to tell. */
  apply(event: EngineEvent, now: number): StepNews[] {
    if (event.diagnosticEvent !== undefined) {
      // The engine's own debug lines carry what the programs said once more.
      const isDebug = (event.diagnosticEvent.severity as string) === "debug";
      return isDebug
        ? []
        : event.diagnosticEvent.message.split("\n").flatMap((line) => this.#line(line, now));
    }
    if (event.resourcePreEvent !== undefined) {
      this.#begin(event.resourcePreEvent.metadata, now);
    } else if (event.resOutputsEvent !== undefined) {
      return this.#end(event.resOutputsEvent.metadata, "passed", now);
    } else if (event.resOpFailedEvent !== undefined) {
      return this.#end(event.resOpFailedEvent.metadata, "failed", now);
    }
    return [];
  }

  #line(line: string, now: number): StepNews[] {
    const colon = line.indexOf(": ");
    const workload = line.slice(0, colon);
    const row = this.rows.get(workload);
    if (row === undefined) {
      return [];
    }
    const said = saidBy(line.slice(colon + 2));
    if (said.step !== undefined && said.outcome !== undefined) {
      // The engine says a failure twice: as the program said it, and as its own error.
      if (row.get(said.step)?.state === "failed") {
        return [];
      }
      const since = row.get(said.step)?.since ?? now;
      const seconds = said.seconds ?? (now - since) / 1000;
      row.set(said.step, { state: said.outcome, since, seconds });
      if (said.outcome === "passed") {
        this.#beginNext(row, said.step, now);
      } else {
        forgetRunning(row);
      }
      return [{ ...said, workload, seconds }];
    }
    return [{ ...said, workload }];
  }

  #beginNext(row: Map<WatchedStep, StepState>, step: WatchedStep, now: number): void {
    for (const steps of Object.values<readonly WatchedStep[]>(programs)) {
      const next = steps[steps.indexOf(step) + 1];
      if (steps.includes(step) && next !== undefined && !ifReported.includes(next)) {
        row.set(next, { state: "running", since: now });
      }
    }
  }

  #begin(metadata: { op: string; urn: string; type: string }, now: number): void {
    const resource = this.#resource(metadata);
    const first = resource?.steps.find((step) => !ifReported.includes(step));
    if (resource === undefined || first === undefined) {
      return;
    }
    // What a former attempt left in the row of this run does not count any more.
    for (const step of resource.steps) {
      resource.row.delete(step);
    }
    resource.row.set(first, { state: "running", since: now });
  }

  #end(
    metadata: { op: string; urn: string; type: string },
    outcome: "passed" | "failed",
    now: number,
  ): StepNews[] {
    const resource = this.#resource(metadata);
    if (resource === undefined) {
      return [];
    }
    for (const step of resource.steps) {
      const state = resource.row.get(step);
      if (state?.state !== "running") {
        continue;
      }
      if (step !== "create" && outcome === "passed") {
        // The program has ended without this step: it was not needed.
        resource.row.delete(step);
        continue;
      }
      const seconds = (now - state.since) / 1000;
      resource.row.set(step, { state: outcome, since: state.since, seconds });
      const text = step === "create" && outcome === "passed" ? "healthy" : "see the message below";
      return [{ workload: resource.workload, step, outcome, seconds, text }];
    }
    return [];
  }

  /** The steps that the operation on a resource stands for. */
  #resource({ op, urn, type }: { op: string; urn: string; type: string }) {
    const name = urn.slice(urn.lastIndexOf("::") + 2);
    const steps = (workload: string, of: readonly WatchedStep[]) => {
      const row = this.rows.get(workload);
      return row && { workload, row, steps: of };
    };
    if (type === "docker:index/container:Container") {
      if (created.includes(op)) return steps(name, ["create"]);
      return deleted.includes(op) ? steps(name, programs["cut-over"]) : undefined;
    }
    const [, workload, program] = /^(.*)-(preparation|gate|verification)$/.exec(name) ?? [];
    return workload === undefined || !created.includes(op)
      ? undefined
      : steps(workload, programs[program as keyof typeof programs]);
  }
}

/** A program runs one step at a time, and has ended with the one that failed. */
function forgetRunning(row: Map<WatchedStep, StepState>): void {
  for (const [step, { state }] of row) {
    if (state === "running") {
      row.delete(step);
    }
  }
}

/** Reads a line of a workload's program, without the workload's name: see runStep. */
export function saidBy(line: string): Said {
  const failed = /^([a-z ]+) failed: (.*)$/s.exec(line);
  if (failed !== null && isStep(failed[1])) {
    return { step: failed[1], outcome: "failed", text: failed[2] ?? "" };
  }
  const over = /^([a-z ]+): (.*) \((\d+\.\d) s\)$/s.exec(line);
  if (over !== null && isStep(over[1])) {
    const text = over[2] ?? "";
    // The judging programs end their step with the verdict.
    const outcome = text === "failed" || text === "inconclusive" ? "failed" : "passed";
    return { step: over[1], outcome, seconds: Number(over[3]), text };
  }
  return { text: line };
}

function isStep(name: string | undefined): name is StepName {
  return (stepNames as readonly (string | undefined)[]).includes(name);
}
