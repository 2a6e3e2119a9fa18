import { z } from "zod";
import { checkBase, within } from "../../../config/check-kind.ts";
import { argv, doc } from "../../../config/fields.ts";
import { runProcess } from "../../../platforms/child-process.ts";
import { OperationFailure, TooLate } from "../../../platforms/failure.ts";
import type { Platform } from "../../../platforms/platform.ts";
import type { Workload } from "../../workload.ts";
import type { CommandResult } from "../cli-output.ts";
import { checkKind } from "../kind.ts";
import { judgeCommand, wantedResult } from "./command.ts";

export const workflow = checkKind({
  schema: z.strictObject({
    kind: z.literal("workflow").describe("Runs a program of yours on the machine that updates."),
    ...checkBase,
    deadline: within(300),
    argv: argv.meta(
      doc("Program on the machine that updates, with its arguments. It is run once.", [
        "/etc/clawforce/checks/ticket-is-answered",
      ]),
    ),
    ...wantedResult("answered"),
  }),
  tracks: ["control-plane", "runtime"],
  section: `
Runs a program of yours on the machine that updates: what a customer does. It gets \`CLAWFORCE_WORKLOAD\`, \`CLAWFORCE_IMAGE\`,
\`CLAWFORCE_CONTAINER\` and \`DOCKER_HOST\`, with TLS also \`DOCKER_CERT_PATH\` and \`DOCKER_TLS_VERIFY\`. Of the deployer's environment it gets only
what is needed to find programs, and no secret. It runs once. At its deadline it is ended with all that it has started. **Proves** what you
make it prove. **Fails** by its exit code or output. A program that can't be started has no result. First run it by hand with those
variables.
`,
  realFlow: true,
  once: true,
  defaultName: ({ argv }) => `workflow ${argv.join(" ")}`,
  async attempt({ context: { workload, platform } }, check, deadline) {
    return judgeCommand(
      check,
      await runWorkflow(check.argv, workflowEnvironment(workload, platform), deadline),
    );
  },
});

/** What an operator's program may see of the deployer's environment: enough to find other programs, nothing secret. */
const inherited = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSH_AUTH_SOCK"];

/** More output than this (characters) is cut: the verdict is in the exit code and in a pattern. */
const longestOutput = 1_000_000;

export function workflowEnvironment(
  workload: Pick<Workload, "name" | "image" | "container">,
  platform: Pick<Platform, "reach">,
  deployer: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const kept = inherited.flatMap((name) => {
    const value = deployer[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(kept),
    ...platform.reach(deployer),
    CLAWFORCE_WORKLOAD: workload.name,
    CLAWFORCE_IMAGE: workload.image,
    CLAWFORCE_CONTAINER: workload.container,
  };
}

/** Runs an operator's program on the deployer. At the deadline (seconds) it is ended with all that it has started. */
export async function runWorkflow(
  argv: readonly string[],
  environment: Record<string, string>,
  deadline: number,
): Promise<CommandResult> {
  // What it has started must not outlive it.
  const options = { env: environment, deadline, group: true, longest: longestOutput };
  const { code, stdout, stderr, late } = await runProcess(argv, options).catch((error) => {
    throw cannotStart(argv[0] ?? "", error);
  });
  if (late) throw new TooLate(`\`${argv.join(" ")}\` did not end within ${deadline} s.`);
  return { exitCode: code ?? -1, stdout, stderr };
}

function cannotStart(program: string, error: NodeJS.ErrnoException): OperationFailure {
  return new OperationFailure(
    `${program} can't be started on this machine (${error.code}). Write its whole path into the check's \`argv\`, and make it executable.`,
  );
}
