import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import type { ProgramEvent } from "../lifecycle/events.ts";
import { EngineWork } from "./engine-work.ts";
import { type StepNews, Steps } from "./steps.ts";
import { stepsTable } from "./steps-table.ts";

export interface Terminal {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** Room for the columns that come only when there is something in them: hold and open, or a restore. Characters. */
const seldomWidth = 10;

/** Longer than this nobody should have to wonder whether something still happens. */
const longestSilence = 8000;

/**
 * Shows an update while it runs: on a terminal a table that is drawn anew in its place, elsewhere a line for each
 * step that is over, and a sign of life when a step takes long. Without workloads only signs of life.
 */
export class LiveSteps {
  readonly #terminal: Terminal;
  readonly #steps: Steps;
  readonly #began = Date.now();
  readonly #inPlace: boolean;
  readonly #engine: EngineWork;
  readonly #table: boolean;
  #drawn = 0;
  #lastLine = "";
  #lastWrite = Date.now();
  #timer: NodeJS.Timeout | undefined;

  /** @param what - the engine's command, for people: "pulumi up". */
  constructor(what: string, workloads: readonly string[], terminal: Terminal) {
    this.#terminal = terminal;
    this.#steps = new Steps(workloads);
    this.#engine = new EngineWork(what, this.#began);
    this.#table = workloads.length > 0;
    const needed = Math.max(...stepsTable(this.#steps, this.#began).map((line) => line.length)) + seldomWidth;
    this.#inPlace =
      this.#table &&
      terminal.isTTY === true &&
      process.env.CI === undefined &&
      (terminal.columns ?? 0) >= needed;
  }

  begin(): void {
    this.#timer = setInterval(() => this.#tick(), 1000);
    this.#tick();
  }

  readonly onEvent = (event: EngineEvent): void => {
    const now = Date.now();
    this.#engine.seen(event, now);
    this.#show(this.#steps.seen(event, now));
  };

  readonly onTold = (event: ProgramEvent): void => this.#show(this.#steps.told(event));

  #show(all: readonly StepNews[]): void {
    for (const news of all) {
      this.#lastLine = `${news.workload}: ${news.step === undefined ? "" : `${news.step}: `}${news.text}`;
      if (!this.#inPlace && news.step !== undefined) {
        this.#write(`${this.#clock()}  ${newsLine(news)}\n`);
      }
    }
    // There are hundreds of events without news; what they change shows with the next second.
    if (this.#inPlace && all.length > 0) {
      this.#draw();
    }
  }

  /** Leaves the table as it ended. More than one call does no more. */
  end(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#lastLine = "";
    if (this.#inPlace) {
      this.#draw();
    } else if (this.#table) {
      this.#write(`${stepsTable(this.#steps, Date.now()).join("\n")}\n`);
    }
  }

  #tick(): void {
    if (this.#inPlace) {
      this.#draw();
    } else if (Date.now() - this.#lastWrite >= longestSilence) {
      this.#write(`${this.#clock()}  ${this.#signOfLife()}\n`);
    }
  }

  #signOfLife(): string {
    const now = Date.now();
    const running = [...this.#steps.rows].flatMap(([workload, row]) =>
      [...row]
        .filter(([, { state }]) => state === "running")
        .map(([step, { since }]) => `${workload}: ${step} … ${Math.round((now - since) / 1000)} s`),
    );
    return running.length > 0 ? running.join("; ") : this.#engine.text(now);
  }

  #draw(): void {
    const now = Date.now();
    const width = this.#terminal.columns ?? 80;
    const last = this.#timer !== undefined && this.#lastLine === "" ? this.#engine.text(now) : this.#lastLine;
    const lines = [...stepsTable(this.#steps, now), ...(last === "" ? [] : [last])].map((line) =>
      cut(line, width - 1),
    );
    const back = this.#drawn === 0 ? "" : `\u001b[${this.#drawn}A`;
    this.#write(`${back}\u001b[0J${lines.join("\n")}\n`);
    this.#drawn = lines.length;
  }

  #clock(): string {
    return `${((Date.now() - this.#began) / 1000).toFixed(1).padStart(6)} s`;
  }

  #write(text: string): void {
    this.#lastWrite = Date.now();
    this.#terminal.write(text);
  }
}

/** One finished step as a line for a log. */
export function newsLine({ workload, step, outcome, seconds, text }: StepNews): string {
  const took = seconds === undefined ? "" : ` (${seconds.toFixed(1)} s)`;
  return `${workload} ${outcome === "failed" ? "✗" : "✓"} ${step ?? ""}${took}: ${text}`;
}

function cut(line: string, width: number): string {
  const characters = [...line];
  return characters.length <= width ? line : `${characters.slice(0, width - 1).join("")}…`;
}
