import { parsedJson } from "../config/json.ts";
import { imageOfSet, isInPlace, isSet } from "./in-place.ts";
import { itemsOf, mappingOf, textOf, textsOf } from "./plain-json.ts";
import { type Preview, partsOf, type ResourceState, type Step } from "./preview.ts";

export const types = {
  workload: "clawforce:fleet:Workload",
  managedWorkload: "clawforce:fleet:ManagedWorkload",
  ingress: "clawforce:fleet:Ingress",
  container: "docker:index/container:Container",
  volume: "docker:index/volume:Volume",
  command: "command:local:Command",
} as const;

export type Track = "control-plane" | "runtime";

const moves = ["first", "adopt", "none", "forward", "back", "restore", "change", "change-back"] as const;

/** What a workload's component tells a judge of it. Empty text: there is none. */
export interface ToldFacts {
  track: string;
  image: string;
  /** The image of the container that is there. */
  from: string;
  /** Id of that container; empty also when it does not serve. */
  container: string;
  move: (typeof moves)[number];
  restore: ToldRestore | undefined;
  /** Seconds: how long its requests are held by an ingress (0: there is none), and how long it may not serve. */
  pause: { hold: number; longest: number };
  /** Payloads of its records, oldest first. Who signed them is the pack's to judge. */
  records: readonly Readonly<Record<string, unknown>>[];
}

export interface ToldRestore {
  snapshot: string;
  takenAt: string;
  moved: readonly string[];
}

/** One workload of a preview: its component, what makes its container, and what was told of it. */
export interface ReviewedWorkload {
  name: string;
  /** A control plane makes its container. */
  managed: boolean;
  /** By where it stands in the program. */
  track: Track;
  component: Step;
  /** Its container, its set on Kubernetes, or the command that moves it. */
  runner: Step | undefined;
  /** What is made anew when it is: the runner itself, or the command that starts its set. */
  starter: Step | undefined;
  /** Undefined where nothing was told that can be read. */
  told: ToldFacts | undefined;
}

export function workloadsOf(preview: Preview): ReviewedWorkload[] {
  const components = preview.steps.filter(({ type }) => isWorkload(type));
  return [...components, ...leftWorkloads(preview)]
    .map((component) => reviewedWorkload(component, preview))
    .toSorted((one, other) => (sortKey(one) < sortKey(other) ? -1 : 1));
}

function isWorkload(type: string): boolean {
  return type === types.workload || type === types.managedWorkload;
}

/** A preview that fails on the way may end before it says that a component goes; what was below it says so by then. */
function leftWorkloads({ steps }: Preview): Step[] {
  const known = new Set(steps.map(({ urn }) => urn));
  const left = new Set(steps.filter(({ op }) => op === "delete").map(({ before }) => before?.parent ?? ""));
  return [...left]
    .filter((urn) => !known.has(urn))
    .map((urn) => ({ op: "delete", urn, ...partsOf(urn), before: undefined, after: undefined, reasons: [] }))
    .filter(({ type }) => isWorkload(type));
}

function reviewedWorkload(component: Step, preview: Preview): ReviewedWorkload {
  const { name, urn, type } = component;
  const managed = type === types.managedWorkload;
  const runner = preview.steps.find((step) => isRunner(step, component, managed));
  const isOfSet = runner !== undefined && isSet(runner);
  return {
    name,
    managed,
    track: urn.includes("$clawforce:fleet:ControlPlane$") ? "control-plane" : "runtime",
    component,
    runner,
    starter: isOfSet ? preview.steps.find((step) => isStarter(step, component)) : runner,
    told: toldOf(preview.outputs.get(urn)?.judged),
  };
}

function isRunner(step: Step, component: Step, managed: boolean): boolean {
  return (
    (step.after ?? step.before)?.parent === component.urn &&
    (managed
      ? step.type === types.command && step.name === `${component.name}-move`
      : (step.type === types.container || isSet(step)) && step.name === component.name)
  );
}

function isStarter({ type, name, after, before }: Step, component: Step): boolean {
  return type === types.command && name === component.name && (after ?? before)?.parent === component.urn;
}

/** The control plane first, then by name. */
function sortKey({ track, name }: ReviewedWorkload): string {
  return `${track === "control-plane" ? 0 : 1} ${name}`;
}

function toldOf(judged: unknown): ToldFacts | undefined {
  const { track, image, from, container, move, restore, pause, evidence } = mappingOf(judged);
  const texts = [track, image, from, container, move];
  if (!texts.every((each) => typeof each === "string") || !isMove(move)) return undefined;
  const seconds = mappingOf(pause);
  const parts = ["drain", "stopGrace", "coldPass", "start"].map((part) => numberOf(seconds[part]));
  return {
    track: textOf(track),
    image: textOf(image),
    from: textOf(from),
    container: textOf(container),
    move,
    restore: restoreOf(restore),
    pause: { hold: numberOf(seconds.hold), longest: parts.reduce((sum, part) => sum + part, 0) },
    records: itemsOf(evidence).map((envelope) => recordOf(textOf(mappingOf(envelope).payload))),
  };
}

function isMove(text: unknown): text is ToldFacts["move"] {
  return moves.some((each) => each === text);
}

function restoreOf(value: unknown): ToldRestore | undefined {
  const { snapshot, takenAt, moved } = mappingOf(value);
  return typeof snapshot === "string" && snapshot !== ""
    ? { snapshot, takenAt: textOf(takenAt), moved: textsOf(moved) }
    : undefined;
}

function recordOf(payload: string): Readonly<Record<string, unknown>> {
  return mappingOf(mappingOf(parsedJson(Buffer.from(payload, "base64").toString("utf8"))).predicate);
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** The image that a workload's runner stands for: the container's own, or the one that its command was to move it to. */
export function imageOf(
  { managed, runner }: Pick<ReviewedWorkload, "managed" | "runner">,
  state: ResourceState | undefined,
): string {
  if (state === undefined) return "";
  if (isInPlace({ runner })) return imageOfSet(state);
  if (!managed) return textOf(state.inputs.image);
  const { stdin, environment } = state.inputs;
  // A state that an earlier version of this program has left has the task in a variable.
  const text = textOf(stdin) || textOf(mappingOf(environment).CLAWFORCE_OPERATION);
  return textOf(mappingOf(mappingOf(parsedJson(text)).workload).image);
}

/** The digest of a reference; a reference without one is its own. */
export function digestOf(reference: string): string {
  return reference.slice(reference.lastIndexOf("@") + 1);
}

export function sameDigest(one: string, other: string): boolean {
  return digestOf(one) === digestOf(other);
}
