// A command of ours runs again when its triggers change. A change of its other inputs is only noted: this program,
// run in place of it, hands the result of the last run on.
import { EvidenceFailure } from "../lifecycle/evidence/failure.ts";
import { reportOf } from "../platforms/failure.ts";
import { taskOfInput } from "./task-input.ts";

try {
  const task = await taskOfInput();
  // The task of `serve`, which comes after the container: what that is made with is known to be what the task says.
  if ("serving" in task) {
    const { recordFound } = await import("../lifecycle/update/made.ts");
    const { logOf } = await import("../lifecycle/workload.ts");
    const { workload } = task;
    await recordFound({ workload, log: logOf(workload) });
  }
  process.stdout.write(process.env.PULUMI_COMMAND_STDOUT ?? "");
} catch (error) {
  process.stderr.write(`${error instanceof EvidenceFailure ? error.message : reportOf(error)}\n`);
  process.exitCode = 1;
}
