import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import type { ProgramEvent } from "../lifecycle/events.ts";
import type { StepName } from "../lifecycle/update/step-names.ts";

export interface StepState {
  state: "running" | "passed" | "failed";
  /** Milliseconds since 1970. */
  since: number;
  /** Known when it is over. */
  seconds?: number;
}

/** A step that is over, or something else that a workload's program said. */
export interface StepNews {
  workload: string;
  step?: StepName;
  outcome?: "passed" | "failed";
  seconds?: number;
  text: string;
}

const containerType = "docker:index/container:Container";
const created: readonly string[] = ["create", "create-replacement"];

/** Which step each workload is at: from the events of the programs, and for what the engine itself does from its own. */
export class Steps {
  readonly rows: ReadonlyMap<string, Map<StepName, StepState>>;

  constructor(workloads: readonly string[]) {
    this.rows = new Map(workloads.map((name) => [name, new Map()]));
  }

  /** @returns what there is to tell. */
  told(event: ProgramEvent): StepNews[] {
    const { workload, text } = event;
    const row = this.rows.get(workload);
    if (row === undefined || event.kind === "failure") return [];
    if (event.kind === "note") return [{ workload, text }];
    const now = Date.parse(event.time);
    if (event.outcome === "begun") {
      row.set(event.step, { state: "running", since: now });
      return [];
    }
    return [this.#over(workload, row, { ...event, outcome: event.outcome, now })];
  }

  /** @param now milliseconds since 1970. */
  seen(event: EngineEvent, now: number): StepNews[] {
    const { resourcePreEvent, resOutputsEvent, resOpFailedEvent } = event;
    if (resOpFailedEvent !== undefined) return this.#failed(resOpFailedEvent.metadata.urn, now);
    const found = (resourcePreEvent ?? resOutputsEvent)?.metadata;
    if (found?.type !== containerType || !created.includes(found.op)) return [];
    const workload = nameOf(found.urn);
    const row = this.rows.get(workload);
    if (row === undefined) return [];
    if (resourcePreEvent !== undefined) {
      row.set("create", { state: "running", since: now });
      return [];
    }
    if (row.get("create")?.state !== "running") return [];
    return [this.#over(workload, row, { outcome: "passed", text: "healthy", step: "create", now })];
  }

  /** A program that was killed has not said how its step ended, and neither does the engine of a container. */
  #failed(urn: string, now: number): StepNews[] {
    const name = nameOf(urn);
    const [workload] = [...this.rows.keys()]
      .filter((each) => name === each || name.startsWith(`${each}-`))
      .toSorted((one, other) => other.length - one.length);
    const row = this.rows.get(workload ?? "");
    if (workload === undefined || row === undefined) return [];
    return [...row]
      .filter(([, { state }]) => state === "running")
      .map(([step]) =>
        this.#over(workload, row, { step, outcome: "failed", text: "see the message below", now }),
      );
  }

  #over(
    workload: string,
    row: Map<StepName, StepState>,
    {
      step,
      outcome,
      text,
      seconds,
      now,
    }: Required<Pick<StepNews, "outcome" | "text">> & {
      step: StepName;
      seconds?: number;
      now: number;
    },
  ): StepNews {
    const since = row.get(step)?.since ?? now;
    const took = seconds ?? (now - since) / 1000;
    row.set(step, { state: outcome, since, seconds: took });
    return { workload, step, outcome, seconds: took, text };
  }
}

function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}
