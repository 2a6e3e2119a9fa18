import type { ManagedState, SetImageBy } from "../../platforms/control-plane.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { verdictOf } from "../checks/judge.ts";
import { followsDefault } from "../control-plane/default-image.ts";
import type { CheckResult } from "../evidence/records.ts";
import { type BackupOptions, backupInstance, type ManagedBackup } from "./backup.ts";
import type { ManagedContext } from "./context.ts";
import { type ManagedRestore, restoreInstance } from "./restore.ts";
import { prePull, type ReleaseOfInstance, rollInstance, setImage, shortfallOf } from "./roll.ts";

export interface MoveOptions {
  /** The reference to run, with digest. */
  image: string;
  backup: BackupOptions;
  setImage: SetImageBy;
  /** Image with tar, should the state have to go back too. */
  tools: string;
  /** Seconds that a restarted instance may take to serve. */
  deadline: number;
  /** The checks inside the container. */
  verify: () => Promise<CheckResult[]>;
  /** Called once there is a way back, before anything is changed: whoever keeps it can resume a move that was killed. */
  onPrepared?: (prepared: PreparedMove) => Promise<void>;
  /** What `onPrepared` was given by a run that did not come to its end. */
  resume?: PreparedMove;
}

/** The way back of a move. Plain JSON, no secrets. */
export interface PreparedMove {
  release: ReleaseOfInstance;
  backup: ManagedBackup;
}

/** What came of one instance's move. */
export interface ManagedMove {
  from: string;
  outcome: "moved" | "unchanged" | "went back";
  /** Why it went back. */
  reason?: string;
  /** None when it ran the image already. */
  backup?: ManagedBackup;
  /** None when the way back took code alone. */
  restore?: ManagedRestore;
}

/**
 * Moves one instance to an image: pull, backup, image, restart, checks. What fails after the backup puts the old image
 * back, and the old state too where the old image can't work with what the new one left. An instance that runs the image
 * already is only checked.
 */
export async function moveInstance(context: ManagedContext, options: MoveOptions): Promise<ManagedMove> {
  const { instance, progress } = context;
  const { image, deadline } = options;
  const wanted = await prePull(context, image);
  const before = await instance.read();
  const needed = before.containerImage !== image || shortfallOf(before, wanted) !== undefined;
  const prepared = options.resume ?? (needed ? await prepare(context, before, options) : undefined);
  const from = prepared?.release.wanted.reference ?? image;
  const way = { from, ...(prepared !== undefined && { backup: prepared.backup }) };
  try {
    await setImage(context, image, options.setImage);
    await rollInstance(context, { wanted, deadline });
    refuseUnlessPassed(await options.verify());
    return { ...way, outcome: needed ? "moved" : "unchanged" };
  } catch (error) {
    if (prepared === undefined || (await isAsBefore(context, before, prepared.release))) {
      throw error;
    }
    const reason = instance.describe(error);
    progress(`failed: ${reason}`);
    const restore = await goBack(context, options, prepared, reason);
    return { ...way, outcome: "went back", reason, ...(restore !== undefined && { restore }) };
  }
}

async function prepare(
  context: ManagedContext,
  before: ManagedState,
  options: MoveOptions,
): Promise<PreparedMove> {
  const release = await releaseOf(context, before, options.setImage);
  const prepared = { release, backup: await backupInstance(context, options.backup) };
  await options.onPrepared?.(prepared);
  return prepared;
}

function refuseUnlessPassed(checks: readonly CheckResult[]): void {
  if (verdictOf(checks) !== "passed") {
    const bad = checks.filter(({ outcome, severity }) => outcome !== "passed" && severity === "critical");
    const what = bad.map(({ name, detail }) => `${name}: ${detail}`).join("; ");
    throw new OperationFailure(`the verification failed: ${what || "nothing was checked"}.`);
  }
}

/** Nothing was changed: an image that can't be set, for one. */
async function isAsBefore(
  { instance }: ManagedContext,
  before: ManagedState,
  release: ReleaseOfInstance,
): Promise<boolean> {
  const now = await instance.read();
  return now.containerImage === before.containerImage && shortfallOf(now, release.wanted) === undefined;
}

/** What an instance runs now, to be gone back to. */
export async function releaseOf(
  { instance }: ManagedContext,
  { container, containerImage, status }: ManagedState,
  setImageBy: SetImageBy,
): Promise<ReleaseOfInstance> {
  if (container === undefined) {
    throw new OperationFailure(
      `${instance.name} has no container (the control plane says: ${status}), so there is nothing to go back to. Start it first.`,
    );
  }
  // A row that follows the default keeps doing so, unless the default has moved on meanwhile.
  const follows = containerImage === null && (await followsDefault(instance.controlPlane, container.image));
  return {
    row: follows ? null : container.image,
    wanted: { reference: container.image, imageId: container.imageId },
    setImage: setImageBy,
  };
}

async function goBack(
  context: ManagedContext,
  { backup: { statePath, folder }, tools, deadline }: MoveOptions,
  { release, backup: { file, sha256 } }: PreparedMove,
  reason: string,
): Promise<ManagedRestore | undefined> {
  const { instance, progress } = context;
  try {
    await rollBackInstance(context, release, deadline);
    return undefined;
  } catch (error) {
    progress(`code alone does not go back: ${instance.describe(error)}`);
  }
  try {
    return await restoreInstance(context, { file, sha256, statePath, folder, tools, deadline, release });
  } catch (error) {
    throw new OperationFailure(
      `${instance.name}: ${reason} Going back to ${release.wanted.reference} failed too: ${instance.describe(error)} ` +
        `Set that image in the control plane and restart the instance; its state of before is in ${file}.`,
    );
  }
}

/** The way back by code alone: the old image set, read back, and running. */
export async function rollBackInstance(
  context: ManagedContext,
  { row, wanted, setImage: by }: ReleaseOfInstance,
  deadline: number,
): Promise<void> {
  await setImage(context, row, by);
  await rollInstance(context, { wanted, deadline });
  context.progress(`went back to ${wanted.reference}`);
}
