/** A path of the engine's or of ours by its steps. A place in a list, as a `*`, is any. */
function stepsOf(path: string): string[] {
  return path
    .replaceAll(/ (line|document) \d+/g, "")
    .replaceAll(/\[(\d*|\*)\]/g, ".*.")
    .replaceAll(/\["((?:[^"\\]|\\.)*)"\]/g, ".$1.")
    .split(".")
    .filter((step) => step !== "")
    .map((step) => step.replaceAll(/\\(.)/g, "$1"));
}

/** Whether `ignoreChanges` with one path keeps a place as it is: it names the place, or something above or below it. */
export function isFrozenBy(ignored: string, place: string): boolean {
  const [path, at] = [stepsOf(ignored), stepsOf(place)];
  const shared = Math.min(path.length, at.length);
  return path.slice(0, shared).every((step, index) => isOneStep(step, at[index]));
}

function isOneStep(step: string, other: string | undefined): boolean {
  return step === other || step === "*" || other === "*";
}

/** Whether such a path names a place itself, or something below it. */
export function isAtOrBelow(ignored: string, place: string): boolean {
  const [path, at] = [stepsOf(ignored), stepsOf(place)];
  return path[0] === at[0] && path.length >= at.length && isFrozenBy(ignored, place);
}

/** The step below a place that such a path goes on with; undefined: it ends there, or above. */
export function stepBelow(ignored: string, place: string): string | undefined {
  return stepsOf(ignored)[stepsOf(place).length];
}

/** Whether a path is one property of a resource as a whole: `spec`; all of them: `*`. */
export function isWholeProperty(ignored: string): boolean {
  return stepsOf(ignored).length <= 1;
}

/** Where a property stands: the first step of a path, and its last. */
export function endsOf(ignored: string): { first: string; last: string } {
  const steps = stepsOf(ignored);
  return { first: steps[0] ?? "*", last: steps.at(-1) ?? "*" };
}

/**
 * A claim that the components of the fleet make: it names no volume, and stays bound to the one that it has. The API lets
 * nobody change that.
 */
export function isClaimOfFleet(urn: string): boolean {
  return /\$clawforce:fleet:(Workload|Ingress)\$kubernetes:core\/v1:PersistentVolumeClaim$/.test(
    urn.split("::")[2] ?? "",
  );
}

/**
 * What the components of the fleet make of a workload. They keep one as it is that an update does nothing to: its image
 * is not among what is kept.
 */
export function isUnitOfWorkload(urn: string): boolean {
  return /\$clawforce:fleet:(Managed)?Workload\$[^$]+$/.test(urn.split("::")[2] ?? "");
}
