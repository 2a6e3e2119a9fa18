import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Check } from "../../config/check-schema.ts";
import { parsedJson } from "../../config/json.ts";
import type { BaselineEntry, ControlPlaneBaseline } from "../../evidence/records.ts";
import { baselineBefore } from "../checks/baseline.ts";
import { type Attempt, fieldOf } from "../checks/judge.ts";
import type { HttpAnswer } from "../docker/http.ts";
import { OperationFailure } from "../failure.ts";
import type { WorkloadContext } from "../workload.ts";
import { withControlPlane } from "./access.ts";
import { checkLogin, checkNewestBackup, readBaseline } from "./baseline.ts";
import { describeTasks, judgeSteady, judgeUnchanged } from "./judge.ts";

/** A login that is new, and whose it is. */
export function attemptLogin(context: WorkloadContext): Promise<Attempt> {
  return withControlPlane(context, (client) =>
    checkLogin(client, context.workload.controlPlane?.username ?? ""),
  );
}

/** Against what was on record before the update; backups are opened too, not only counted. */
export async function attemptUnchanged(
  context: WorkloadContext,
  check: Extract<Check, { kind: "unchanged" }>,
): Promise<Attempt> {
  const baseline = baselineBefore(await context.log.read())?.controlPlane;
  if (baseline === undefined) {
    return { passed: true, detail: "this is its first version here: there is nothing to compare with" };
  }
  const what = check.what.filter((each) => each === "instances" || each === "backups");
  return withControlPlane(context, async (client) => {
    const counted = judgeUnchanged(baseline, await readBaseline(client), what);
    if (!counted.passed || !what.includes("backups")) {
      return counted;
    }
    const folder = join(context.log.folder, "downloads");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const opened = await checkNewestBackup(client, {
      baseline,
      folder,
      statePath: context.workload.controlPlane?.statePath ?? "",
    });
    return { passed: opened.passed, detail: `${counted.detail}; ${opened.detail}` };
  });
}

/** The build that answers has changed if the image has, and only then. */
export function judgeBuild(
  field: string,
  answer: HttpAnswer,
  baseline: BaselineEntry | undefined,
  image: string,
): Attempt {
  const build = fieldOf(parsedJson(answer.body), field);
  if (typeof build !== "string" || build === "") {
    return { passed: false, detail: `the answer has no ${field}: which build answers is unknown` };
  }
  const before = baseline?.controlPlane?.build;
  if (before === undefined) {
    return { passed: true, detail: `${field} ${build}` };
  }
  const changes = baseline?.image !== image;
  if (changes === (build !== before)) {
    return {
      passed: true,
      detail: changes ? `${field} ${before} -> ${build}` : `${field} ${build} as before`,
    };
  }
  return {
    passed: false,
    detail: changes
      ? `${field} is still ${build}: the old build answers`
      : `${field} is ${build} instead of ${before}: another build answers under the same image`,
  };
}

/** Nothing under way, every instance in a state that it will keep; refuses an update else. */
export async function preflightControlPlane(context: WorkloadContext): Promise<ControlPlaneBaseline> {
  return withControlPlane(context, async (client) => {
    const active = await client.activeTasks();
    if (active.length > 0) {
      throw new OperationFailure(
        `tasks are active in the control plane: ${describeTasks(active)}. At its next start it would take them for failed. ` +
          "Wait for them to end, then run `pulumi up` again.",
      );
    }
    const baseline = await readBaseline(client);
    const steady = judgeSteady(baseline);
    if (!steady.passed) {
      throw new OperationFailure(
        `${steady.detail}: an instance that is neither running nor stopped becomes an error when the control plane stops. ` +
          "Bring it to rest first.",
      );
    }
    return baseline;
  });
}
