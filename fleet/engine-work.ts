import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/index.js";

/** More names than these make the line too long to read. */
const namesShown = 2;

/**
 * What Pulumi itself is at, for the time in which no program of a workload says anything: before the first one begins, in a
 * preview, while a resource is made.
 */
export class EngineWork {
  readonly #what: string;
  readonly #since: number;
  /** By URN: what it does, and since when. */
  readonly #under = new Map<string, { deed: string; since: number }>();
  #programReads = false;
  #resources = 0;

  /**
   * @param what - the engine's command: "pulumi up".
   * @param now - milliseconds since 1970, as all times here.
   */
  constructor(what: string, now: number) {
    this.#what = what;
    this.#since = now;
  }

  seen(event: EngineEvent, now: number): void {
    if (event.preludeEvent !== undefined) this.#programReads = true;
    const { resourcePreEvent, resOutputsEvent, resOpFailedEvent } = event;
    const over = (resOutputsEvent ?? resOpFailedEvent)?.metadata;
    if (over !== undefined) this.#under.delete(over.urn);
    const begun = resourcePreEvent?.metadata;
    if (begun === undefined || isComponent(begun)) return;
    this.#resources += 1;
    const { urn, op } = begun;
    this.#under.set(urn, { deed: `${op} ${urn.slice(urn.lastIndexOf("::") + 2)}`, since: now });
  }

  /** One line: what it does now, and for how long. */
  text(now: number): string {
    const seconds = (since: number) => `${Math.round((now - since) / 1000)} s`;
    if (this.#resources === 0) {
      const doing = this.#programReads
        ? "reads what runs and what is on record, before anything is done"
        : "starts";
      return `${this.#what} ${doing} … ${seconds(this.#since)}`;
    }
    const longest = [...this.#under.values()].toSorted((one, other) => one.since - other.since);
    const shown = longest.slice(0, namesShown).map(({ deed, since }) => `${deed} … ${seconds(since)}`);
    const more = longest.length - shown.length;
    if (shown.length === 0)
      return `${this.#what}: resources looked at: ${this.#resources} … ${seconds(this.#since)}`;
    return `${this.#what}: ${shown.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
  }
}

/** It lasts as long as what is in it, and nothing is done for it alone. The engine leaves out what is false. */
function isComponent({ new: after, old: before }: Pick<StepEventMetadata, "new" | "old">): boolean {
  const state = after ?? before;
  return state !== undefined && state.custom !== true;
}
