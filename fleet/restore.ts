import { shortReference } from "../config/image-reference.ts";
import { fieldAt } from "../config/json.ts";
import type { StackConfig } from "../config/schema.ts";
import { readStackFile } from "../config/stack-file.ts";
import { formatBytes, formatDuration } from "../config/units.ts";
import { sameDigest } from "../lifecycle/evidence/move.ts";
import type { EvidenceRecord, SnapshotEntry } from "../lifecycle/evidence/records.ts";
import { refusalText } from "../lifecycle/evidence/refusal.ts";
import type { Situation } from "../lifecycle/update/situation.ts";
import { platformOf } from "../platforms/of-stack.ts";
import type { Platform } from "../platforms/platform.ts";
import { type Command, CommandFailure } from "./command.ts";
import { controlPlaneRotation, rotationLines } from "./rotation.ts";
import { runUpdate, showPlan } from "./run-update.ts";
import { situationsOf } from "./situations.ts";
import { configOf, fromProjectFolder, stackFileOf } from "./stack.ts";
import type { Edit } from "./stack-edit.ts";
import { StackFileChange } from "./stack-file-change.ts";
import { UpdateEngine } from "./update-engine.ts";

export const restore: Command = {
  name: "restore",
  summary: "sets the state of one workload back to a snapshot",
  help: `
Runs one \`pulumi up\` with a restore order of its own. It first takes a pre-restore snapshot of the state as it is, then
puts the named snapshot in its place. The order stands in the stack file while that runs, and is taken out again.

It first says what is lost. Without --yes that is all it does. Afterwards it lists which logins may have to be renewed.
\`fleet report\` prints the ids of the snapshots.

Exit code 0: done, or shown without --yes. 1: refused or failed; the last lines say what to do.`,
  flags: {
    workload: { type: "string", value: "NAME", does: "whose state" },
    snapshot: { type: "string", value: "ID", does: "8 hex digits or more of the snapshot's id" },
    yes: { type: "boolean", does: "do it; without it nothing is touched" },
  },
  async run({ stack, configFile, flags, out }) {
    const named = { stack, configFile };
    const config = configOf(named);
    const workload = workloadNamed(await situationsOf(config, stack), flags.workload);
    refuseUntouched(workload);
    const snapshot = snapshotOf(workload.records, flags.snapshot, workload.input.name);
    const order = orderName(new Date());
    const file = stackFileOf(named);
    const settings = readStackFile(file);
    const change = StackFileChange.plan(file, [
      restoreEdit(config, settings, workload.input.name, { snapshot: snapshot.snapshot.slice(0, 8), order }),
    ]);
    out.write(
      lossLines(workload, snapshot, new Date())
        .map((line) => `${line}\n`)
        .join(""),
    );
    change.show(out);
    const changed = fromProjectFolder(change.config());
    const planned = workloadNamed(await showPlan(changed, named, out), workload.input.name);
    if (planned.orderProblem !== undefined) {
      throw new CommandFailure(`${workload.input.name}: ${planned.orderProblem}`);
    }
    if (flags.yes !== true) {
      out.write("Nothing was touched. To do it, run the same with --yes.\n");
      return 0;
    }
    const engine = await UpdateEngine.open(named, out);
    const title = `${workload.input.name}: its state of ${snapshot.time}`;
    const ran = await runUpdate({ named, engine, change, title, out }).finally(() => change.undo());
    if (!ran.passed) {
      out.write(
        `The order is out of the stack file again. If a pre-restore snapshot was taken, it has the state of before: see the report. ` +
          `See what runs: \`fleet status --stack ${stack}\`. Finish what was interrupted: \`fleet recover --stack ${stack}\`.\n`,
      );
      return 1;
    }
    out.write("The stack file is as it was before: the order is carried out and on record.\n");
    const lines =
      workload.input.track === "control-plane"
        ? controlPlaneRotation
        : rotationLines(await openclawConfig(platformOf(config), workload));
    out.write(
      `Check these. Their servers may have renewed them since the snapshot:\n${lines.map((line) => `  ${line}\n`).join("")}`,
    );
    return 0;
  },
};

export function workloadNamed(surveyed: readonly Situation[], name: string | boolean | undefined): Situation {
  const found = surveyed.find(({ input }) => input.name === name);
  if (found !== undefined) return found;
  const known = surveyed.map(({ input }) => input.name).join(", ");
  throw new CommandFailure(
    name === undefined
      ? `Whose? Name it with --workload: ${known}.`
      : `No workload is called ${JSON.stringify(name)}. There are ${known}.`,
  );
}

/** Without its records nothing is known of its snapshots, and nothing could be put on record. */
export function refuseUntouched({ input, refused }: Situation): void {
  if (refused?.untouched) throw new CommandFailure(refusalText(input.name, refused));
}

type RecordedSnapshot = EvidenceRecord & SnapshotEntry;

export function snapshotsOf(records: readonly EvidenceRecord[]): RecordedSnapshot[] {
  return records.filter((record): record is RecordedSnapshot => record.kind === "snapshot");
}

function snapshotOf(
  records: readonly EvidenceRecord[],
  id: string | boolean | undefined,
  name: string,
): RecordedSnapshot {
  const all = snapshotsOf(records);
  const known = all
    .slice(-5)
    .map(({ snapshot, role, time }) => `  ${snapshot.slice(0, 8)}  ${role}, ${time}\n`)
    .join("");
  if (typeof id !== "string" || !/^[0-9a-f]{8,64}$/.test(id)) {
    throw new CommandFailure(
      `Which snapshot of ${name}? Name it with --snapshot, 8 hex digits or more. The newest:\n${known}`.trimEnd(),
    );
  }
  const found = all.findLast(({ snapshot }) => snapshot.startsWith(id));
  if (found === undefined) {
    throw new CommandFailure(
      `No snapshot ${id} of ${name} is on record. ${known === "" ? "None is." : `The newest:\n${known}`}`.trimEnd(),
    );
  }
  return found;
}

function lossLines({ input, observed }: Situation, snapshot: RecordedSnapshot, now: Date): string[] {
  const { snapshot: id, role, time, files, bytes, image } = snapshot;
  const age = Math.round((now.getTime() - Date.parse(time)) / 1000);
  return [
    `${input.name}: snapshot ${id.slice(0, 8)}, ${role}, of ${time}, ${files} files, ${formatBytes(bytes)}.`,
    `You lose everything that ${input.name} has written in the ${formatDuration(age)} since then. A pre-restore snapshot keeps it aside.`,
    ...(role === "pre-restore"
      ? ["It was taken before a way back, so it holds the state that was left then. Think twice."]
      : []),
    ...(sameDigest(image, input.image)
      ? []
      : [
          `It was written by ${shortReference(image)}, and ${shortReference(observed?.image ?? input.image)} runs. An older version may refuse a newer state.`,
        ]),
  ];
}

function restoreEdit(
  { controlPlane, instanceGroups }: StackConfig,
  settings: Record<string, unknown>,
  workload: string,
  restore: { snapshot: string; order: string },
): Edit {
  if (workload === controlPlane?.name) return { path: ["controlPlane", "restore"], value: restore };
  const path = Object.entries(instanceGroups).flatMap(([group, { instances }]) => {
    const index = instances.findIndex(({ name }) => name === workload);
    return index === -1 ? [] : ["instanceGroups", group, "instances", index];
  });
  // A name alone becomes a mapping.
  return typeof fieldAt(settings, path) === "string"
    ? { path, value: { name: workload, restore } }
    : { path: [...path, "restore"], value: restore };
}

/** Of an order that this command gives: "fleet-20261129T104130123Z". */
function orderName(now: Date): string {
  return `fleet-${now.toISOString().replace(/[-:.]/g, "")}`;
}

/** What the workload's own configuration says of its logins; nothing when it can't be read. */
async function openclawConfig(platform: Platform, { input }: Situation): Promise<unknown> {
  try {
    const { stdout } = await platform.exec(input.container, ["cat", `${input.mount}/openclaw.json`], {
      deadline: 10,
    });
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}
