import { z } from "zod";
import { checkBase } from "../../../config/check-kind.ts";
import { argv, doc } from "../../../config/fields.ts";
import { type CommandResult, oneLine } from "../cli-output.ts";
import { versionOfImage } from "../image-version.ts";
import { type Attempt, failed, passed } from "../judge.ts";
import { checkKind } from "../kind.ts";

export const version = checkKind({
  schema: z.strictObject({
    kind: z
      .literal("version")
      .describe("Compares the version that the program prints with that of the image."),
    ...checkBase,
    argv: argv
      .default(["openclaw", "--version"])
      .meta(
        doc("Command that must print the version of the image's label, else of its tag.", [
          "node",
          "app.js",
          "--version",
        ]),
      ),
  }),
  tracks: ["control-plane", "runtime"],
  section: `
Compares what the program says with the image's label \`org.opencontainers.image.version\`, else with its tag. **Proves** that the container
runs what its name says. **Fails** if another version answers. See first whether the tag belongs to the digest: \`fleet pin\` asks the
registry.
`,
  async attempt({ context: { platform, workload } }, check, deadline) {
    return judgeVersion(
      await versionOfImage(platform, workload.image),
      await platform.exec(workload.container, check.argv, { deadline }),
    );
  },
});

/** The program's own word must contain the version as a whole: 2026.4.2 is not 2026.4.23. */
export function judgeVersion(wanted: string, result: CommandResult): Attempt {
  const said = oneLine(result.stdout || result.stderr);
  if (result.exitCode !== 0) {
    return failed(`exit code ${result.exitCode}: ${said}`);
  }
  const words = result.stdout.split(/[\s(),]+/);
  return words.includes(wanted) ? passed(said) : failed(`says "${said}" instead of ${wanted}`);
}
