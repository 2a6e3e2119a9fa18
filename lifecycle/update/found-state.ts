import type { StatePlace } from "../../config/state-places.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { PlaceMissing } from "../../platforms/platform.ts";
import { versionOfImage } from "../checks/image-version.ts";
import type { Move } from "../evidence/move.ts";
import type { SnapshotEntry } from "../evidence/records.ts";
import { parseScriptReport } from "../snapshot/markers.ts";
import { runScript } from "../snapshot/repository.ts";
import { copyStopped } from "../snapshot/take.ts";
import { statePlaces, type WorkloadContext } from "../workload.ts";

/** A state that is there before the workload has a container, and that a new version would write to. */
export interface FoundState {
  /** The image that wrote it, as far as that can be known. */
  writer: string | undefined;
  /** How that is known, or why not. */
  because: string;
}

/** Undefined when there is nothing in it. Makes neither a volume nor a folder. */
export async function findState(context: WorkloadContext, move: Move): Promise<FoundState | undefined> {
  const [main, ...further] = statePlaces(context.workload);
  const found = parseScriptReport(await runFinder(context, main));
  let hasContent = found.numbers.content === 1;
  // Each by itself: one may be there without the others.
  for (const place of further) {
    hasContent ||= parseScriptReport(await runFinder(context, place)).numbers.content === 1;
  }
  return hasContent ? writerOf(context, move, found.configVersion) : undefined;
}

async function runFinder(context: WorkloadContext, place: StatePlace): Promise<string> {
  try {
    const { stdout } = await runScript(context, {
      copy: [place],
      script: "found-state",
      purpose: "look for a state",
      state: "read-only",
      onlyIfThere: true,
      looksOnly: true,
      deadline: 120,
    });
    return stdout;
  } catch (error) {
    if (error instanceof PlaceMissing) {
      return "";
    }
    throw error;
  }
}

/** The records know best, then the stamp in the state. A first start moves no state to another version. */
async function writerOf(
  { platform, workload }: WorkloadContext,
  move: Move,
  stamp: string | undefined,
): Promise<FoundState> {
  if (move.kind === "forward") {
    return { writer: move.from, because: "it ran last, as the records say" };
  }
  if (stamp === undefined) {
    return { writer: undefined, because: "its configuration has no stamp of a version" };
  }
  const { image } = workload;
  await platform.fetch(image);
  const version = await versionOfImage(platform, image);
  if (withoutV(version) === withoutV(stamp)) {
    return { writer: image, because: `it is stamped with version ${stamp}` };
  }
  throw new OperationFailure(
    `its state was written by version ${stamp}, and ${image} is version ${version}. Nothing was touched. ` +
      `First let version ${stamp} take the state over: set ${workload.track === "control-plane" ? "`controlPlane.image`" : "`stable`"} to its image and run \`pulumi up\`. ` +
      "Then update from there. Or give the workload an empty state.",
  );
}

function withoutV(version: string): string {
  return version.replace(/^v(?=\d)/, "");
}

/** Copies and checks a state that no container has open: the caller has made sure. The record is the caller's. */
export async function snapshotFoundState(
  context: WorkloadContext,
  { writer }: Pick<FoundState, "writer">,
  role: "cold" | "pre-restore",
): Promise<SnapshotEntry> {
  const image = writer ?? context.workload.image;
  const snapshot = await copyStopped(context, image, role);
  return writer === undefined ? { ...snapshot, writer: "unknown" } : snapshot;
}
