import type { ControlPlaneBaseline } from "../../evidence/records.ts";
import { type Attempt, failed, passed } from "../checks/judge.ts";
import type { Health, Task } from "./answers.ts";
import type { OpenedArchive } from "./archive.ts";

export type UnchangedPart = "instances" | "backups";

/** The status code is 200 whatever the state is: only the body tells. */
export function judgeHealth(health: Health): Attempt {
  const wanted = { status: "healthy", database: "connected", orchestrator: "connected" } as const;
  for (const [field, value] of Object.entries(wanted) as [keyof typeof wanted, string][]) {
    if (health[field] !== value) {
      return failed(`${field} is ${JSON.stringify(health[field])} instead of ${JSON.stringify(value)}`);
    }
  }
  const fields = Object.keys(wanted) as (keyof typeof wanted)[];
  return passed(fields.map((field) => `${field}=${health[field]}`).join(" "));
}

export function judgeLogin(username: string, me: { username: string }): Attempt {
  return me.username === username
    ? passed(`logged in as ${username}`)
    : failed(`logged in as ${username}, but the session belongs to ${me.username}`);
}

const steadyStates = ["running", "stopped"];

/** An update starts from instances that run or are stopped: what is under way becomes an error when the control plane stops. */
export function judgeSteady(baseline: ControlPlaneBaseline): Attempt {
  const unsteady = baseline.instances.filter(({ status }) => !steadyStates.includes(status));
  return unsteady.length === 0
    ? passed(`${baseline.instances.length} instances run or are stopped`)
    : failed(unsteady.map(({ name, status }) => `${name} is ${status}`).join(", "));
}

/** Instances and backups that came since are welcome; none may be gone, and none may be in another state. */
export function judgeUnchanged(
  before: ControlPlaneBaseline,
  now: ControlPlaneBaseline,
  what: readonly UnchangedPart[] = ["instances", "backups"],
): Attempt {
  const differences = [
    ...(what.includes("instances") ? instanceDifferences(before, now) : []),
    ...(what.includes("backups") && now.backups < before.backups
      ? [`${now.backups} backups instead of ${before.backups}`]
      : []),
  ];
  if (differences.length > 0) {
    return failed(differences.join(", "));
  }
  const counts = { instances: before.instances.length, backups: before.backups };
  return passed(what.map((part) => `${counts[part]} ${part} as before`).join(", "));
}

function instanceDifferences(before: ControlPlaneBaseline, now: ControlPlaneBaseline): string[] {
  return before.instances.flatMap(({ name, status }) => {
    const found = now.instances.find((each) => each.name === name);
    if (found === undefined) return [`the instance ${name} is gone`];
    return found.status === status ? [] : [`${name} is ${found.status} instead of ${status}`];
  });
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
