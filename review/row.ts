import { parseImageReference, shortReference } from "../config/image-reference.ts";
import { formatDuration } from "../config/units.ts";
import { quoted } from "./finding.ts";
import { changedPaths, changesPod, isInPlace, pathsText } from "./in-place.ts";
import { isMapping } from "./plain-json.ts";
import { partsOf, type Step } from "./preview.ts";
import { changesImage, isMadeAnew } from "./tracks.ts";
import { imageOf, type ReviewedWorkload, types } from "./workload.ts";

/** What happens to one workload, as a reviewer reads it. */
export interface Row {
  workload: string;
  track: string;
  /** Short references; empty where there is none. */
  from: string;
  to: string;
  operation: string;
  pauses: string;
  state: string;
}

/** Undefined for a workload that nothing happens to. */
export function rowOf(workload: ReviewedWorkload, all: readonly ReviewedWorkload[]): Row | undefined {
  const { name, track, component, runner, told } = workload;
  const steps = [runner, workload.starter].filter((step) => step !== undefined);
  const rests = steps.every(({ op }) => op === "same") && (told?.move ?? "none") === "none";
  if (rests && component.op !== "delete") return undefined;
  return {
    workload: name,
    track,
    from: short(adopts(workload) ? (told?.from ?? "") : imageOf(workload, runner?.before)),
    to: short(imageOf(workload, runner?.after)),
    operation: operationOf(workload),
    pauses: pausesOf(workload, all),
    state: stateOf(workload),
  };
}

/** Whether its first container takes over from one that somebody else has made. */
function adopts({ told }: ReviewedWorkload): boolean {
  return told?.move === "adopt";
}

function operationOf(workload: ReviewedWorkload): string {
  const { component, runner, managed, told } = workload;
  if (component.op === "delete") return managed ? "left to its control plane" : "removed";
  if (adopts(workload) && isMadeAnew(workload)) return "adopts what runs";
  if (isInPlace(workload)) return inPlaceOperation(workload);
  switch (runner?.op) {
    case "create":
      if (told?.move === "first") return "first start";
      return managed && told?.move === "none" ? "taken in" : "made anew";
    case "replace": {
      const inputs = inputsOf(runner);
      return moveText(told, inputs) ?? (changesImage(workload) ? "update" : `replaced: ${inputs}`);
    }
    case "update":
      return managed ? "noted" : `changed in place: ${inputsOf(runner)}`;
    default:
      return runner?.op === "same" || runner === undefined ? "none" : runner.op;
  }
}

/** Of a set: what would be an update of it for the engine is told as what it is for the workload. */
function inPlaceOperation(workload: ReviewedWorkload): string {
  const { runner, starter, told } = workload;
  if (runner === undefined) return "none";
  const paths = pathsText(changedPaths(runner));
  if (!isMadeAnew(workload)) {
    if (runner.op === "same") return starter?.op === "update" ? "noted" : "none";
    return changesPod(runner)
      ? `changed in place: ${paths}`
      : `no restart: ${paths === "" ? runner.op : paths}`;
  }
  if (told?.move === "first") return "first start";
  if (runner.before === undefined) return "made anew";
  const move = moveText(told, paths === "" ? aSecret : paths);
  if (move !== undefined) return move;
  if (changesImage(workload)) return `update, ${turnOf(workload)}`;
  return paths === "" ? "started anew" : `restarted: ${paths}`;
}

/** Of what is made anew: what the program says that it is for; undefined: it does not say. */
function moveText(told: ReviewedWorkload["told"], settings: string): string | undefined {
  switch (told?.move) {
    case "back":
      return "back";
    case "change":
      return `other settings: ${settings}`;
    case "change-back":
      return `back to earlier settings: ${settings}`;
    case "restore":
      return "state set back";
    default:
      return undefined;
  }
}

/** When it is its turn: the canary goes first. */
function turnOf({ component, track }: ReviewedWorkload): string {
  const { role, wave } = component.after?.inputs ?? {};
  if (track === "control-plane") return "by itself";
  return role === "canary" ? "as canary" : `in wave ${JSON.stringify(wave ?? 0)}`;
}

const aSecret = "a secret, or what it is checked by";

/** Names of the inputs that differ. Of secrets the engine does not even say whether they do. */
function inputsOf({ before, after, reasons }: Step): string {
  const names = [...new Set([...Object.keys(before?.inputs ?? {}), ...Object.keys(after?.inputs ?? {})])];
  const differing = names.filter(
    (name) =>
      name !== "__defaults" && JSON.stringify(before?.inputs[name]) !== JSON.stringify(after?.inputs[name]),
  );
  const all = [...new Set([...differing, ...reasons])].toSorted();
  return all.length === 0 ? aSecret : all.join(", ");
}

function pausesOf(workload: ReviewedWorkload, all: readonly ReviewedWorkload[]): string {
  const { component, runner, told, track, managed } = workload;
  if (component.op === "delete") return managed ? "nothing" : "for good";
  const wasThere = runner?.before !== undefined || adopts(workload);
  if (!isMadeAnew(workload) || !wasThere) return "nothing";
  const { hold = 0, longest = 0 } = told?.pause ?? {};
  const most = longest === 0 ? "" : `, ${formatDuration(Math.ceil(longest))} at most`;
  const requests = hold > 0 ? ": requests wait at the ingress" : ": requests fail";
  const through = track === "control-plane" ? all.filter((each) => each.managed).length : 0;
  const others = through === 0 ? "" : `, and ${through} that it manages`;
  return `itself${others}${most}${requests}`;
}

function stateOf(workload: ReviewedWorkload): string {
  const { component, runner, told, managed } = workload;
  if (component.op === "delete")
    return managed
      ? "with its control plane"
      : `stays ${isInPlace(workload) ? "in its claim" : "on the host"}, after a cold snapshot`;
  if (told?.restore !== undefined) {
    const { snapshot, takenAt, moved } = told.restore;
    const since = takenAt === "" || takenAt === "unknown" ? "" : ` of ${takenAt}`;
    const why = moved.length === 0 ? "" : ` (${moved.join(", ")})`;
    return `snapshot ${snapshot.slice(0, 12)}${since} comes back; what was written since is lost${why}`;
  }
  if (runner?.before === undefined && !adopts(workload)) return "new";
  if (isInPlace(workload) && isMadeAnew(workload)) return "stays, after a cold snapshot";
  return managed && told?.move === "back" ? "stays; comes back from its backup if need be" : "stays";
}

/** Repository, tag and 12 digits of the digest; what is no reference is shown as it is. */
function short(reference: string): string {
  if (reference === "") return "";
  return "problem" in parseImageReference(reference) ? quoted(reference) : shortReference(reference);
}

/** What happens to something that is no workload and no program of one. */
export interface OtherRow {
  resource: string;
  type: string;
  operation: string;
}

export function otherRowOf(step: Step): OtherRow {
  const { name, type, op, before, after } = step;
  if (type.startsWith("kubernetes:")) return { resource: name, type, operation: inClusterOperation(step) };
  const inputs = op === "update" || op === "replace" ? changedInputs(before?.inputs, after?.inputs) : [];
  return { resource: name, type, operation: inputs.length === 0 ? op : `${op}: ${inputs.join(", ")}` };
}

/** Of an object of a cluster: where it differs, and whose it is. */
function inClusterOperation(step: Step): string {
  const { type, op, before, after } = step;
  const { type: above, name: owner } = partsOf((after ?? before)?.parent ?? "");
  const isOfWorkload = above === types.workload;
  const isUpdate = op === "update" || op === "replace";
  const paths = isUpdate ? pathsText(changedPaths(step)) : "";
  // The engine shows no secret: one that changes looks the same before and after.
  const isSecret = type === "kubernetes:core/v1:Secret";
  const what = isSecret && isUpdate && paths === "" ? "values that are not shown" : paths;
  const of = !isOfWorkload
    ? ""
    : isSecret && isUpdate
      ? ` (${owner} reads them when it starts next)`
      : ` (of ${owner})`;
  return `${op}${what === "" ? "" : `: ${what}`}${of}`;
}

function changedInputs(before: unknown, after: unknown): string[] {
  if (!isMapping(before) || !isMapping(after)) return [];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => key !== "__defaults" && JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .toSorted();
}
