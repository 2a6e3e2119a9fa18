import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { externalDatabase, externalDatabaseText } from "../../config/external-database.ts";
import { variableIn } from "../../config/variable.ts";
import type { ControlPlaneApi } from "../../platforms/control-plane-api.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import type { Attempt } from "../checks/judge.ts";
import type { ControlPlaneBaseline } from "../evidence/control-plane-baseline.ts";
import type { BaselineEntry } from "../evidence/records.ts";
import type { WorkloadContext } from "../workload.ts";
import { accessOf, controlPlaneOf } from "./access.ts";
import { checkLogin, checkNewestBackup, readBaseline } from "./baseline.ts";
import { type DatabaseLook, databaseProblem, lookIntoDatabase } from "./database.ts";
import { describeTasks, judgeLogin, judgeSteady } from "./judge.ts";
import { judgeUnchanged, type UnchangedPart, unchangedParts } from "./unchanged.ts";

/** A login that is new, and whose it is. */
export function attemptLogin(context: WorkloadContext): Promise<Attempt> {
  return controlPlaneOf(context).open((client) => checkLogin(client, accessOf(context).username));
}

/** Against what was on record before the update; backups are opened too, not only counted. */
export async function attemptUnchanged(
  context: WorkloadContext,
  { what: named, except }: { what: readonly string[]; except: readonly string[] },
  before: BaselineEntry | undefined,
): Promise<Attempt> {
  const baseline = before?.controlPlane;
  if (baseline === undefined) {
    return { passed: true, detail: "this is its first version here: there is nothing to compare with" };
  }
  const what = partsOf(named);
  return controlPlaneOf(context).open(async (client) => {
    const now = await readBaseline(client, {
      what,
      ...(baseline.salt !== undefined && { salt: baseline.salt }),
      database: () => lookInto(context),
    });
    const counted = judgeUnchanged(baseline, now, what, except);
    if (!counted.passed || !what.includes("backups")) {
      return counted;
    }
    const opened = await openNewest(context, client, baseline);
    return { passed: opened.passed, detail: `${counted.detail}; ${opened.detail}` };
  });
}

/**
 * What an update of the control plane starts from: an account that sees all, a database that its snapshots will have,
 * nothing under way, every instance in a state that it will keep, and a newest backup that opens. Refuses an update else.
 *
 * @param compared what the checks will compare with it
 */
export async function preflightControlPlane(
  context: WorkloadContext,
  compared: readonly string[],
): Promise<ControlPlaneBaseline> {
  const { username, database } = accessOf(context);
  await refuseExternalDatabase(context);
  return controlPlaneOf(context).open(async (client) => {
    refuseUnlessPassed(judgeLogin(username, await client.me()));
    const look = await lookInto(context);
    const problem = databaseProblem(look, database);
    if (problem !== undefined) {
      throw new OperationFailure(`in the data of ${context.workload.name} ${problem}.`);
    }
    const active = await client.activeTasks();
    if (active.length > 0) {
      throw new OperationFailure(
        `tasks are active in the control plane: ${describeTasks(active)}. At its next start it would take them for failed. ` +
          "Wait for them to end, then run `pulumi up` again.",
      );
    }
    const what = partsOf(compared);
    const baseline = await readBaseline(client, { what, database: async () => look });
    const steady = judgeSteady(baseline);
    if (!steady.passed) {
      throw new OperationFailure(
        `${steady.detail}: an instance that is neither running nor stopped becomes an error when the control plane stops. ` +
          "Bring it to rest first.",
      );
    }
    return what.includes("backups") ? withConfiguration(context, client, baseline) : baseline;
  });
}

/** What is known of the newest backup once it was opened, so that the version after is measured by the same file. */
async function withConfiguration(
  context: WorkloadContext,
  client: ControlPlaneApi,
  baseline: ControlPlaneBaseline,
): Promise<ControlPlaneBaseline> {
  const { newestBackup } = baseline;
  if (newestBackup === undefined) {
    return baseline;
  }
  const opened = await openNewest(context, client, baseline);
  if (!opened.passed) {
    throw new OperationFailure(
      `${opened.detail}. Make a new backup of ${newestBackup.instance} in the control plane, then run \`pulumi up\` again.`,
    );
  }
  const { configuration } = opened;
  return configuration === undefined
    ? baseline
    : { ...baseline, newestBackup: { ...newestBackup, configuration } };
}

/** A control plane without any backup has nothing to show. */
async function openNewest(
  context: WorkloadContext,
  client: ControlPlaneApi,
  { newestBackup }: ControlPlaneBaseline,
): Promise<Attempt & { configuration?: string }> {
  if (newestBackup === undefined) {
    return { passed: true, detail: "there was no completed backup before" };
  }
  const folder = join(context.log.folder, "downloads");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const statePath = accessOf(context).statePaths?.[newestBackup.instance];
  return checkNewestBackup(client, {
    backup: newestBackup,
    folder,
    ...(statePath !== undefined && { statePath }),
  });
}

/** A file that an earlier time has left in the data would pass for its database. */
async function refuseExternalDatabase({ platform, workload }: WorkloadContext): Promise<void> {
  const { environment = [] } = (await platform.unit(workload.container)) ?? {};
  const variable = externalDatabase((name) => variableIn(environment, name));
  if (variable !== undefined) {
    throw new OperationFailure(`in ${workload.container} ${externalDatabaseText(variable)}`);
  }
}

function lookInto({ platform, workload }: WorkloadContext): Promise<DatabaseLook> {
  return lookIntoDatabase(platform, {
    workload: workload.name,
    data: workload.state,
    file: workload.controlPlane?.database ?? "",
    image: workload.snapshots.image,
  });
}

function partsOf(named: readonly string[]): UnchangedPart[] {
  return unchangedParts.filter((part) => named.includes(part));
}

function refuseUnlessPassed({ passed, detail }: Attempt): void {
  if (!passed) {
    throw new OperationFailure(`${detail}.`);
  }
}
