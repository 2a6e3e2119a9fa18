import type { PolicyResource } from "@pulumi/policy";
import { isObject, itemsOf, notKnown, type Reached, read } from "./guarded-read.ts";
import type { StackGraph } from "./stack-graph.ts";
import { imageOfSet, isSetType, madeOfSet, madeOfUnit, setTypes } from "./unit-set.ts";

/** The types of the components of a fleet, as they stand in a stack. */
export const fleetTypes = {
  workload: "clawforce:fleet:Workload",
  managedWorkload: "clawforce:fleet:ManagedWorkload",
  group: "clawforce:fleet:InstanceGroup",
  controlPlane: "clawforce:fleet:ControlPlane",
  agentImage: "clawforce:fleet:AgentImage",
  ingress: "clawforce:fleet:Ingress",
} as const;

export const containerType = "docker:index/container:Container";
export const commandType = "command:local:Command";
/** What runs a workload that no control plane makes. */
export const unitTypes: readonly string[] = [containerType, ...setTypes];

/** What a workload's component says of it. Empty text: there is none. */
export interface WorkloadFacts {
  track: string;
  role: string;
  group: string;
  wave: number;
  /** The reference that it is to run. */
  image: string;
  /** The image of the container that is there. */
  from: string;
  /** Id of that container; empty also when it does not serve. */
  container: string;
  /** The release that it can be set back to, as recorded. */
  previous: string;
  /** What the update does to it: first, none, forward, back, restore, change (of its settings), change-back. */
  move: string;
  /** Fingerprint of the settings of its group that it gets in this update; empty: it keeps those that it has. */
  settings: string;
  /** What its container is made anew for, as one hash; its preparation runs for the same. */
  trigger: string;
  pause: PauseFacts;
  /** Envelopes of its records, oldest first, not verified. */
  evidence: readonly unknown[];
}

/** How long a cut-over may keep a workload from serving. Seconds, each the longest that is allowed. */
export interface PauseFacts {
  /** How long an ingress holds its requests; 0: none stands in front of it. */
  hold: number;
  /** Before it is stopped: requests under way, then active work that can be seen. */
  drain: number;
  /** Active work that can't be seen: what it must end by itself once it is told to stop. */
  unseen: number;
  stopGrace: number;
  /** The newest cold snapshot on record; 0: there is none. */
  coldPass: number;
  /** From its new container to the end of its gate. */
  start: number;
}

/** One workload of a fleet as the stack has it. */
export interface JudgedWorkload extends WorkloadFacts {
  /** Its name, also that of its container. */
  name: string;
  resource: PolicyResource;
  /** What is stopped: its container, its set on Kubernetes, or the command that moves it where a control plane makes the container. */
  runner: PolicyResource;
  /** What is done when it has started: the runner itself, or on Kubernetes the command that starts its set. */
  starter: PolicyResource;
  /** A control plane makes its container. */
  managed: boolean;
  /** Its container will be made anew, or was in this very update, as far as the stack shows. */
  madeAnew: boolean;
}

/** What an instance group's component says of it. Empty text: there is none. */
export interface JudgedGroup {
  name: string;
  resource: PolicyResource;
  /** Name of the agent image that its instances run. */
  agentImage: string;
  waves: readonly unknown[];
  wave: number;
  candidate: string;
  checksHash: string;
  bake: { length: number; requests: number };
}

/** A fact that can't be read: nothing can be judged that rests on it. */
export interface FactProblem {
  resource: PolicyResource;
  path: string;
  problem: "unknown" | "malformed";
}

export interface FleetFacts {
  workloads: readonly JudgedWorkload[];
  groups: readonly JudgedGroup[];
  problems: readonly FactProblem[];
}

/** All that the components of a stack say of its fleet. What can't be read is a problem, never passed over. */
export function fleetFactsOf(graph: StackGraph): FleetFacts {
  const problems: FactProblem[] = [];
  const whole = <Item>(read: (facts: Facts) => Item | undefined, resource: PolicyResource): Item[] => {
    const facts = new Facts(resource);
    const item = read(facts);
    problems.push(...facts.problems);
    return item === undefined || facts.problems.length > 0 ? [] : [item];
  };
  const workloads = graph
    .ofType(fleetTypes.workload, fleetTypes.managedWorkload)
    .flatMap((resource) => whole((facts) => workloadOf(graph, resource, facts), resource));
  const groups = graph
    .ofType(fleetTypes.group)
    .flatMap((resource) => whole((facts) => groupOf(resource, facts), resource));
  return { workloads, groups, problems };
}

function workloadOf(graph: StackGraph, resource: PolicyResource, facts: Facts): JudgedWorkload | undefined {
  const managed = resource.type === fleetTypes.managedWorkload;
  const { runner, starter } = managed ? moveIn(graph, resource) : unitIn(graph, resource);
  if (runner === undefined || starter === undefined) {
    facts.report(managed ? "move" : runner === undefined ? "container" : "start", "malformed");
    return undefined;
  }
  const container = facts.text("judged.container");
  const told = {
    name: resource.name,
    resource,
    runner,
    starter,
    managed,
    track: facts.text("judged.track"),
    role: facts.text("judged.role"),
    group: facts.text("judged.group"),
    wave: facts.number("judged.wave"),
    image: facts.text("judged.image"),
    from: facts.text("judged.from"),
    container,
    previous: facts.text("judged.previous"),
    move: facts.text("judged.move"),
    settings: facts.text("judged.settings"),
    trigger: facts.text("judged.trigger"),
    pause: {
      hold: facts.number("judged.pause.hold"),
      drain: facts.number("judged.pause.drain"),
      unseen: facts.number("judged.pause.unseen"),
      stopGrace: facts.number("judged.pause.stopGrace"),
      coldPass: facts.number("judged.pause.coldPass"),
      start: facts.number("judged.pause.start"),
    },
    evidence: facts.list("judged.evidence"),
  };
  return { ...told, madeAnew: isMadeAnew(told) };
}

type Runners = { [Part in "runner" | "starter"]: PolicyResource | undefined };

function moveIn(graph: StackGraph, component: PolicyResource): Runners {
  const move = graph.childrenOf(component, commandType).find(({ name }) => name === `${component.name}-move`);
  return { runner: move, starter: move };
}

/** The one that has the component's name: a component with two of them has none, because nobody can tell which runs. */
function unitIn(graph: StackGraph, component: PolicyResource): Runners {
  const ofName = (...types: string[]) =>
    graph.childrenOf(component, ...types).filter(({ name }) => name === component.name);
  const [runner, ...others] = ofName(...unitTypes);
  if (runner === undefined || others.length > 0) return { runner: undefined, starter: undefined };
  return { runner, starter: isSetType(runner.type) ? ofName(commandType)[0] : runner };
}

type Told = Pick<JudgedWorkload, "runner" | "starter" | "managed" | "container" | "image" | "from">;

/**
 * A set is changed in its place and keeps its id: its pod's image and the hash that it is made for show it. Its start shows it
 * only where nothing serves: of a command that takes note of another input the result is not known either.
 */
function isMadeAnew({ runner, starter, managed, container, image, from }: Told): boolean {
  // A command shows no id, and its result is known as long as it does not run.
  if (managed) return read(runner.props, "stdout") === notKnown;
  if (!isSetType(runner.type)) {
    const id = read(runner.props, "id");
    return id === notKnown || (container !== "" && id !== container);
  }
  const comes = from !== "" && !sameDigest(from, image) && !isImage(imageOfSet(runner), from);
  if (container === "" && read(starter.props, "stdout") === notKnown) return true;
  return comes || (container !== "" && madeOfSet(runner) !== madeOfUnit(container));
}

/** Whether a value is a reference to the same bytes. */
export function isImage(value: unknown, image: string): boolean {
  return typeof value === "string" && sameDigest(value, image);
}

/** Whether the provider changes it in its place. */
export function isSet({ runner }: Pick<JudgedWorkload, "runner">): boolean {
  return isSetType(runner.type);
}

function groupOf(resource: PolicyResource, facts: Facts): JudgedGroup {
  return {
    name: resource.name,
    resource,
    agentImage: facts.text("agentImage"),
    waves: facts.list("waves"),
    wave: facts.number("wave"),
    candidate: facts.text("judged.candidate"),
    checksHash: facts.text("judged.checksHash"),
    bake: { length: facts.number("judged.bake.length"), requests: facts.number("judged.bake.requests") },
  };
}

/** The digest of a reference; a reference without one is its own. */
export function digestOf(reference: string): string {
  return reference.slice(reference.lastIndexOf("@") + 1);
}

export function sameDigest(one: string, other: string): boolean {
  return digestOf(one) === digestOf(other);
}

/** Another version is to run than the one that was there. */
export function changesVersion({ from, image }: WorkloadFacts): boolean {
  return from !== "" && !sameDigest(from, image);
}

/** Other settings are to come on the image that was there, and no ones that it had before. */
export function changesSettings({ move }: WorkloadFacts): boolean {
  return move === "change";
}

/** Its first container takes over from one of somebody else's that runs. */
export function adopts({ move }: WorkloadFacts): boolean {
  return move === "adopt";
}

/** Where something about a workload is said. */
export function placeIn({ name, resource }: JudgedWorkload, path: string) {
  return { resource: name, urn: resource.urn, path };
}

/** Reads the facts of one component and notes what can't be read. */
class Facts {
  readonly problems: FactProblem[] = [];
  readonly #resource: PolicyResource;

  constructor(resource: PolicyResource) {
    this.#resource = resource;
  }

  report(path: string, problem: FactProblem["problem"]): void {
    this.problems.push({ resource: this.#resource, path, problem });
  }

  text(path: string): string {
    const value = this.#value(path);
    if (typeof value.value === "string") return value.value;
    this.#noteWrong(value);
    return "";
  }

  number(path: string): number {
    const value = this.#value(path);
    if (typeof value.value === "number") return value.value;
    this.#noteWrong(value);
    return 0;
  }

  /** Its items may be anything, `notKnown` too. */
  list(path: string): unknown[] {
    const value = this.#value(path);
    if (Array.isArray(value.value)) {
      const items = itemsOf(value.value, path);
      for (const item of items.filter(({ value: each }) => each === notKnown))
        this.report(item.path, "unknown");
      return items.map(({ value: each }) => each);
    }
    this.#noteWrong(value);
    return [];
  }

  /** What is missing as a whole is said once, not for each fact in it. */
  #noteWrong({ path, value }: Reached): void {
    if (this.problems.every((each) => each.path !== path))
      this.report(path, value === notKnown ? "unknown" : "malformed");
  }

  /** The value at a path, or the last part of the path that is no object. */
  #value(path: string): Reached {
    const parts = path.split(".");
    let value: unknown = this.#resource.props;
    for (const [index, part] of parts.entries()) {
      if (!isObject(value)) return { path: parts.slice(0, index).join("."), value };
      value = read(value, part);
    }
    return { path, value };
  }
}
