import { shortReference } from "../config/image-reference.ts";
import { formatDuration } from "../config/units.ts";
import { describeDrill, drillSnapshot } from "../lifecycle/snapshot/drill.ts";
import { withRepository } from "../lifecycle/snapshot/repository.ts";
import { runStep } from "../lifecycle/update/step.ts";
import { refuseTooLittleSpace } from "../lifecycle/update/trials.ts";
import { type Command, CommandFailure } from "./command.ts";
import { refuseUntouched, snapshotsOf, workloadNamed } from "./restore.ts";
import { situationsOf } from "./situations.ts";
import { configOf } from "./stack.ts";
import { workloadContext } from "./workload-context.ts";

export const drill: Command = {
  name: "drill",
  summary: "proves now that the newest snapshot of a workload starts",
  help: `
Restores the newest snapshot of the workload to a volume of its own. Starts the image that wrote it on that volume, without
a network and without channels. Then removes both again, and puts the time on record. The workload that serves is not
touched. A snapshot that was never started is no backup: run this every quarter at least.

A control plane starts healthy without any data, so its snapshot has to show more. Its database must have at least one
user, a stored secret must decrypt, and controlPlane.account must be able to log in on the copy.

Exit code 0: the snapshot starts. 1: it does not, or could not be tried; the last lines say why.`,
  flags: {
    workload: { type: "string", value: "NAME", does: "whose snapshot" },
    snapshot: { type: "string", value: "ID", does: "which snapshot, if not the newest" },
  },
  async run({ stack, configFile, flags, out }) {
    const named = { stack, configFile };
    const workload = workloadNamed(await situationsOf(configOf(named), stack), flags.workload);
    refuseUntouched(workload);
    const { input, records } = workload;
    if (input.managed === true) {
      throw new CommandFailure(
        `${input.name} is made by the control plane, and its backups are archives. Each is opened when it is made. To start one, make a second instance in the control plane.`,
      );
    }
    const wanted = flags.snapshot;
    // What was taken before a way back is the state that was gone back from: it need not start.
    const snapshot = snapshotsOf(records).findLast(({ role, snapshot: id }) =>
      typeof wanted === "string" ? id.startsWith(wanted) : role !== "pre-restore",
    );
    if (snapshot === undefined) {
      throw new CommandFailure(
        wanted === undefined
          ? `${input.name} has no snapshot on record yet: its first update takes one.`
          : `No snapshot ${JSON.stringify(wanted)} of ${input.name} is on record.`,
      );
    }
    out.write(
      `${input.name}: snapshot ${snapshot.snapshot.slice(0, 8)}, ${snapshot.role}, of ${snapshot.time}, on ${shortReference(snapshot.image)}\n`,
    );
    const context = await workloadContext(named, input, out);
    await context.platform.fetch(input.snapshots.image);
    await context.platform.fetch(snapshot.image);
    const done = await withRepository(context, "drill", async () => {
      await refuseTooLittleSpace(context);
      return runStep(
        context,
        "drill",
        () => drillSnapshot(context, snapshot.snapshot, snapshot.image),
        describeDrill,
      );
    });
    const { time } = await context.log.append(done);
    out.write(
      `${input.name}: a restore of snapshot ${snapshot.snapshot.slice(0, 8)} took ${formatDuration(done.seconds)} until it was healthy; on record at ${time}.\n`,
    );
    return 0;
  },
};
