import { pinnedImage, shortReference } from "../config/image-reference.ts";
import { failureOf } from "../lifecycle/evidence/failed-image.ts";
import { logOf } from "../lifecycle/workload.ts";
import { type Command, CommandFailure } from "./command.ts";
import { situationsOf } from "./situations.ts";
import { configOf } from "./stack.ts";

export const forgive: Command = {
  name: "forgive",
  summary: "decides that the failures of a version say nothing of it",
  help: `
A version that did not pass its rehearsal, gate, verification or bake on one workload is refused to all others. That does not
hold when the same update brings it to that one again. Else it stays refused until somebody decides that the failure had
another cause. This command puts that decision on record, with its reason. It changes nothing else, and the next update judges the version.

Exit code 0: on record. 1: nothing is to be forgiven, or no reason was given.`,
  flags: {
    image: { type: "string", value: "REFERENCE", does: "the version, with its digest" },
    because: { type: "string", value: "TEXT", does: "why its failure says nothing of it" },
  },
  async run({ stack, configFile, flags, out }) {
    const parsed = pinnedImage.safeParse(flags.image);
    if (!parsed.success) {
      throw new CommandFailure(`Which version? --image: ${parsed.error.issues[0]?.message}.`);
    }
    const image = parsed.data;
    const because = typeof flags.because === "string" ? flags.because.trim() : "";
    const situations = await situationsOf(configOf({ stack, configFile }), stack);
    const failed = situations.flatMap(({ input, records, refused }) => {
      const failure = refused?.untouched === true ? undefined : failureOf(records, image);
      return failure === undefined ? [] : [{ input, failure }];
    });
    if (failed.length === 0) {
      throw new CommandFailure(
        `No workload has a failure of ${shortReference(image)} on record: there is nothing to forgive, and nothing was touched.`,
      );
    }
    if (because === "") {
      throw new CommandFailure(
        'Why does its failure say nothing of it? Say it for the record: --because "the host was out of memory".',
      );
    }
    for (const { input, failure } of failed) {
      await logOf(input).append({ kind: "forgiven", image, because });
      out.write(`${input.name}: its ${failure.kind} of ${failure.time} counts no longer.\n`);
    }
    return 0;
  },
};
