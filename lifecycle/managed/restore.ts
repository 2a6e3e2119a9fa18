import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { InstanceState } from "../../platforms/control-plane.ts";
import { messageOf, OperationFailure } from "../../platforms/failure.ts";
import type { Unit } from "../../platforms/platform.ts";
import { type OpenedArchive, openArchive } from "../control-plane/archive.ts";
import { judgeArchive } from "../control-plane/judge.ts";
import { secondsSince } from "../update/step.ts";
import { configurationIn } from "./backup.ts";
import type { ManagedContext } from "./context.ts";
import { type ReleaseOfInstance, setImage, untilServing } from "./roll.ts";
import { refuseWithoutRoom } from "./room.ts";

interface RestoreOptions extends InstanceState {
  /** The archive on this machine. */
  file: string;
  /** As recorded when it was made: an archive that has changed since is refused. */
  sha256: string;
  /** Folder on this machine for the copy of what is wiped; made with 0700. */
  folder: string;
  /** Seconds that the instance may take to serve again. */
  deadline: number;
  /** What the state belongs to. */
  release: ReleaseOfInstance;
}

export interface ManagedRestore {
  /** A copy of the state that was wiped. Not checked beyond being whole: it may be what is broken. */
  preRestore: { file: string; sha256: string; bytes: number };
  seconds: number;
}

/**
 * Sets an instance's state back to a backup. Not by the control plane's own restore, which answers 202 and changes nothing;
 * and where that works, newer files stay. The gateway is stopped, its state copied, wiped and filled, and started again.
 */
export async function restoreInstance(
  context: ManagedContext,
  options: RestoreOptions,
): Promise<ManagedRestore> {
  const began = performance.now();
  const { instance, progress } = context;
  const { file, sha256, statePath, tools, release } = options;
  const archive = await refuseUnusable(options);
  const { container } = await instance.read();
  refuseOutsideVolumes(instance.name, container, statePath);
  await refuseWithoutRoom(instance, archive, { statePath, tools, folder: options.folder });

  await instance.stop();
  let preRestore: ManagedRestore["preRestore"];
  try {
    preRestore = await copyState(context, options);
  } catch (error) {
    await instance.start();
    throw error;
  }
  try {
    await instance.fillState({ statePath, tools }, { file, sha256 });
  } catch (error) {
    throw new OperationFailure(
      `${instance.name}: ${instance.describe(error)} It stays stopped, because its state may be incomplete. ` +
        "Run the restore again: it begins anew.",
    );
  }
  await setImage(context, release.row, release.setImage);
  await instance.restart();
  await untilServing(context, release.wanted, options.deadline);
  const seconds = secondsSince(began);
  progress(`restore: state of ${file} in place (${seconds} s)`);
  return { preRestore, seconds };
}

async function refuseUnusable({ file, sha256, statePath }: RestoreOptions): Promise<OpenedArchive> {
  const files = [configurationIn(statePath)];
  const refusal = (reason: string) =>
    new OperationFailure(`${file} can't be restored: ${reason}. Nothing was stopped. Name another backup.`);
  const archive = await openArchive(file, files).catch((error) => {
    throw refusal(messageOf(error));
  });
  if (archive.sha256 !== sha256) {
    throw refusal(`it has sha256 ${archive.sha256}, not ${sha256} as when it was made`);
  }
  const verdict = judgeArchive(archive, { files, floor: 0 });
  if (!verdict.passed) {
    throw refusal(verdict.detail);
  }
  return archive;
}

/** What stands in the container itself is lost at the next restart anyway. */
function refuseOutsideVolumes(instance: string, container: Unit | undefined, statePath: string): void {
  if (container === undefined) {
    throw new OperationFailure(
      `the container ${instance} is gone. Restart the instance in the control plane first.`,
    );
  }
  const places = container.mounts.filter(({ writable }) => writable).map(({ at }) => at);
  if (!places.some((place) => `${statePath}/`.startsWith(`${place}/`))) {
    throw new OperationFailure(
      `${statePath} of ${instance} is on none of its volumes (${places.join(", ") || "it has none"}): a restore would not last. ` +
        "Correct `container.stateDirectory` of its group.",
    );
  }
}

async function copyState(
  { instance }: ManagedContext,
  { statePath, tools, folder }: RestoreOptions,
): Promise<ManagedRestore["preRestore"]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const file = join(folder, `${instance.name}-pre-restore-${stamp}.tar.gz`);
  await instance.copyState({ statePath, tools }, file);
  const { sha256, bytes } = await openArchive(file, []);
  return { file, sha256, bytes };
}
