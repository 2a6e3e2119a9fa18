import { parsedJson } from "../config/json.ts";
import { isMapping, itemsOf, mappingOf, textOf, textsOf } from "./plain-json.ts";

/** A resource before or after an update, as far as a review looks at it. Secrets stand as marks, never as values. */
export interface ResourceState {
  id: string;
  inputs: Readonly<Record<string, unknown>>;
  parent: string;
  protect: boolean;
  retainOnDelete: boolean;
  ignoreChanges: readonly string[];
  dependencies: readonly string[];
  /** Moment -> names of the hooks that run then. */
  hooks: Readonly<Record<string, readonly string[]>>;
}

/** What the engine would do to one resource. */
export interface Step {
  /** "same", "create", "update", "replace", "delete" and what else the engine may say. */
  op: string;
  urn: string;
  type: string;
  name: string;
  before: ResourceState | undefined;
  after: ResourceState | undefined;
  /** Names of the inputs that make the difference, as far as the provider says. */
  reasons: readonly string[];
}

/** What a rule of a policy pack has said. */
export interface PolicyVerdict {
  pack: string;
  rule: string;
  level: string;
  message: string;
}

/** One preview: what it would do, what its components say of it, and what the policy packs said to that. */
export interface Preview {
  /** The engine has come to its end without an error, those of a policy pack included. */
  passed: boolean;
  steps: readonly Step[];
  /** URN of a component -> the outputs that this run of the program has given it. */
  outputs: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  verdicts: readonly PolicyVerdict[];
  /** By pack: the resources that it has judged, whether it has judged the stack, and the rules that ran. */
  judged: ReadonlyMap<string, { resources: ReadonlySet<string>; stack: boolean; rules: ReadonlySet<string> }>;
  /** What the program has told its readers. */
  told: readonly string[];
  errors: readonly string[];
}

/** What the engine printed is not what a preview prints. */
export class UnreadablePreview extends Error {
  override name = "UnreadablePreview";
}

/**
 * Puts together what `pulumi preview --json --show-sames` prints (operations, options and both states of each resource)
 * and what its event log has besides (outputs of components, verdicts of policy packs, deletions that are left from an
 * earlier run).
 *
 * @throws UnreadablePreview
 */
export function readPreview(document: string, eventLines: readonly string[]): Preview {
  const printed = parsedJson(document);
  if (!isMapping(printed) || !Array.isArray(printed.steps)) {
    throw new UnreadablePreview("it printed no steps");
  }
  const events = eventLines.map((line) => mappingOf(parsedJson(line)));
  const steps = printed.steps.map((step) => stepOf(mappingOf(step), "oldState", "newState"));
  const diagnostics = itemsOf(printed.diagnostics).map(mappingOf);
  const saying = (severity: string) =>
    diagnostics
      .filter((each) => textOf(each.severity) === severity)
      .map(({ message }) => textOf(message).trim());
  return {
    passed: events.some(({ summaryEvent }) => textOf(mappingOf(summaryEvent).result) === "succeeded"),
    steps: [...steps, ...leftDeletions(events, steps)],
    outputs: outputsOf(events),
    verdicts: events.flatMap(({ policyEvent }) => (isMapping(policyEvent) ? [verdictOf(policyEvent)] : [])),
    judged: judgedBy(events),
    told: saying("info"),
    errors: [...saying("error"), ...steps.filter(({ urn }) => urn === "").map(() => "a step has no URN")],
  };
}

type Mapping = Readonly<Record<string, unknown>>;

function stepOf(step: Mapping, before: string, after: string): Step {
  const urn = textOf(step.urn);
  return {
    op: textOf(step.op),
    urn,
    ...partsOf(urn),
    before: stateOf(step[before]),
    after: stateOf(step[after]),
    reasons: [...new Set([...textsOf(step.diffReasons), ...textsOf(step.replaceReasons)])],
  };
}

/** urn:pulumi:<stack>::<project>::<types of the parents>$<type>::<name> */
export function partsOf(urn: string): { type: string; name: string } {
  const [, , types = "", ...name] = urn.split("::");
  return { type: types.slice(types.lastIndexOf("$") + 1), name: name.join("::") };
}

function stateOf(value: unknown): ResourceState | undefined {
  if (!isMapping(value)) return undefined;
  return {
    id: textOf(value.id),
    inputs: mappingOf(value.inputs),
    parent: textOf(value.parent),
    protect: value.protect === true,
    retainOnDelete: value.retainOnDelete === true,
    ignoreChanges: textsOf(value.ignoreChanges),
    dependencies: textsOf(value.dependencies),
    hooks: Object.fromEntries(
      Object.entries(mappingOf(value.resourceHooks)).map(([moment, names]) => [moment, textsOf(names)]),
    ),
  };
}

/** What an interrupted run has left to be deleted is no step of the document, and is deleted all the same. */
function leftDeletions(events: readonly Mapping[], steps: readonly Step[]): Step[] {
  const goes = new Set(steps.filter(({ op }) => op === "replace" || op === "delete").map(({ urn }) => urn));
  return events
    .map(({ resourcePreEvent }) => mappingOf(mappingOf(resourcePreEvent).metadata))
    .filter(({ op, urn }) => (op === "delete" || op === "delete-replaced") && !goes.has(textOf(urn)))
    .map((metadata) => stepOf(metadata, "old", "none"));
}

/**
 * The document leaves the outputs of components out. In the events each component comes twice: once with the outputs of
 * the run before, and once more when this run has given it its own. What came only once has said nothing new.
 */
function outputsOf(events: readonly Mapping[]): Map<string, Mapping> {
  const seen = new Set<string>();
  const outputs = new Map<string, Mapping>();
  for (const { resOutputsEvent } of events) {
    if (!isMapping(resOutputsEvent)) continue;
    const { urn, new: after } = mappingOf(resOutputsEvent.metadata);
    if (seen.has(textOf(urn))) outputs.set(textOf(urn), mappingOf(mappingOf(after).outputs));
    seen.add(textOf(urn));
  }
  return outputs;
}

function verdictOf(event: Mapping): PolicyVerdict {
  const { policyPackName, policyName, enforcementLevel, message } = event;
  return {
    pack: textOf(policyPackName),
    rule: textOf(policyName),
    level: textOf(enforcementLevel),
    message: textOf(message),
  };
}

function judgedBy(events: readonly Mapping[]): Preview["judged"] {
  const judged = new Map<string, { resources: Set<string>; stack: boolean; rules: Set<string> }>();
  for (const { policyAnalyzeSummaryEvent: resource, policyAnalyzeStackSummaryEvent: stack } of events) {
    const summary = isMapping(resource) ? resource : stack;
    if (!isMapping(summary)) continue;
    const name = textOf(summary.policyPackName);
    const pack = judged.get(name) ?? { resources: new Set(), stack: false, rules: new Set() };
    judged.set(name, pack);
    if (isMapping(stack)) pack.stack = true;
    pack.resources.add(textOf(summary.resourceUrn));
    for (const rule of [...textsOf(summary.passed), ...textsOf(summary.failed)]) pack.rules.add(rule);
  }
  return judged;
}
