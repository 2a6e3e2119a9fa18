import { type EndedProcess, runProcess } from "../platforms/child-process.ts";
import { CommandFailure } from "./command.ts";
import { projectFolder } from "./project.ts";

/**
 * Runs `pulumi` in the project's folder. A Ctrl-C reaches it as well, so it ends by itself.
 *
 * @param deadline seconds.
 * @throws CommandFailure when there is none, or when it does not end in time.
 */
export async function runPulumi(
  argv: readonly string[],
  deadline: number,
  { env, input = "" }: { env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<EndedProcess> {
  const options = { cwd: projectFolder, input, deadline, grace: 30, ...(env !== undefined && { env }) };
  const ended = await runProcess(["pulumi", ...argv], options).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT"
      ? new CommandFailure("There is no program `pulumi` on PATH.")
      : new CommandFailure(`\`pulumi\` can't be started: ${error.message}`);
  });
  if (ended.late) {
    throw new CommandFailure(
      `\`pulumi ${argv.slice(0, 2).join(" ")}\` did not end within ${deadline} s and was ended. Make sure that its backend answers. Then run the same again.`,
    );
  }
  return ended;
}
