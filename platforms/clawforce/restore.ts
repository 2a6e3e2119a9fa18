import { createReadStream } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type OpenedArchive, openArchive } from "../../lifecycle/control-plane/archive.ts";
import { UnknownOutcome } from "../../lifecycle/control-plane/client.ts";
import { judgeArchive } from "../../lifecycle/control-plane/judge.ts";
import { secondsSince } from "../../lifecycle/update/step.ts";
import { describeDockerError, inspectContainer } from "../docker/client.ts";
import { messageOf, OperationFailure } from "../failure.ts";
import { until } from "../until.ts";
import { configurationIn } from "./backup.ts";
import { setImage } from "./image.ts";
import { type ManagedContext, readManaged } from "./instance.ts";
import { type ReleaseOfInstance, untilServing } from "./roll.ts";
import { refuseWithoutRoom } from "./room.ts";
import { runBesideInstance } from "./volumes.ts";

/** Seconds that a copy of a whole state may take, in either direction. */
const copyDeadline = 3600;

export interface RestoreOptions {
  /** The archive on this machine. */
  file: string;
  /** As recorded when it was made: an archive that has changed since is refused. */
  sha256: string;
  /** State directory inside the instance: wiped, then filled from the archive. */
  statePath: string;
  /** Image with tar. */
  tools: string;
  /** Folder on this machine for the copy of what is wiped; made with 0700. */
  folder: string;
  /** Seconds that the instance may take to serve again. */
  deadline: number;
  /** The image that the state belongs to; default: the one that the instance has now. */
  image?: ReleaseOfInstance;
}

export interface ManagedRestore {
  kind: "managed-restore";
  instance: string;
  sha256: string;
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
  const { instance, client } = context;
  const archive = await refuseUnusable(options);
  await refuseOutsideVolumes(context, options.statePath);
  const state = await readManaged(context);
  if (state.container === undefined) {
    throw new OperationFailure(
      `the container ${instance} is gone. Restart the instance in the control plane first.`,
    );
  }
  const wanted = options.image?.wanted ?? {
    reference: state.container.image,
    imageId: state.container.imageId,
  };
  await refuseWithoutRoom(context, archive, options);

  await stopInstance(context, state.id);
  let preRestore: ManagedRestore["preRestore"];
  try {
    preRestore = await copyState(context, options);
  } catch (error) {
    await client.start(state.id);
    throw error;
  }
  await fillState(context, options);
  if (options.image === undefined) {
    await tolerant(() => client.start(state.id));
  } else {
    await setImage(context, { ...options.image.setImage, image: options.image.row });
    await tolerant(() => client.restart(state.id));
  }
  await untilServing(context, wanted, options.deadline);
  const seconds = secondsSince(began);
  context.progress(`restore: state of ${options.file} in place (${seconds} s)`);
  return { kind: "managed-restore", instance, sha256: options.sha256, preRestore, seconds };
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
async function refuseOutsideVolumes({ docker, instance }: ManagedContext, statePath: string): Promise<void> {
  const mounts = (await inspectContainer(docker, instance))?.Mounts ?? [];
  const places = mounts.filter(({ RW }) => RW).map(({ Destination }) => Destination);
  if (!places.some((place) => `${statePath}/`.startsWith(`${place}/`))) {
    throw new OperationFailure(
      `${statePath} of ${instance} is on none of its volumes (${places.join(", ") || "it has none"}): a restore would not last. ` +
        "Correct `container.stateDirectory` of its group.",
    );
  }
}

/** Seconds: the control plane gives the gateway 30 to end. */
const stopDeadline = 60;

async function stopInstance(context: ManagedContext, id: number): Promise<void> {
  const { client, docker, instance } = context;
  await tolerant(() => client.stop(id));
  await until(
    async () => {
      const found = await inspectContainer(docker, instance);
      const runs = found?.State.Running === true || found?.State.Restarting === true;
      return runs ? { waitsFor: "its end" } : { found: undefined };
    },
    {
      deadline: stopDeadline,
      interval: 0.3,
      late: () =>
        new OperationFailure(
          `${instance} still runs ${stopDeadline} s after it was stopped: nothing was restored. Look at it in the control plane.`,
        ),
    },
  );
}

/** A call whose outcome is looked at afterwards anyway. */
async function tolerant(call: () => Promise<void>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof UnknownOutcome)) {
      throw error;
    }
  }
}

async function copyState(
  context: ManagedContext,
  options: RestoreOptions,
): Promise<ManagedRestore["preRestore"]> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const file = join(options.folder, `${context.instance}-pre-restore-${stamp}.tar.gz`);
  const path = options.statePath.replace(/^\/+/, "");
  await runBesideInstance(context, {
    purpose: "copy of the state that is wiped",
    image: options.tools,
    argv: ["tar", "czf", "-", "-C", "/", "--numeric-owner", "--", path],
    readOnly: true,
    output: file,
    deadline: copyDeadline,
  });
  const { sha256, bytes } = await openArchive(file, []);
  return { file, sha256, bytes };
}

async function fillState(context: ManagedContext, options: RestoreOptions): Promise<void> {
  const script = await readFile(new URL("./restore.sh", import.meta.url), "utf8");
  try {
    await runBesideInstance(context, {
      purpose: "restore of the state",
      image: options.tools,
      argv: ["bash", "-c", script, "restore", options.sha256, options.statePath],
      readOnly: false,
      input: createReadStream(options.file),
      deadline: copyDeadline,
    });
  } catch (error) {
    throw new OperationFailure(
      `${context.instance}: ${describeDockerError(error)} It stays stopped, because its state may be incomplete. ` +
        "Run the restore again: it begins anew.",
    );
  }
}
