import { pinnedImage, shortReference } from "../config/image-reference.ts";
import type { StackConfig } from "../config/schema.ts";
import { sameDigest } from "../lifecycle/evidence/move.ts";
import { rehearseNow } from "../lifecycle/update/rehearsal-step.ts";
import type { Situation } from "../lifecycle/update/situation.ts";
import { tryWhileServing } from "../lifecycle/update/trials.ts";
import { messageOf } from "../platforms/failure.ts";
import { type Command, CommandFailure, type Output } from "./command.ts";
import { rehearsalTable } from "./rehearsal-table.ts";
import { refuseUntouched, workloadNamed } from "./restore.ts";
import { situationsOf } from "./situations.ts";
import { configOf, type NamedStack } from "./stack.ts";
import { workloadContext } from "./workload-context.ts";

export const rehearse: Command = {
  name: "rehearse",
  summary: "tries a new version on copies of the state, and proves the way back",
  help: `
Takes a hot snapshot of each workload, and starts the running version on a copy of it. Runs the \`migrate\` steps of the new
version on that copy, and starts the new version. Then starts the running version once more on what the new one has left.
Nothing of it has a network or channels. One workload comes after the other, and those that serve are not touched.

What comes of it is on record. A rehearsal that passed counts for the next update of the same version on the same release,
as long as \`clawforce:rehearsal.maximumAge\` says.

Exit code 0: the new version works on every copy. 1: it does not, or could not be tried; the lines say why.`,
  flags: {
    workload: { type: "string", value: "NAME", does: "only this one" },
    image: {
      type: "string",
      value: "REFERENCE",
      does: "this version, if not the candidate; with its digest",
    },
  },
  async run({ stack, configFile, flags, out }) {
    const named = { stack, configFile };
    const config = configOf(named);
    const situations = await situationsOf(config, stack);
    const chosen = flags.workload === undefined ? situations : [workloadNamed(situations, flags.workload)];
    const image = wantedImage(flags.image);
    const wanted = chosen.flatMap((situation) => {
      const to = image ?? candidateFor(config, situation);
      const runs = situation.observed?.image;
      const isNew = to !== undefined && runs !== undefined && !sameDigest(runs, to);
      return isNew && situation.input.managed !== true ? [{ situation, to }] : [];
    });
    if (wanted.length === 0) {
      throw new CommandFailure(
        "There is nothing to rehearse: no workload has a candidate that it does not run already. " +
          "Set one with `fleet pin`, or name a version with --image.",
      );
    }
    const failed: string[] = [];
    for (const { situation, to } of wanted) {
      await rehearseOne(named, situation, to, out).catch((error: unknown) => {
        failed.push(situation.input.name);
        out.write(`${messageOf(error)}\n`);
      });
    }
    const passed = wanted.length - failed.length;
    out.write(
      `${passed} of ${wanted.length} passed${failed.length > 0 ? `; not: ${failed.join(", ")}` : ""}.\n`,
    );
    return failed.length > 0 ? 1 : 0;
  },
};

function wantedImage(flag: string | boolean | undefined): string | undefined {
  if (flag === undefined) return undefined;
  const parsed = pinnedImage.safeParse(flag);
  if (parsed.success) return parsed.data;
  throw new CommandFailure(`--image: ${parsed.error.issues[0]?.message}`);
}

/** What the configuration would bring it to: the candidate, whatever the wave; of a control plane its image. */
function candidateFor(config: StackConfig, { config: workload }: Situation): string | undefined {
  const { group, image } = workload;
  if (group === undefined) return image;
  const agentImage = config.instanceGroups[group]?.agentImage;
  return agentImage === undefined ? undefined : config.agentImages[agentImage]?.candidate;
}

async function rehearseOne(named: NamedStack, situation: Situation, to: string, out: Output): Promise<void> {
  refuseUntouched(situation);
  const { input, observed } = situation;
  const { name } = input;
  const context = await workloadContext(named, { ...input, image: to }, out);
  const { platform } = context;
  const served = await platform.unit(input.container);
  if (served === undefined || !served.running) {
    throw new CommandFailure(
      `${name} does not run (${observed?.state ?? "no container"}): bring it back first.`,
    );
  }
  await platform.fetch(input.snapshots.image);
  await platform.fetch(to);
  const { result } = await tryWhileServing(context, served, (copy, rehearsed) =>
    rehearseNow(context, copy, rehearsed),
  );
  const title = `${name}: ${shortReference(served.image)} -> ${shortReference(to)}: passed`;
  out.write(`${[title, ...rehearsalTable(result)].join("\n")}\n`);
}
