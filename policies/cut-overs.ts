import { changesVersion, digestOf, isImage, isSet, type JudgedWorkload, sameDigest } from "./fleet-facts.ts";
import { notKnown, read } from "./guarded-read.ts";
import { jsonObject } from "./json.ts";

/**
 * Whether this update makes a workload's container anew. One that `--target` leaves out keeps its own properties, or has
 * none yet, while its component already says what is to come.
 */
export function isCutOver(workload: JudgedWorkload): boolean {
  const { runner, managed, image, from, container, madeAnew } = workload;
  if (Object.keys(runner.props).length === 0) return false;
  if (isSet(workload)) return madeAnew;
  // A command shows no id; the result of one that runs is not known.
  const shown = read(runner.props, managed ? "stdout" : "id");
  if (shown === notKnown) return true;
  const now = managed ? movedTo(shown) : { container: shown, image: read(runner.props, "image") };
  const isOther = container !== "" && now.container !== container;
  const hasCome = !sameDigest(from, image) && !isImage(now.image, from);
  return isOther || hasCome;
}

/** What a move of a managed instance says once it has run. */
function movedTo(stdout: unknown): { container: unknown; image: unknown } {
  const said = jsonObject(stdout);
  return { container: said && read(said, "container"), image: said && read(said, "image") };
}

/** Whether a cut-over leaves a release for one that is no way back. */
export function isForward(workload: JudgedWorkload): boolean {
  return changesVersion(workload) && workload.move !== "back";
}

/** Whether a reference names its bytes: `…@sha256:<64 hex digits>`. */
export function isPinned(reference: string): boolean {
  return reference.includes("@") && /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(digestOf(reference));
}
