import { type Attempt, failed, passed } from "../checks/judge.ts";
import type { ControlPlaneBaseline, SecretBaseline } from "../evidence/control-plane-baseline.ts";

export const unchangedParts = ["instances", "backups", "users", "settings", "secret"] as const;

export type UnchangedPart = (typeof unchangedParts)[number];

/** Settings that this program sets itself, when a rollout has come through. */
const ownSettings: readonly string[] = ["default_agent_image", "default_container_image"];

/** What came since is welcome; nothing of before may be gone or be another than it was. */
export function judgeUnchanged(
  before: ControlPlaneBaseline,
  now: ControlPlaneBaseline,
  what: readonly UnchangedPart[] = ["instances", "backups"],
  except: readonly string[] = [],
): Attempt {
  const findings = what.map((part) => judged(part, before, now, except));
  const differences = findings.flatMap((finding) => finding.differences);
  return differences.length > 0
    ? failed(differences.join(", "))
    : passed(findings.map(({ same }) => same).join(", "));
}

interface Finding {
  differences: string[];
  /** What there is to say when there is no difference. */
  same: string;
}

function judged(
  part: UnchangedPart,
  before: ControlPlaneBaseline,
  now: ControlPlaneBaseline,
  except: readonly string[],
): Finding {
  switch (part) {
    case "instances":
      return {
        differences: instanceDifferences(before, now),
        same: `${before.instances.length} instances as before`,
      };
    case "backups":
      return {
        differences:
          now.backups < before.backups ? [`${now.backups} backups instead of ${before.backups}`] : [],
        same: `${before.backups} backups as before`,
      };
    case "users":
      return compared(part, before.users, (users) => ({
        differences: userDifferences(users, now.users ?? []),
        same: `${users.length} users as before`,
      }));
    case "settings":
      return compared(part, before.settings, (settings) => settingFinding(settings, now, except));
    case "secret":
      return compared(part, before.secret, (secret) => secretFinding(secret, now.secret));
  }
}

/** A baseline of before this program knew the part does not have it. */
function compared<T>(part: UnchangedPart, before: T | undefined, compare: (before: T) => Finding): Finding {
  return before === undefined
    ? { differences: [], same: `${part} not compared: not on record from before` }
    : compare(before);
}

function instanceDifferences(before: ControlPlaneBaseline, now: ControlPlaneBaseline): string[] {
  return before.instances.flatMap(({ name, status }) => {
    const found = now.instances.find((each) => each.name === name);
    if (found === undefined) return [`the instance ${name} is gone`];
    return found.status === status ? [] : [`${name} is ${found.status} instead of ${status}`];
  });
}

type Users = NonNullable<ControlPlaneBaseline["users"]>;

function userDifferences(before: Users, now: Users): string[] {
  return before.flatMap(({ name, role }) => {
    const found = now.find((each) => each.name === name);
    if (found === undefined) return [`the user ${name} is gone`];
    return found.role === role ? [] : [`the user ${name} is ${found.role} instead of ${role}`];
  });
}

function settingFinding(
  before: Readonly<Record<string, string>>,
  now: ControlPlaneBaseline,
  except: readonly string[],
): Finding {
  const names = Object.keys(before).filter((name) => !ownSettings.includes(name) && !except.includes(name));
  return {
    differences: names.flatMap((name) =>
      valueDifference(`the setting ${name}`, before[name], now.settings?.[name]),
    ),
    same: `${names.length} settings as before`,
  };
}

function valueDifference(what: string, before: string | undefined, now: string | undefined): string[] {
  if (now === undefined) return [`${what} is gone or empty`];
  return now === before ? [] : [`${what} has another value`];
}

/** It is proved by the key and by values that decrypt with it: what only looks the same proves nothing. */
function secretFinding(before: SecretBaseline, now: SecretBaseline | undefined): Finding {
  const stored = before.decrypt + before.broken;
  const differences = now === undefined ? ["its secrets were not read"] : secretDifferences(before, now);
  return {
    differences,
    same:
      stored === 0 && before.key === undefined
        ? "no secret was stored before"
        : `${now?.decrypt ?? 0} stored secrets decrypt with the key of before`,
  };
}

function secretDifferences(before: SecretBaseline, now: SecretBaseline): string[] {
  if (now.keys > 1) {
    return [
      `${now.keys} different keys for secrets are in the database: what one has encrypted the other can't read`,
    ];
  }
  if (before.key !== undefined && now.key === undefined) {
    return ["the key of its secrets is gone"];
  }
  if (before.key !== undefined && now.key !== before.key) {
    return ["its secrets have another key than before"];
  }
  const masked = Object.keys(before.masked).filter((name) => now.masked[name] !== before.masked[name]);
  return [
    ...(now.decrypt === 0 && before.decrypt > 0 ? ["none of its stored secrets decrypts any more"] : []),
    ...(now.decrypt === 0 && before.decrypt === 0 && now.broken > 0
      ? [
          `it has ${now.broken} stored secrets, and none decrypts with ${now.keys === 0 ? "a key, because there is none" : "the key that is there"}`,
        ]
      : []),
    ...(now.decrypt > 0 && now.broken > before.broken
      ? [`${now.broken} stored secrets do not decrypt, ${before.broken} before`]
      : []),
    ...masked.map((name) => `the secret ${name} is no longer what it was`),
  ];
}
