import { z } from "zod";
import { checkBase } from "../../../config/check-kind.ts";
import { argv, doc, pattern } from "../../../config/fields.ts";
import { type CommandResult, oneLine } from "../cli-output.ts";
import { type Attempt, failed, passed } from "../judge.ts";
import { checkKind } from "../kind.ts";

/** What a command has to end with. */
export function wantedResult(exampleOutput: string) {
  return {
    exitCode: z.int().min(0).max(255).default(0).meta(doc("Exit code that counts as passed.", 1)),
    output: pattern
      .optional()
      .meta(doc("Pattern that the standard output must match. Default: any output.", exampleOutput)),
  };
}

export const command = checkKind({
  schema: z.strictObject({
    kind: z
      .literal("command")
      .describe("Runs a command inside the container, and compares its exit code and output."),
    ...checkBase,
    argv: argv.meta(doc("Command inside the workload's container.", ["openclaw", "health", "--json"])),
    ...wantedResult('"ok":\\s*true'),
  }),
  tracks: ["control-plane", "runtime"],
  section: `
Runs \`argv\` inside the container; the exit code and the output must fit. **Proves** what that command proves. \`openclaw doctor\` and a plain
\`openclaw gateway status\` end with 0 on a broken gateway, so they are no checks. \`openclaw health --json\` with a pattern for its output is
one. **Fails** with the exit code and the first words. First run it with \`docker exec\`. In an image that runs as root, write the gateway's
own user into \`argv\`: files that root leaves in the state stop the gateway later.
`,
  defaultName: ({ argv }) => `command ${argv.join(" ")}`,
  async attempt({ context: { platform, workload } }, check, deadline) {
    return judgeCommand(check, await platform.exec(workload.container, check.argv, { deadline }));
  },
});

export function judgeCommand(
  wanted: { exitCode: number; output?: string | undefined },
  result: CommandResult,
): Attempt {
  if (result.exitCode !== wanted.exitCode) {
    return failed(
      `exit code ${result.exitCode} instead of ${wanted.exitCode}: ${oneLine(result.stderr || result.stdout)}`,
    );
  }
  if (wanted.output !== undefined && !new RegExp(wanted.output, "m").test(result.stdout)) {
    return failed(`the output does not match /${wanted.output}/: ${oneLine(result.stdout)}`);
  }
  return passed(`exit code ${result.exitCode}`);
}
