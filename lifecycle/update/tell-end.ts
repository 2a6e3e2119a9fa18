import { splitVariable } from "../../config/variable.ts";
import { messageOf } from "../../platforms/failure.ts";
import type { Unit } from "../../platforms/platform.ts";
import { firstAction } from "../checks/first-action.ts";
import { withoutSecrets } from "../hidden-secrets.ts";
import { secretVariables } from "../rehearsal/settings.ts";
import { actionFor } from "../rehearsal/symptoms.ts";
import { printedLines } from "../snapshot/printed-lines.ts";
import type { WorkloadContext } from "../workload.ts";

/** Lines of its log that are looked through, and of those the ones that are shown. */
const [readLines, shownLines] = [50, 5];

/**
 * What became of a container that was made and does not come up: how it ended, its last lines, and what to do first. The
 * engine's provider says only that it waited. Nothing where there is no container, or it was never started: then the
 * engine itself has said why.
 */
export async function tellEnd(context: WorkloadContext): Promise<{ end?: string }> {
  const { workload, platform } = context;
  const unit = await platform.unit(workload.container);
  const how = unit === undefined ? undefined : howItEnded(unit);
  if (unit === undefined || how === undefined) return {};
  const hidden = secretsIn(context, unit);
  const said = (await lastWords(context)).map((line) => withoutSecrets(hidden, line));
  const shown = said.filter((line) => line.trim() !== "").slice(-shownLines);
  const action = actionFor(said) ?? firstAction(`${how} ${shown.join(" ")}`);
  return {
    end: [
      `its container ${how}.`,
      shown.length === 0 ? "  It printed nothing." : `  Its last lines: ${shown.join(" | ")}`,
      ...(action === undefined ? [] : [`  First: ${action}`]),
    ].join("\n"),
  };
}

/** As what follows its name; undefined: it was never started, or is well. */
function howItEnded({ status, running, health, exitCode, restarts }: Unit): string | undefined {
  if (status === "created") return undefined;
  const again =
    restarts === 0 ? "" : `, and was started again ${restarts === 1 ? "once" : `${restarts} times`}`;
  if (status === "restarting" || !running) return `ended with exit code ${exitCode}${again}`;
  if (health === "healthy" || health === undefined) return undefined;
  return `is ${health}${again}`;
}

async function lastWords({ platform, workload, progress }: WorkloadContext): Promise<string[]> {
  try {
    return await printedLines(platform, workload.container, readLines);
  } catch (error) {
    progress(`its log could not be read: ${messageOf(error)}`);
    return [];
  }
}

/** What it was started with, by the names that hold secrets, and the stack's own. */
function secretsIn({ workload, secrets }: WorkloadContext, { environment }: Unit): string[] {
  const own = new Set(secretVariables(workload));
  const values = environment.flatMap((entry) => {
    const [name, value] = splitVariable(entry);
    return own.has(name) ? [value] : [];
  });
  return [...Object.values(secrets), ...values];
}
