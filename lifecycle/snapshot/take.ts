import { posix } from "node:path";
import { digestIn } from "../../config/digest.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { pathsIn } from "../evidence/moved-state.ts";
import type { SnapshotEntry, SnapshotRole } from "../evidence/records.ts";
import type { StateSurvey } from "../evidence/state-survey.ts";
import { failedStep, secondsSince } from "../update/step.ts";
import type { WorkloadContext } from "../workload.ts";
import { leftOutOnRecord } from "./left-out.ts";
import { damagedDatabases, markersOf, parseScriptReport, type ScriptReport } from "./markers.ts";
import { repositoryOf, runScript, type ScriptSeries, withScripts } from "./repository.ts";
import { parseOddities } from "./survey.ts";

/**
 * A snapshot of a workload that goes on serving: SQLite databases by online backup.
 *
 * @param survey - what stood in the state just before; what changed meanwhile goes on record with it.
 */
export async function takeHotSnapshot(
  context: WorkloadContext,
  image: string,
  survey?: StateSurvey,
): Promise<SnapshotEntry> {
  const began = performance.now();
  const result = await runScript(context, {
    script: "hot-snapshot",
    purpose: "hot snapshot",
    state: "read-only",
    arguments: [context.workload.name, ...snapshotTags(context, "hot", image)],
  });
  const report = parseScriptReport(result.stdout);
  refuseDamaged(context, report);
  const { vanished = 0, "databases-milliseconds": milliseconds = 0 } = report.numbers;
  if (vanished > 0) {
    context.progress(`${vanished} files were gone before they could be copied: they are in no snapshot`);
  }
  const summary = parseSummary(result.stdout);
  return {
    kind: "snapshot",
    role: "hot",
    image,
    ...summary,
    ...placesIn(report),
    ...leftOutOnRecord(context.workload),
    ...(survey && { survey: { ...survey, odd: [...survey.odd, ...parseOddities(result.stdout)] } }),
    seconds: secondsSince(began),
    ...(milliseconds >= 100 && { databaseSeconds: Math.round(milliseconds / 100) / 10 }),
    markers: markersOf(report),
  };
}

/**
 * Seconds that a cold snapshot and its check would take now: what they read of the state and of the repository is read, and
 * nothing is written. What the databases take more is known from the hot snapshot, which has copied and examined them too.
 */
export async function measureColdPass(context: WorkloadContext, hot: SnapshotEntry): Promise<number> {
  const purpose = "measurement of the cold snapshot";
  const { name } = context.workload;
  return withScripts(context, purpose, async (scripts) => {
    const began = performance.now();
    await scripts.run({ script: "growth", purpose, arguments: [name] });
    await scripts.run({ script: "check-snapshot", purpose, arguments: [hot.snapshot] });
    return secondsSince(began) + (hot.databaseSeconds ?? 0);
  });
}

/** For a cold snapshot and its check, which follow each other on a state that somebody waits for. */
export function withColdScripts<T>(
  context: WorkloadContext,
  work: (scripts: ScriptSeries) => Promise<T>,
): Promise<T> {
  const step = "cold snapshot";
  return withScripts(context, step, work, (error) => failedStep(context, step, error));
}

/** A cold snapshot with its check, of a state that nothing has open. */
export function copyStopped(
  context: WorkloadContext,
  image: string,
  role: SnapshotRole,
): Promise<SnapshotEntry> {
  return withColdScripts(context, async (scripts) => {
    const taken = await takeColdSnapshot(context, scripts, image, role);
    return checkColdSnapshot(context, scripts, taken, image, role);
  });
}

/** A copy of the state of a stopped workload; not checked yet. */
export async function takeColdSnapshot(
  context: WorkloadContext,
  scripts: ScriptSeries,
  image: string,
  role: SnapshotRole,
): Promise<{ snapshot: string; files: number; bytes: number; seconds: number }> {
  const began = performance.now();
  const result = await scripts.run({
    script: "cold-snapshot",
    purpose: "cold snapshot",
    arguments: [context.workload.name, ...snapshotTags(context, role, image)],
  });
  return { ...parseSummary(result.stdout), seconds: secondsSince(began) };
}

/** Proves that a cold snapshot has every file and byte of the stopped state, and that its databases are whole. */
export async function checkColdSnapshot(
  context: WorkloadContext,
  scripts: ScriptSeries,
  taken: { snapshot: string; files: number; bytes: number; seconds: number },
  image: string,
  role: SnapshotRole,
): Promise<SnapshotEntry> {
  const began = performance.now();
  const result = await scripts.run({
    script: "check-snapshot",
    purpose: "check of the cold snapshot",
    arguments: [taken.snapshot],
  });
  const report = parseScriptReport(result.stdout);
  const count = (key: string) => report.numbers[key] ?? Number.NaN;
  for (const unit of ["files", "bytes"] as const) {
    if (count(`state-${unit}`) !== count(`snapshot-${unit}`)) {
      throw new OperationFailure(
        `snapshot ${taken.snapshot} has ${count(`snapshot-${unit}`)} ${unit}, the state has ${count(`state-${unit}`)}. ` +
          "Something else writes to this state: find it and stop it.",
      );
    }
  }
  // On the way back the state may be the very thing that is broken: it is kept as it is.
  if (role === "cold") {
    refuseDamaged(context, report);
  }
  return {
    kind: "snapshot",
    role,
    snapshot: taken.snapshot,
    image,
    files: count("snapshot-files"),
    bytes: count("snapshot-bytes"),
    ...placesIn(report),
    ...leftOutOnRecord(context.workload),
    seconds: Math.round((taken.seconds + secondsSince(began)) * 10) / 10,
    ...(report.locks.length > 0 && { locks: report.locks }),
    markers: markersOf(report),
  };
}

/** Fails when the repository does not have a snapshot: before anything is stopped for its sake. */
export async function findSnapshot(context: WorkloadContext, snapshot: string): Promise<void> {
  const result = await runScript(context, {
    script: "list-snapshots",
    purpose: "look into the repository",
    state: "none",
    deadline: 120,
  });
  const line = result.stdout.split("\n").find((each) => each.startsWith("["));
  const known = (JSON.parse(line ?? "[]") as { id: string }[]).map(({ id }) => id);
  if (!known.some((id) => id.startsWith(snapshot) || snapshot.startsWith(id))) {
    throw new OperationFailure(
      `the repository ${repositoryOf(context.workload)} has no snapshot ${snapshot.slice(0, 8)} (it has ${known.length}: ` +
        `${
          known
            .slice(-5)
            .map((id) => id.slice(0, 8))
            .join(", ") || "none"
        }). Name one that is there under \`restore\`.`,
    );
  }
}

/** Proves the structure of the whole repository. Exclusive: never while ingress is held or a workload is stopped. */
export async function checkRepository(context: WorkloadContext): Promise<void> {
  await runScript(context, { script: "check-repository", purpose: "check of the repository", state: "none" });
}

/** Forgets what the retention no longer keeps; never one of `protectedIds`. Returns how many. */
export async function forgetExpired(context: WorkloadContext, protectedIds: string[]): Promise<number> {
  const { keep } = context.workload.snapshots;
  const result = await runScript(context, {
    script: "forget",
    purpose: "removal of expired snapshots",
    state: "none",
    arguments: [
      context.workload.name,
      ...[keep.last, keep.daily, keep.monthly].map(String),
      ...protectedIds.map((id) => id.slice(0, 8)),
    ],
  });
  return parseScriptReport(result.stdout).numbers.forgotten ?? 0;
}

function placesIn({ places }: ScriptReport): Pick<SnapshotEntry, "places"> {
  return Object.keys(places).length === 0 ? {} : { places };
}

function snapshotTags(context: WorkloadContext, role: SnapshotRole, image: string): string[] {
  return [
    role,
    `workload=${context.workload.name}`,
    `stack=${context.workload.stack}`,
    `image=${digestIn(image)}`,
  ];
}

function refuseDamaged(context: WorkloadContext, report: ScriptReport): void {
  const { snapshots, mount } = context.workload;
  const { mayBeDamaged = [] } = snapshots;
  const allowed = pathsIn(mayBeDamaged);
  // What is mounted inside of the state has a path in it, too.
  const isAllowed = ({ path }: { path: string }) =>
    mayBeDamaged.length > 0 &&
    (allowed.test(path) || (path.startsWith("/") && allowed.test(posix.relative(mount, path))));
  const damaged = damagedDatabases(report);
  for (const { path } of damaged.filter(isAllowed)) {
    context.progress(`${path} is damaged, which the stack file allows: it is copied as it stands`);
  }
  const refused = damaged.filter((each) => !isAllowed(each));
  if (refused.length > 0) {
    const list = refused.map(({ path, verdict }) => `${path}: ${verdict}`).join("; ");
    throw new OperationFailure(
      `SQLite finds damage in the state of ${context.workload.name}: ${list}. ` +
        "Repair it, or set it back: see docs/rollback.md. A file that no version needs can be named under `snapshots.mayBeDamaged`.",
    );
  }
}

/** restic's closing summary among the lines of a script. */
export function parseSummary(stdout: string): { snapshot: string; files: number; bytes: number } {
  for (const line of stdout.split("\n").toReversed()) {
    if (!line.startsWith("{")) {
      continue;
    }
    const value = JSON.parse(line) as Record<string, unknown>;
    if (value.message_type === "summary" && typeof value.snapshot_id === "string") {
      return {
        snapshot: value.snapshot_id,
        files: Number(value.total_files_processed),
        bytes: Number(value.total_bytes_processed),
      };
    }
  }
  throw new OperationFailure("restic ended without a summary: the snapshot is not to be trusted.");
}
