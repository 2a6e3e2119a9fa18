import { verdictOf } from "../../lifecycle/checks/judge.ts";
import type { CheckResult } from "../../lifecycle/evidence/records.ts";
import { secondsSince } from "../../lifecycle/update/step.ts";
import { describeDockerError } from "../docker/client.ts";
import { OperationFailure } from "../failure.ts";
import { type BackupOptions, backupInstance, type ManagedBackup } from "./backup.ts";
import { readDefaultImage } from "./default-image.ts";
import { type SetImageOptions, setImage } from "./image.ts";
import { type ManagedContext, type ManagedState, readManaged } from "./instance.ts";
import { type ManagedRestore, restoreInstance } from "./restore.ts";
import { prePull, type ReleaseOfInstance, rollInstance, shortfallOf } from "./roll.ts";

export interface MoveOptions {
  /** The reference to run, with digest. */
  image: string;
  backup: BackupOptions;
  setImage: Pick<SetImageOptions, "way" | "database">;
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
  kind: "managed-move";
  instance: string;
  from: string;
  to: string;
  outcome: "moved" | "unchanged" | "went back";
  /** Why it went back. */
  reason?: string;
  /** None when it ran the image already. */
  backup?: ManagedBackup;
  /** None when the way back took code alone. */
  restore?: ManagedRestore;
  checks: CheckResult[];
  seconds: number;
}

/**
 * Moves one instance to an image: pull, backup, image, restart, checks. What fails after the backup puts the old image
 * back, and the old state too where the old image can't work with what the new one left. An instance that runs the image
 * already is only checked.
 */
export async function moveInstance(context: ManagedContext, options: MoveOptions): Promise<ManagedMove> {
  const began = performance.now();
  const { instance } = context;
  const wanted = await prePull(context, options.image);
  const before = await readManaged(context);
  const needed = before.containerImage !== options.image || shortfallOf(before, wanted) !== undefined;
  const prepared = options.resume ?? (needed ? await prepare(context, before, options) : undefined);
  const from = prepared?.release.wanted.reference ?? options.image;
  let checks: CheckResult[] = [];
  const result = (rest: Pick<ManagedMove, "outcome" | "reason" | "restore">): ManagedMove => ({
    kind: "managed-move",
    instance,
    from,
    to: options.image,
    ...rest,
    ...(prepared !== undefined && { backup: prepared.backup }),
    checks,
    seconds: secondsSince(began),
  });
  try {
    await setImage(context, { ...options.setImage, image: options.image });
    await rollInstance(context, { wanted, deadline: options.deadline });
    checks = await options.verify();
    refuseUnlessPassed(checks);
    return result({ outcome: needed ? "moved" : "unchanged" });
  } catch (error) {
    if (prepared === undefined || (await isAsBefore(context, before, prepared.release))) {
      throw error;
    }
    const reason = describeDockerError(error);
    context.progress(`failed: ${reason}`);
    const restore = await goBack(context, options, prepared, reason);
    return result({ outcome: "went back", reason, ...(restore !== undefined && { restore }) });
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
  context: ManagedContext,
  before: ManagedState,
  release: ReleaseOfInstance,
): Promise<boolean> {
  const now = await readManaged(context);
  return now.containerImage === before.containerImage && shortfallOf(now, release.wanted) === undefined;
}

/** What an instance runs now, to be gone back to. */
export async function releaseOf(
  context: ManagedContext,
  { container, containerImage, status }: ManagedState,
  setImageBy: ReleaseOfInstance["setImage"],
): Promise<ReleaseOfInstance> {
  if (container === undefined) {
    throw new OperationFailure(
      `${context.instance} has no container (the control plane says: ${status}), so there is nothing to go back to. Start it first.`,
    );
  }
  // A row that follows the default keeps doing so, unless the default has moved on meanwhile.
  const follows = containerImage === null && (await readDefaultImage(context.client)) === container.image;
  return {
    row: follows ? null : container.image,
    wanted: { reference: container.image, imageId: container.imageId },
    setImage: setImageBy,
  };
}

async function goBack(
  context: ManagedContext,
  options: MoveOptions,
  { release, backup }: PreparedMove,
  reason: string,
): Promise<ManagedRestore | undefined> {
  try {
    await rollBackInstance(context, release, options.deadline);
    return undefined;
  } catch (error) {
    context.progress(`code alone does not go back: ${describeDockerError(error)}`);
  }
  try {
    return await restoreInstance(context, {
      file: backup.file,
      sha256: backup.sha256,
      statePath: options.backup.statePath,
      folder: options.backup.folder,
      tools: options.tools,
      deadline: options.deadline,
      image: release,
    });
  } catch (error) {
    throw new OperationFailure(
      `${context.instance}: ${reason} Going back to ${release.wanted.reference} failed too: ${describeDockerError(error)} ` +
        `Set that image in the control plane and restart the instance; its state of before is in ${backup.file}.`,
    );
  }
}

/** The way back by code alone: the old image set, read back, and running. */
export async function rollBackInstance(
  context: ManagedContext,
  release: ReleaseOfInstance,
  deadline: number,
): Promise<void> {
  await setImage(context, { ...release.setImage, image: release.row });
  await rollInstance(context, { wanted: release.wanted, deadline });
  context.progress(`went back to ${release.wanted.reference}`);
}
