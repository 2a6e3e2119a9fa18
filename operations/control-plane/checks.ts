import type { Check } from "../../config/check-schema.ts";
import type { Attempt } from "../checks/judge.ts";
import { checkLogin, checkNewestBackup, type NewestBackup, readBaseline, readBuild } from "./baseline.ts";
import type { ControlPlaneClient } from "./client.ts";
import { type ControlPlaneBaseline, judgeBuild, judgeUnchanged, type UnchangedPart } from "./judge.ts";

/** The checks that ask the control plane's API. */
export type ControlPlaneCheck = Extract<Check, { kind: "login" | "build" | "unchanged" }>;

export interface ControlPlaneCheckParts {
  client: ControlPlaneClient;
  /** What `readBaseline` found before the update. A first start has nothing to be compared with. */
  before: ControlPlaneBaseline | "first start";
  /** Whether the update changed the image. */
  imageChanged: boolean;
  /** How its newest backup is opened; undefined leaves that out. */
  backups?: Omit<NewestBackup, "baseline">;
}

/** One attempt of a check. No answer is an error, so that it counts as inconclusive and not as a verdict. */
export async function attemptControlPlaneCheck(
  parts: ControlPlaneCheckParts,
  check: ControlPlaneCheck,
): Promise<Attempt> {
  const { client, before } = parts;
  switch (check.kind) {
    case "login":
      return checkLogin(client, { login: check.path, me: check.me });
    case "build": {
      const known = before === "first start" ? undefined : before.build;
      return judgeBuild(known, await readBuild(client, check), parts.imageChanged);
    }
    case "unchanged":
      return attemptUnchanged(parts, check.what.filter(isOfControlPlane));
  }
}

/** The others of `unchanged` are of a gateway. */
function isOfControlPlane(part: string): part is UnchangedPart {
  return part === "instances" || part === "backups";
}

async function attemptUnchanged(
  { client, before, backups }: ControlPlaneCheckParts,
  what: readonly UnchangedPart[],
): Promise<Attempt> {
  if (before === "first start") {
    return { passed: true, detail: "a first start, nothing to compare with" };
  }
  const verdict = judgeUnchanged(before, await readBaseline(client), what);
  if (!verdict.passed || backups === undefined || !what.includes("backups")) {
    return verdict;
  }
  const opened = await checkNewestBackup(client, { ...backups, baseline: before });
  return { passed: opened.passed, detail: `${verdict.detail}; ${opened.detail}` };
}
