import type { StackConfig } from "../config/schema.ts";
import { witnessesOf } from "../lifecycle/update/canary-evidence.ts";
import type { Situation } from "../lifecycle/update/situation.ts";
import { adoptionStep, afterFailedAdoption } from "./adoption-step.ts";
import { type Command, CommandFailure, type Output } from "./command.ts";
import { type NextWave, nextWave, refuseTarget, rolloutsOf } from "./next-wave.ts";
import { policyFlags, policyPackOf } from "./policy-pack.ts";
import { runUpdate, showPlan } from "./run-update.ts";
import { changedConfig, withSecretPrints } from "./secret-prints.ts";
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
Brings the present wave to its end. If all its workloads have passed, raises the wave of a group by one. It first shows
the change of the stack file and what will happen to each workload. Then it runs \`pulumi up\` and shows its steps. It
keeps a report and a timeline in the evidence directory, below <stack>/reports.

Gateways that are to be adopted come first: an update of their own takes over from them.

In a window of the control plane, it brings the control plane to the image that the stack file names.

It refuses
  if the window is "none"
  if the other track has changed too short ago
  if the evidence of an earlier wave does not hold any more: the container, its digest or the checks are others now, or
  a check has failed since

See docs/commands.md.

Exit code 0: done. 1: refused or failed; the last lines say the way back. 3: the wave failed and was taken back
(\`clawforce:onFailure: rollback\`, or --rollback). 3 as well if such a wave failed before anything was stopped.
There is nothing to take back then, and the stack file is as it was before.`,
  flags: {
    group: { type: "string", value: "NAME", does: "the group that goes on, if more than one could" },
    "to-wave": {
      type: "string",
      value: "N",
      does: "go on until wave N; beyond the next wave only with --yes-all-waves",
    },
    "yes-all-waves": {
      type: "boolean",
      does: "stop for no look between waves; each is an update of its own, and the first failure ends it",
    },
    rollback: { type: "boolean", does: "if the wave fails, take it back at once with a second `pulumi up`" },
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
      refuseWindow(configOf(named));
      const config = await withSecretPrints(configOf(named), named);
      const { secretPrints } = config;
      const now = new Date();
      const surveyed = await situationsOf(config, stack);
      const adoption = adoptionStep(surveyed);
      const step =
        adoption ??
        nextWave(config, witnessesOf(surveyed), group, now, pendingOf(surveyed), waitingOf(surveyed));
      if ("done" in step) {
        out.write(`${step.done}\n`);
        return 0;
      }
      const change = StackFileChange.plan(stackFileOf(named), step.edits);
      change.show(out);
      const changed = changedConfig(change, secretPrints);
      const planned = await showPlan(changed, named, out);
      if (flags["dry-run"] === true) {
        out.write(`Would run: ${step.title}. Nothing was touched (--dry-run).\n`);
        return 0;
      }
      const engine = await UpdateEngine.open(named, out, pack);
      const ran = await runUpdate({ named, engine, change, title: step.title, out, secretPrints });
      if (!ran.passed && adoption !== undefined) {
        out.write(afterFailedAdoption(stack));
        return 1;
      }
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

/** The canaries that wait for the one of another group. */
function waitingOf(surveyed: readonly Situation[]): Set<string> {
  const waiting = surveyed.filter(({ refused }) => refused?.kind === "another canary first");
  return new Set(waiting.map(({ input }) => input.name));
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
    out.write(`\nThe wave has failed. No command can write the earlier settings again.\n${settings}`);
    return 1;
  }
  const change = StackFileChange.plan(stackFileOf(named), edits);
  out.write("\nThe wave has failed and is taken back.\n");
  change.show(out);
  const planned = await showPlan(fromProjectFolder(change.config()), named, out);
  const title = `${groups.join(", ")}: back`;
  const ran = await runUpdate({ named, engine: engine.unjudged(), change, title, out });
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
    `The way back has failed too. See what runs: \`fleet status --stack ${named.stack}\`. Then run \`fleet recover --stack ${named.stack}\`.\n`,
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
      `To try the wave again instead, once the cause is gone: fleet update --stack ${stack}`,
      "",
    ].join("\n"),
  );
  return 1;
}

function nextLine(config: StackConfig, stack: string): string {
  if (rolloutsOf(config).length === 0) {
    return `Next, once this has proved itself: \`fleet update --stack ${stack}\`. It says when there is nothing more to do.`;
  }
  const open = rolloutsOf(config).filter(({ wave, lastWave }) => wave < lastWave);
  return open.length === 0
    ? `Every group has come to its last wave. Next: \`fleet promote --stack ${stack}\`.`
    : `Next, once this wave has proved itself: \`fleet update --stack ${stack}\` (${open.map(({ group, wave, lastWave }) => `${group}: wave ${wave + 1} of ${lastWave}`).join(", ")}).`;
}
