import type { StateLocation } from "../../config/rollout.ts";
import { messageOf, OperationFailure } from "../../platforms/failure.ts";
import type { SnapshotEntry } from "../evidence/records.ts";
import type { WorkloadContext } from "../workload.ts";
import { controlPlaneOf } from "./access.ts";
import { checkLogin } from "./baseline.ts";
import { databaseProblem, lookIntoDatabase } from "./database.ts";
import { opens } from "./fernet.ts";

/**
 * What a snapshot of a control plane has to show before its copy is started: on an empty volume it would make a database
 * of its own, be healthy and say `connected`.
 */
export async function proveRestoredDatabase(
  context: WorkloadContext,
  snapshot: SnapshotEntry["snapshot"],
  copy: StateLocation,
): Promise<{ users: number }> {
  const { problem, users } = await lookIntoCopy(context, copy);
  if (problem !== undefined) throw useless(snapshot, problem);
  return { users };
}

/** What is wrong with the database of a copy, as a sentence, and how many users it has. */
export async function lookIntoCopy(
  { platform, workload }: WorkloadContext,
  copy: StateLocation,
): Promise<{ problem: string | undefined; users: number }> {
  const file = workload.controlPlane?.database ?? "";
  const look = await lookIntoDatabase(platform, {
    workload: workload.name,
    data: copy,
    file,
    image: workload.snapshots.image,
  });
  const users = look.users ?? 0;
  const problem = databaseProblem(look, file);
  if (problem !== undefined) return { problem: `${problem}.`, users };
  const readable = look.tokens.some((token) => look.keys.some((key) => opens(key, token)));
  return look.tokens.length > 0 && !readable
    ? { problem: `none of the ${look.tokens.length} secrets in ${file} decrypts with a key in it.`, users }
    : { problem: undefined, users };
}

/** And once it serves: its database is open, and our account logs in as an admin. It has no engine, so no orchestrator. */
export async function proveRestoredAccount(
  context: WorkloadContext,
  snapshot: SnapshotEntry["snapshot"],
  container: string,
): Promise<void> {
  const problem = await accountProblem(context, container);
  if (problem === undefined) return;
  throw useless(
    snapshot,
    `its copy starts, but ${problem} A snapshot from before a change of the account or its password says this too.`,
  );
}

/** What keeps our account out of a control plane that has started on a copy, as a sentence; undefined: it gets in. */
export async function accountProblem(
  context: WorkloadContext,
  container: string,
): Promise<string | undefined> {
  const username = context.workload.controlPlane?.username ?? "";
  try {
    await controlPlaneOf(context).open(async (client) => {
      const { database } = await client.health();
      if (database !== "connected") {
        throw new OperationFailure(`its health says that the database is ${JSON.stringify(database)}.`);
      }
      const login = await checkLogin(client, username);
      if (!login.passed) {
        throw new OperationFailure(`${login.detail}.`);
      }
    }, container);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function useless(snapshot: string, why: string): OperationFailure {
  return new OperationFailure(
    `snapshot ${snapshot.slice(0, 8)} is no way back: ${why} Nothing was stopped. Find out why before the update.`,
  );
}
