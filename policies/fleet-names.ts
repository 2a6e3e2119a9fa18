import type { PolicyResource } from "@pulumi/policy";
import { wordsIn } from "./command-tools.ts";
import { containerType, fleetTypes, unitTypes } from "./fleet-facts.ts";
import { read } from "./guarded-read.ts";
import { volumeType } from "./named-states.ts";
import { hostPathOf } from "./path-spelling.ts";
import type { StackGraph } from "./stack-graph.ts";
import { stateText } from "./state.ts";
import { stateMountsOf } from "./state-mounts.ts";
import { nameOfSet } from "./unit-set.ts";
import { quoted } from "./verdict.ts";

/** Part of a fleet, as a text names it. */
export interface Named {
  /** As messages say it: `the workload "support-1"`. */
  what: string;
  isState: boolean;
}

/** The names by which a fleet can be spoken of: its workloads, their containers, and their state. */
export class FleetNames {
  readonly #names = new Map<string, Named>();
  readonly #directories = new Map<string, Named>();
  readonly #ids: string[] = [];

  constructor(graph: StackGraph) {
    for (const workload of graph.ofType(fleetTypes.workload, fleetTypes.managedWorkload)) {
      const named = { what: `the workload ${quoted(workload.name)}`, isState: false };
      this.#names.set(workload.name, named);
      for (const resource of graph.childrenOf(workload)) this.#add(resource, named);
    }
  }

  get isEmpty(): boolean {
    return this.#names.size === 0;
  }

  #add(resource: PolicyResource, workload: Named): void {
    const { type, props } = resource;
    const name = read(props, "name");
    if (type === volumeType && typeof name === "string")
      this.#names.set(name, { what: `volume ${quoted(name)} of ${workload.what}`, isState: true });
    if (!unitTypes.includes(type)) return;
    const own = type === containerType ? name : nameOfSet(resource);
    if (typeof own === "string" && own !== "") this.#names.set(own, workload);
    const id = read(props, "id");
    if (typeof id === "string" && id.length >= idLength) this.#ids.push(id);
    for (const { state, readOnly } of stateMountsOf(resource).mounts) {
      if (readOnly) continue;
      const named = { what: `${stateText(state)} of ${workload.what}`, isState: true };
      if (state.kind === "volume" || state.kind === "claim") this.#names.set(state.name, named);
      else if (state.kind === "directory" && state.below !== "/") this.#directories.set(state.below, named);
    }
  }

  /** What of the fleet a text names. */
  namedIn(text: string): Named | undefined {
    if (this.isEmpty) return undefined;
    for (const word of wordsIn(text)) {
      const named = this.#byPath(word) ?? this.#byPart(word);
      if (named !== undefined) return named;
    }
    return undefined;
  }

  /** `support-1`, `support-1:/data`, `container/support-1`, `-vsupport-1-state:/data`. */
  #byPart(word: string): Named | undefined {
    for (const part of [word, ...word.split(/[/:=,@;|&]+/)]) {
      const named = this.#names.get(part) ?? this.#names.get(part.replace(/^-[a-zA-Z]/, ""));
      if (named !== undefined) return named;
      if (isId(part) && this.#ids.some((id) => id.startsWith(part)))
        return { what: "a container of the fleet", isState: false };
      const matched = /[*?]/.test(part) ? this.#byPattern(part) : undefined;
      if (matched !== undefined) return matched;
    }
    return undefined;
  }

  /** `support-*`: what a shell makes of it. */
  #byPattern(pattern: string): Named | undefined {
    if (!/\w/.test(pattern)) return undefined;
    const literal = pattern.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
    const matches = new RegExp(`^${literal.replaceAll(/\*+/g, "[^/]*").replaceAll("?", "[^/]")}$`);
    return [...this.#names].find(([name]) => matches.test(name))?.[1];
  }

  #byPath(word: string): Named | undefined {
    if (this.#directories.size === 0) return undefined;
    for (const [, path = ""] of word.matchAll(/(?:^|[=:,@]|^-[a-zA-Z])(\/[^:=,@]*)/g)) {
      const at = hostPathOf(path);
      for (const [directory, named] of this.#directories)
        if (at === directory || at.startsWith(`${directory}/`)) return named;
    }
    return undefined;
  }
}

/** As short as engines print an id. */
const idLength = 12;

function isId(word: string): boolean {
  return word.length >= idLength && /^[0-9a-f]+$/.test(word);
}
