import { OperationFailure } from "../../platforms/failure.ts";
import { type StartSettings, TrialFailed } from "../../platforms/platform.ts";
import { verdictOf } from "../checks/judge.ts";
import { runChecks } from "../checks/run.ts";
import { accountProblem, lookIntoCopy } from "../control-plane/drill.ts";
import type { RehearsalEntry, SnapshotEntry } from "../evidence/records.ts";
import type { OwnForecast } from "../evidence/rehearsal-parts.ts";
import { configuredStart } from "../snapshot/configured-start.ts";
import type { StateCopy } from "../snapshot/copy.ts";
import { shownOf } from "../snapshot/drill.ts";
import { leftOutOnRecord } from "../snapshot/left-out.ts";
import { readMarkers } from "../snapshot/state-read.ts";
import { secondsSince } from "../update/step.ts";
import type { WorkloadContext } from "../workload.ts";
import {
  type CopiedConfiguration,
  configurationChanges,
  filesOf,
  readCopiedConfiguration,
} from "./copied-state.ts";
import { MigrationFailed, runMigration } from "./migration.ts";
import { ownForecasts, shutdownForecast } from "./own-forecasts.ts";
import type { ColdPass } from "./pause.ts";
import { migrationPrint, rehearsalOf, strangersStart } from "./settings.ts";
import { actionFor, newSymptoms, type Symptom, tellingLine } from "./symptoms.ts";
import { proxyProblem } from "./through-proxy.ts";
import { changesOf, wayBackOf } from "./verdict.ts";

export interface Rehearsed {
  from: string;
  /** The new version. */
  to: string;
  snapshot: SnapshotEntry;
  coldPass: ColdPass;
  /** Variables of the container that serves, `NAME=value`. */
  served: readonly string[];
  /** What the old version has printed on this copy. */
  before: readonly string[];
}

type Stage = NonNullable<RehearsalEntry["failure"]>["stage"];

/** Why the new version does not pass, and where; anything else that goes wrong is no word about it. */
class NotPassed extends Error {
  readonly stage: Stage;

  constructor(stage: Stage, reason: string) {
    super(reason);
    this.stage = stage;
  }
}

/**
 * Tries the new version on a copy of the state, after the old one has been started on it: migration, start, and then the
 * old version once more on what the new one has left. It ends with a record whether that passes or not.
 */
export async function rehearse(
  context: WorkloadContext,
  copy: StateCopy,
  rehearsed: Rehearsed,
): Promise<RehearsalEntry> {
  const { workload } = context;
  const { from, to, snapshot, served } = rehearsed;
  const entry: RehearsalEntry = {
    ...{ kind: "rehearsal", snapshot: snapshot.snapshot, from, image: to },
    ...{ migration: migrationPrint(workload), outcome: "failed", seconds: { migration: 0 } },
    ...leftOutOnRecord(workload),
  };
  const { start, missing } = strangersStart(workload, served);
  if (missing.length > 0) {
    throw new OperationFailure(
      `clawforce:rehearsal.secrets names ${missing.join(", ")}, and its container has no such variable. Correct the name, or take it out.`,
    );
  }
  const at = await copy.restored();
  const environment = Object.entries(start.environment).map(([name, value]) => `${name}=${value}`);
  const configuration = () => readCopiedConfiguration(context, at, environment);
  const before = await configuration();
  if (workload.track === "runtime") {
    const { markers } = snapshot;
    hear(context, entry, await ownForecasts(context, { image: to, start, copy: at, markers }));
  }
  try {
    entry.seconds.migration = await timed(() => migrateCopy(context, copy, rehearsed, start));
    entry.seconds.start = await timed(async () => {
      const said = await startOn(context, copy, rehearsed, start, before);
      hear(context, entry, shutdownForecast(said, workload.stopGrace));
    });
  } catch (error) {
    if (!(error instanceof NotPassed)) throw error;
    return { ...entry, failure: { stage: error.stage, why: error.message } };
  }
  const markers = await readMarkers(context, at);
  const { bytes, gone } = await filesOf(context, at, snapshot.snapshot);
  const changes = changesOf({
    ...{ before: snapshot.markers, after: markers, gone },
    bytes: { before: snapshot.bytes, after: bytes },
    configuration: configurationChanges(before, await configuration()),
  });
  let failure: string | undefined;
  entry.seconds.reverse = await timed(async () => {
    failure = await goBackOn(context, copy, rehearsed);
  });
  return {
    ...{ ...entry, outcome: "passed", changes, markers },
    wayBack: wayBackOf(changes, failure),
  };
}

/** A word of the new version's own: it goes on record, is told, and decides nothing. */
function hear({ progress }: WorkloadContext, entry: RehearsalEntry, words: readonly OwnForecast[]): void {
  for (const { of, says } of words) progress(`the new version says of ${of}: ${says}`);
  if (words.length > 0) entry.ownForecasts = [...(entry.ownForecasts ?? []), ...words];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return secondsSince(began);
}

async function migrateCopy(
  context: WorkloadContext,
  copy: StateCopy,
  { to, snapshot }: Rehearsed,
  start: StartSettings,
): Promise<void> {
  try {
    await runMigration(context, {
      ...{ image: to, state: await copy.restored(), start, bytes: snapshot.bytes },
    });
  } catch (error) {
    throw error instanceof MigrationFailed ? new NotPassed("migration", error.message) : error;
  }
}

/**
 * Healthy is not enough: what it says in its log, and what it answers to the checks of the gate, counts as well.
 *
 * @returns what it has printed until it was healthy.
 */
async function startOn(
  context: WorkloadContext,
  copy: StateCopy,
  { to, before }: Rehearsed,
  start: StartSettings,
  configuration: CopiedConfiguration,
): Promise<string[]> {
  const { deadline } = rehearsalOf(context.workload);
  try {
    const printed = await copy.started(to, { otherwise: start }, deadline, async (said) => {
      const symptoms = newSymptoms(before, said);
      if (symptoms.length > 0) throw new NotPassed("start", symptomText(symptoms));
      if (context.workload.track === "runtime") {
        await refuseFailedChecks(context, copy, start);
        const problem = await proxyProblem(context, copy.name, configuration);
        if (problem !== undefined) throw new NotPassed("start", problem);
        return said;
      }
      // Its own health is that of its instances too, and there is no engine here.
      const problem = await accountProblem(context, copy.name);
      if (problem !== undefined) throw new NotPassed("start", `it comes up, but ${problem}`);
      return said;
    });
    if (context.workload.track === "control-plane") {
      const [{ from: data }] = await copy.restored();
      const { problem } = await lookIntoCopy(context, data);
      if (problem !== undefined)
        throw new NotPassed("start", `it comes up, but leaves a state that is none: ${problem}`);
    }
    return printed;
  } catch (error) {
    if (!(error instanceof TrialFailed)) throw error;
    throw new NotPassed("start", startFailure(error));
  }
}

function symptomText(symptoms: readonly Symptom[]): string {
  return [
    "it becomes healthy, and says:",
    ...symptoms.map(({ line, action }) => `  ${line}\n    First: ${action}`),
  ].join("\n");
}

/** Only those that need nothing but the gateway itself: it has no network, no channels and no model. */
async function refuseFailedChecks(
  context: WorkloadContext,
  copy: StateCopy,
  start: StartSettings,
): Promise<void> {
  const { workload, secrets } = context;
  const checks = workload.gate.filter(({ kind }) => kind === "http");
  if (checks.length === 0) return;
  const { tokenVariable } = workload;
  const gatewayToken = (tokenVariable === undefined ? undefined : start.environment[tokenVariable]) ?? "";
  const onCopy = {
    ...context,
    workload: { ...workload, container: copy.name },
    secrets: { ...secrets, gatewayToken },
  };
  const results = await runChecks(onCopy, checks);
  if (verdictOf(results) === "passed") return;
  const wrong = results.filter(({ outcome }) => outcome !== "passed");
  const lines = wrong.map(({ name, detail }) => `  ${name}: ${detail}`);
  throw new NotPassed("start", `it becomes healthy, and does not pass its gate:\n${lines.join("\n")}`);
}

function startFailure({ message, said, outOfMemory }: TrialFailed): string {
  const action = actionFor(said);
  const isOutOfMemory = outOfMemory !== undefined;
  return [
    isOutOfMemory
      ? "it runs out of the memory of the copy (clawforce:snapshots.drill.memory): raise it"
      : message,
    `  Its last lines: ${shownOf(said)}`,
    ...(action === undefined || isOutOfMemory ? [] : [`  First: ${action}`]),
  ].join("\n");
}

/** @returns why the old version does not come up on what the new one has left; undefined: it does. */
async function goBackOn(
  context: WorkloadContext,
  copy: StateCopy,
  { from, before }: Rehearsed,
): Promise<string | undefined> {
  const { workload, secrets } = context;
  const like = { unit: workload.container, otherwise: configuredStart(workload, secrets.gatewayToken) };
  const { deadline } = rehearsalOf(workload);
  try {
    return await copy.started(from, like, deadline, async (said) => newSymptoms(before, said)[0]?.line);
  } catch (error) {
    if (!(error instanceof TrialFailed)) throw error;
    return tellingLine(error.said) ?? error.message;
  }
}
