import type { StackConfig } from "../config/schema.ts";
import { witnessesOf } from "../lifecycle/update/canary-evidence.ts";
import type { Situation } from "../lifecycle/update/situation.ts";
import { type Command, CommandFailure } from "./command.ts";
import { policyFlags, policyLines, policyPackOf, refusalLines } from "./policy-pack.ts";
import { promotionEdits } from "./promotion.ts";
import { unlessLocked } from "./run-update.ts";
import { situationsOf } from "./situations.ts";
import { configOf, fromProjectFolder, stackFileOf } from "./stack.ts";
import { StackFileChange } from "./stack-file-change.ts";
import { type EngineOperation, UpdateEngine } from "./update-engine.ts";

export const promote: Command = {
  name: "promote",
  summary: "the candidate becomes the stable release, once every wave has passed",
  help: `
Writes the candidate as \`stable\` and the old stable as \`previous\`. Takes \`candidate\` out, and sets every wave on that
image to 0. Every group on the image must be at its last wave. Every instance must really run the candidate, and must
have passed its verification.

The images that run stay the same, so \`pulumi preview\` must show no operation. If it shows one, the stack file is put
back as it was. If not, \`pulumi up\` puts the new roles on record.

Exit code 0: done, and nothing was operated on. 1: refused or failed; the last lines say what.`,
  flags: {
    image: { type: "string", value: "NAME", does: "the agent image, if more than one has a candidate" },
    ...policyFlags,
    "dry-run": { type: "boolean", does: "show the change, and touch nothing" },
  },
  async run({ stack, configFile, flags, out }) {
    const named = { stack, configFile };
    const pack = policyPackOf(flags);
    const config = configOf(named);
    const image = typeof flags.image === "string" ? flags.image : onlyCandidate(config);
    const before = await situationsOf(config, stack);
    const edits = promotionEdits(config, image, witnessesOf(before), new Date());
    const change = StackFileChange.plan(stackFileOf(named), edits);
    change.show(out);
    if (flags["dry-run"] === true) {
      out.write("Nothing was touched (--dry-run).\n");
      return 0;
    }
    const engine = await UpdateEngine.open(named, out, pack);
    await change.write();
    const preview = await unlessLocked(change, () => engine.preview());
    const wouldDo = operationsBesides(preview.operations);
    if (!preview.passed || wouldDo.length > 0) {
      await change.undo();
      throw new CommandFailure(
        preview.passed
          ? `A promotion changes names and nothing that runs, but \`pulumi preview\` shows ${listed(wouldDo)}. The stack file is as it was. Bring the stack up to date first: \`pulumi up --stack ${stack}\`.`
          : `\`pulumi preview\` refuses the promotion; the stack file is as it was:\n${refusalLines(preview.output).join("\n")}`,
      );
    }
    for (const line of policyLines(preview.output)) out.write(`${line}\n`);
    const ran = await unlessLocked(change, () => engine.up([]));
    const did = operationsBesides(ran.operations);
    const moved = movedContainers(before, await situationsOf(fromProjectFolder(change.config()), stack));
    if (!ran.passed || did.length > 0 || moved.length > 0) {
      throw new CommandFailure(
        [
          ran.passed ? "`pulumi up` did more than a promotion may." : "`pulumi up` failed.",
          ...(did.length > 0 ? [`It did: ${listed(did)}.`] : []),
          ...(moved.length > 0 ? [`Another container runs in ${moved.join(", ")}.`] : []),
          `See what runs: \`fleet status --stack ${stack}\`.`,
          ...(ran.passed ? [] : [ran.output.trim().split("\n").slice(-12).join("\n")]),
        ].join("\n"),
      );
    }
    for (const { name } of ran.operations.filter(isForgottenImage)) {
      out.write(
        `${name}: the release before the previous one leaves the stack; its image stays on the host.\n`,
      );
    }
    out.write(
      `Promoted: no operation was performed, every container is the one it was. Commit the stack file.\n`,
    );
    return 0;
  },
};

function onlyCandidate({ agentImages }: StackConfig): string {
  const [first, ...others] = Object.keys(agentImages).filter(
    (image) => agentImages[image]?.candidate !== undefined,
  );
  if (first === undefined)
    throw new CommandFailure("No agent image has a candidate: there is nothing to promote.");
  if (others.length > 0) {
    throw new CommandFailure(
      `Which candidate? Name its image with --image: ${[first, ...others].join(", ")}.`,
    );
  }
  return first;
}

/**
 * What a promotion must not do. A component has no provider: that its own inputs name other roles is what a promotion is.
 * And an image whose release is no longer named is let go by the state alone, because it is kept on the host.
 */
function operationsBesides(operations: readonly EngineOperation[]): EngineOperation[] {
  return operations.filter((operation) => operation.custom && !isForgottenImage(operation));
}

function isForgottenImage({ op, type }: EngineOperation): boolean {
  return op === "delete" && type === "docker:index/remoteImage:RemoteImage";
}

function listed(operations: readonly EngineOperation[]): string {
  return operations.map(({ op, name }) => `${op} of ${name}`).join(", ");
}

function movedContainers(before: readonly Situation[], after: readonly Situation[]): string[] {
  return before
    .filter(({ input, observed }) => {
      const now = after.find((each) => each.input.name === input.name);
      return now?.observed?.id !== observed?.id;
    })
    .map(({ input }) => input.name);
}
