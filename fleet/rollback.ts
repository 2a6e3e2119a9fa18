import type { Command } from "./command.ts";
import { policyFlags, policyPackOf } from "./policy-pack.ts";
import { runUpdate, showPlan } from "./run-update.ts";
import { situationsOf } from "./situations.ts";
import { configOf, fromProjectFolder, stackFileOf } from "./stack.ts";
import { StackFileChange } from "./stack-file-change.ts";
import { UpdateEngine } from "./update-engine.ts";
import { waveFlag } from "./wave-flag.ts";
import { leftAloneLines, rollbackEdits } from "./way-back.ts";

export const rollback: Command = {
  name: "rollback",
  summary: "back to the release before, with its state where the new one has moved it",
  help: `
With a candidate: takes it out, so that every group on the image runs its stable release again. Without one: \`stable\`
becomes the recorded \`previous\` release. With --to-wave: only the workloads above that wave go back. For the control
plane: \`image\` becomes its \`previous\`.

It first says what happens to each workload and its state. Then it runs one \`pulumi up\`. It is allowed in every window,
and waits for no canary and no bake. The release that is left is not kept as \`previous\`, because it is no way back.

Exit code 0: done. 1: refused or failed; the last lines say what to do.`,
  flags: {
    image: {
      type: "string",
      value: "NAME",
      does: "the agent image, or control-plane; not needed if only one image has a candidate",
    },
    group: { type: "string", value: "NAME", does: "with --to-wave: the group that goes back" },
    "to-wave": { type: "string", value: "N", does: "lower the wave to N, and keep the candidate below it" },
    ...policyFlags,
    "dry-run": { type: "boolean", does: "show the change and the plan, and touch nothing" },
  },
  async run({ stack, configFile, flags, out }) {
    const named = { stack, configFile };
    const pack = policyPackOf(flags);
    const toWave = waveFlag(flags["to-wave"]);
    const config = configOf(named);
    const surveyed = await situationsOf(config, stack);
    const edits = rollbackEdits(
      config,
      { image: textOf(flags.image), group: textOf(flags.group), toWave },
      surveyed.map(({ records }) => records),
    );
    const change = StackFileChange.plan(stackFileOf(named), edits);
    change.show(out);
    const planned = await showPlan(fromProjectFolder(change.config()), named, out);
    if (flags["dry-run"] === true) {
      out.write("Nothing was touched (--dry-run).\n");
      return 0;
    }
    const engine = await UpdateEngine.open(named, out, pack);
    const ran = await runUpdate({ named, engine, change, title: "rollback", out });
    if (!ran.passed) {
      out.write(
        `See what runs: \`fleet status --stack ${stack}\`. Bring back what was interrupted: \`fleet recover --stack ${stack}\`.\n`,
      );
      return 1;
    }
    const isWhole = ran.refused.length === 0;
    out.write(
      `Gone back${isWhole ? "" : ", except what was refused above"}. Commit the stack file.\n${leftAloneLines(planned)}`,
    );
    return isWhole ? 0 : 1;
  },
};

function textOf(flag: string | boolean | undefined): string | undefined {
  return typeof flag === "string" ? flag : undefined;
}
