import type { StackConfig } from "../config/schema.ts";
import { witnessesOf } from "../lifecycle/update/canary-evidence.ts";
import type { Situation } from "../lifecycle/update/situation.ts";
import { carryOut, showPlan } from "./carry-out.ts";
import { type Command, CommandFailure, type Output } from "./command.ts";
import { type NextWave, nextWave, refuseTarget, rolloutsOf } from "./next-wave.ts";
import { policyFlags, policyPackOf } from "./policy-pack.ts";
import { situationsOf } from "./situations.ts";
import { configOf, fromProjectFolder, type NamedStack, stackFileOf } from "./stack.ts";
import { StackFileChange } from "./stack-file-change.ts";
import { updateControlPlane } from "./update-control-plane.ts";
import { UpdateEngine } from "./update-engine.ts";
import { waveFlag } from "./wave-flag.ts";
import { leftAloneLines, nothingToTakeBack, settingsBack, takeBackEdits } from "./way-back.ts";

/** Of an update that failed and was taken back, or had not stopped anything yet: nothing is broken, and nothing is updated. */
export const goneBack = 3;

export const update: Command = {
  name: "update",
  summary: "one wave further with the candidate: canary first, then one wave a call",
  help: `
Brings the present wave to its end, or, when all its workloads have passed, raises the wave of a group by one. Shows the
change of the stack file and what will happen to each workload, then runs \`pulumi up\`, with its steps shown while they
happen; report and timeline are kept in the evidence directory, below <stack>/reports.

In a window of the control plane it is the control plane that goes to the image that the stack file names.

Refused when the window is "none", when the other track has changed too short ago, and when what an earlier wave has proved does not hold any more: another
container, another digest, other checks, or a check that failed since. See docs/commands.md.

Exit code 0: done. 1: refused or failed; the last lines say the way back. 3: the wave failed and was taken back
(\`clawforce:onFailure: rollback\`, or --rollback); also when it failed before anything was stopped: then nothing is taken back, and the
stack file is as it was before.`,
  flags: {
    group: { type: "string", value: "NAME", does: "the group that goes on, where more than one could" },
    "to-wave": {
      type: "string",
      value: "N",
      does: "on until wave N; above the next one only with --yes-all-waves",
    },
    "yes-all-waves": {
      type: "boolean",
      does: "no look at a wave before the next: each is an update of its own, the first that fails ends it",
    },
    rollback: { type: "boolean", does: "take a wave that fails back at once, with a second `pulumi up`" },
    ...policyFlags,
    "dry-run": { type: "boolean", does: "show the change and the plan, and touch nothing" },
  },
  async run({ stack, configFile, flags, out }) {
    const named = { stack, configFile };
    const pack = policyPackOf(flags);
    const group = typeof flags.group === "string" ? flags.group : undefined;
    if (configOf(named).window === "control-plane") {
      const rollback = flags.rollback === true || configOf(named).onFailure === "rollback";
      const dryRun = flags["dry-run"] === true;
      const outcome = await updateControlPlane(named, { rollback, dryRun, pack }, out);
      return outcome === "done" ? 0 : outcome === "gone back" ? goneBack : 1;
    }
    const target = targetOf(configOf(named), group, flags);
    for (;;) {
      const config = configOf(named);
      refuseWindow(config);
      const now = new Date();
      const surveyed = await situationsOf(config, stack);
      const step = nextWave(config, witnessesOf(surveyed), group, now, pendingOf(surveyed));
      if ("done" in step) {
        out.write(`${step.done}\n`);
        return 0;
      }
      const change = StackFileChange.plan(stackFileOf(named), step.edits);
      change.show(out);
      const changed = fromProjectFolder(change.config());
      const planned = await showPlan(changed, named, out);
      if (flags["dry-run"] === true) {
        out.write(`Would run: ${step.title}. Nothing was touched (--dry-run).\n`);
        return 0;
      }
      const engine = await UpdateEngine.open(named, out, pack);
      const ran = await carryOut({ named, engine, change, title: step.title, out });
      if (!ran.passed) {
        const failed = { named, engine, step, change, planned, touched: ran.touched, out };
        return flags.rollback === true || changed.onFailure === "rollback"
          ? takeBack(failed)
          : sayWayBack(changed, failed);
      }
      if (target === undefined || !target.allWaves || waveOf(changed, target.group) >= target.wave) {
        out.write(`${nextLine(changed, stack)}\n`);
        return 0;
      }
    }
  },
};

/** The workloads that do not have the settings of the stack file yet, or get them in the next update. */
function pendingOf(surveyed: readonly Situation[]): Set<string> {
  const pending = surveyed.filter(
    ({ move, waits }) => waits !== undefined || ("changes" in move && move.changes !== undefined),
  );
  return new Set(pending.map(({ input }) => input.name));
}

interface Target {
  group: string;
  wave: number;
  /** Without it there is one update a call, whatever the target. */
  allWaves: boolean;
}

function targetOf(
  config: StackConfig,
  group: string | undefined,
  flags: Record<string, string | boolean | undefined>,
): Target | undefined {
  const wave = waveFlag(flags["to-wave"]);
  if (wave === undefined) return undefined;
  const [rollout, ...others] = rolloutsOf(config).filter((each) => (group ?? each.group) === each.group);
  if (rollout === undefined || others.length > 0) {
    throw new CommandFailure(
      rollout === undefined
        ? "--to-wave: no candidate is being rolled out."
        : "--to-wave speaks of one group: name it with --group.",
    );
  }
  const allWaves = flags["yes-all-waves"] === true;
  refuseTarget(rollout, wave, allWaves);
  return { group: rollout.group, wave, allWaves };
}

function refuseWindow({ window }: StackConfig): void {
  if (window === "runtime") return;
  throw new CommandFailure(
    `clawforce:window is ${window}: nothing may change now. Write \`runtime\` or \`control-plane\` when its window has come.`,
  );
}

function waveOf(config: StackConfig, group: string): number {
  return config.instanceGroups[group]?.wave ?? 0;
}

interface Failed {
  named: NamedStack;
  engine: UpdateEngine;
  step: NextWave;
  /** What was written for the wave. */
  change: StackFileChange;
  /** What it was to do to each workload. */
  planned: readonly Situation[];
  touched: readonly Situation[];
  out: Output;
}

async function takeBack({
  named,
  engine,
  step,
  change: made,
  planned: wanted,
  touched,
  out,
}: Failed): Promise<number> {
  if (touched.length === 0) {
    await made.undo();
    out.write(`\n${nothingToTakeBack("wave", named.stack)}`);
    return goneBack;
  }
  const groups = step.groups.filter((group) => touched.some(({ config }) => config.group === group));
  const edits = takeBackEdits(configOf(named), groups);
  const settings = settingsBack(
    wanted.filter(({ input }) => touched.some((each) => each.input.name === input.name)),
  );
  if (edits.length === 0 && settings !== "") {
    out.write(`\nThe wave has failed. No command writes the settings of before again.\n${settings}`);
    return 1;
  }
  const change = StackFileChange.plan(stackFileOf(named), edits);
  out.write("\nThe wave has failed and is taken back.\n");
  change.show(out);
  const planned = await showPlan(fromProjectFolder(change.config()), named, out);
  const title = `${groups.join(", ")}: back`;
  const ran = await carryOut({ named, engine: engine.unjudged(), change, title, out });
  if (ran.passed && ran.refused.length > 0) {
    out.write(`Gone back, except what was refused above.\n${leftAloneLines(planned)}`);
    return 1;
  }
  if (ran.passed) {
    const what =
      settings === ""
        ? "Gone back: every workload runs what it ran before this wave.\n"
        : `Gone back to the images of before this wave.\n${settings}`;
    out.write(`${what}${leftAloneLines(planned)}`);
    return settings === "" ? goneBack : 1;
  }
  out.write(
    `The way back has failed too. See what is there: \`fleet status --stack ${named.stack}\`; then \`fleet recover --stack ${named.stack}\`.\n`,
  );
  return 1;
}

function sayWayBack(config: StackConfig, { named: { stack }, step, planned, out }: Failed): number {
  const rollouts = rolloutsOf(config).filter(({ group }) => step.groups.includes(group));
  const lowered = rollouts
    .filter(({ wave }) => wave > 0)
    .map(({ group, wave }) => `fleet rollback --stack ${stack} --group ${group} --to-wave ${wave - 1}`);
  const settings = settingsBack(planned);
  out.write(
    [
      ...(rollouts.length === 0 && settings !== ""
        ? []
        : [
            "The way back:",
            ...lowered.map((command) => `  ${command}   (this wave alone)`),
            `  fleet rollback --stack ${stack}   (the candidate altogether)`,
          ]),
      ...(settings === "" ? [] : [settings.trimEnd()]),
      `When the cause is gone instead, this tries the wave again: fleet update --stack ${stack}`,
      "",
    ].join("\n"),
  );
  return 1;
}

function nextLine(config: StackConfig, stack: string): string {
  if (rolloutsOf(config).length === 0) {
    return `Next, once this has shown itself: \`fleet update --stack ${stack}\`; it says when there is nothing more to do.`;
  }
  const open = rolloutsOf(config).filter(({ wave, lastWave }) => wave < lastWave);
  return open.length === 0
    ? `Every group has come to its last wave. Next: \`fleet promote --stack ${stack}\`.`
    : `Next, once this wave has shown itself: \`fleet update --stack ${stack}\` (${open.map(({ group, wave, lastWave }) => `${group}: wave ${wave + 1} of ${lastWave}`).join(", ")}).`;
}
