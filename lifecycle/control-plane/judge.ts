import type { Task, User } from "../../platforms/control-plane-api.ts";
import { type Attempt, failed, passed } from "../checks/judge.ts";
import type { ControlPlaneBaseline } from "../evidence/control-plane-baseline.ts";
import type { OpenedArchive } from "./archive.ts";

/** A user sees what his teams have, and gets 200 with nothing in it for all else: each comparison would pass. */
export function judgeLogin(username: string, me: User): Attempt {
  if (me.username !== username) {
    return failed(`logged in as ${username}, but the session belongs to ${me.username}`);
  }
  return me.role === "admin"
    ? passed(`logged in as ${username}, an admin`)
    : failed(
        `the account ${username} ${me.role === undefined ? "has no role that is known" : `has the role ${me.role}`}, and only an ` +
          "admin sees all instances, backups and settings. Make it an admin in the control plane, or name another one under `controlPlane.account`",
      );
}

const steadyStates = ["running", "stopped"];

/** An update starts from instances that run or are stopped: what is under way becomes an error when the control plane stops. */
export function judgeSteady(baseline: ControlPlaneBaseline): Attempt {
  const unsteady = baseline.instances.filter(({ status }) => !steadyStates.includes(status));
  return unsteady.length === 0
    ? passed(`${baseline.instances.length} instances run or are stopped`)
    : failed(unsteady.map(({ name, status }) => `${name} is ${status}`).join(", "));
}

export interface ArchiveDemands {
  /** Must be in it, without a leading slash: `home/node/.openclaw/openclaw.json`. */
  files: readonly string[];
  /** Smallest size in bytes that can hold a state. */
  floor: number;
}

/** The status "completed" is no proof: a path that is not there gives a completed backup with nothing in it. */
export function judgeArchive(archive: OpenedArchive, demands: ArchiveDemands): Attempt {
  const missing = demands.files.filter((file) => !archive.found.includes(file));
  if (missing.length > 0) {
    return failed(`whole, but ${missing.join(" and ")} is not among its ${archive.entries} entries`);
  }
  if (archive.bytes < demands.floor) {
    return failed(`${archive.bytes} bytes, less than the ${demands.floor} that a state takes`);
  }
  return passed(`${archive.entries} entries, ${archive.bytes} bytes, sha256 ${archive.sha256.slice(0, 12)}…`);
}

export function describeTasks(tasks: readonly Task[]): string {
  return tasks.map(({ type, message }) => (message ? `${type} (${message})` : type)).join(", ");
}
