import { afterEach, beforeEach, vi } from "vitest";
import { canaryBeforeFleet } from "../../policies/canary-before-fleet.ts";
import { testKey } from "./evidence.ts";
import { candidate, judgedAt, type RolloutOf, rolloutStack } from "./rollout.ts";
import { judgedStack, type StackResource } from "./stack.ts";

/** Signs the records of these tests, and is trusted. */
export const key = testKey();

/** Judges at the time of the records. */
export function atJudgedTime(): void {
  beforeEach(() => {
    vi.useFakeTimers({ now: judgedAt, toFake: ["Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

/**
 * What the rule says, without its name; a warning begins with an exclamation mark. That it has read no evidence directory
 * is left out, unless the configuration asks for it.
 */
export function said(resources: readonly StackResource[], config: object = {}): string[] {
  const levels = { logNotRead: "disabled", ...(config as { levels?: object }).levels };
  return judgedStack(canaryBeforeFleet, resources, { trustedKeys: [key.text], ...config, levels }).map(
    ({ message, level }) =>
      level === undefined
        ? message.replace("[canary-before-fleet] ", "")
        : message.replace(`${canaryBeforeFleet.description}\n[canary-before-fleet] `, "! "),
  );
}

export function saidOf(of: Partial<RolloutOf>, config: object = {}): string[] {
  return said(rolloutStack({ key, ...of }), config);
}

/** Parts of the messages about what is not proved. */
export const why = "Why: a fleet must not run what one instance has not proved.";
export const asCandidate =
  "Write: the reference as `candidate` of its agent image with `wave: 0`; raise the wave once the canary has passed.";
export const verifyAgain =
  "Write: the wave of the canary (or run: pulumi up --replace 'urn:pulumi:prod::clawforce::pulumi:pulumi:Stack$clawforce:fleet:Fleet$clawforce:fleet:InstanceGroup$clawforce:fleet:Workload$command:local:Command::canary-verification').";
export const unproved = (what: string, rest: string, member = "support-1", of = candidate) =>
  `${member} image: image "${of}" is not proved: its canary canary ${what}. ${rest}`;
