import type { StatePlaces } from "../../config/state-places.ts";
import { formatDuration } from "../../config/units.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import type { StartSettings } from "../../platforms/platform.ts";
import type { MigrationStepResult } from "../evidence/rehearsal-parts.ts";
import { withoutSecrets } from "../hidden-secrets.ts";
import { secondsSince } from "../update/step.ts";
import type { WorkloadContext } from "../workload.ts";
import { migrationDeadline } from "./deadline.ts";
import { runOfNewVersion } from "./new-version-run.ts";
import { placeholder, secretVariables } from "./settings.ts";
import { actionFor } from "./symptoms.ts";

/** Lines of a step's output that go on record. */
const keptLines = 100;
/** And of those the ones that stand in a message. */
const shownLines = 5;

export interface Migration {
  /** The new version, whose image runs the steps. */
  image: string;
  state: StatePlaces;
  start: StartSettings;
  /** Of the state: a deadline grows with it. */
  bytes: number;
}

/** A step that did not end with exit code 0. Those after it were not run. */
export class MigrationFailed extends OperationFailure {
  readonly steps: MigrationStepResult[];

  constructor(reason: string, steps: MigrationStepResult[]) {
    super(reason);
    this.steps = steps;
  }
}

/** Runs the steps of a workload's migration on a state that nothing has open, in their order. */
export async function runMigration(
  context: WorkloadContext,
  { image, state, start, bytes }: Migration,
): Promise<MigrationStepResult[]> {
  const { workload, progress, secrets } = context;
  const own = secretVariables(workload).map((name) => start.environment[name] ?? "");
  const hidden = [...Object.values(secrets), ...own].filter((value) => value !== placeholder);
  const results: MigrationStepResult[] = [];
  for (const step of workload.migrate ?? []) {
    const deadline = migrationDeadline(step, bytes);
    const began = performance.now();
    progress(`${step.command.join(" ")} (${formatDuration(Math.round(deadline))} at most)`);
    const program = { purpose: "migration", image, start, argv: step.command, places: state, deadline };
    const { exitCode, output } = await runOfNewVersion(context, program);
    const result: MigrationStepResult = {
      command: step.command,
      ...(exitCode !== undefined && { exitCode }),
      seconds: secondsSince(began),
      output: withoutSecrets(hidden, output).split("\n").slice(-keptLines),
    };
    results.push(result);
    if (exitCode !== 0) throw new MigrationFailed(failureText(result, deadline), results);
  }
  return results;
}

function failureText({ command, exitCode, output }: MigrationStepResult, deadline: number): string {
  const how =
    exitCode === undefined
      ? `did not end within ${formatDuration(Math.round(deadline))} and was killed`
      : `ended with exit code ${exitCode}`;
  const said = output.filter((line) => line.trim() !== "").slice(-shownLines);
  const action = exitCode === undefined ? undefined : actionFor(output);
  return [
    `\`${command.join(" ")}\` ${how}.`,
    ...(said.length === 0
      ? ["It printed nothing."]
      : ["Its last lines:", ...said.map((line) => `  ${line}`)]),
    ...(action === undefined ? [] : [`First: ${action}`]),
  ].join("\n");
}
