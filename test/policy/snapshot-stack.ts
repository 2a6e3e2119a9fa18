import { expect } from "vitest";
import { commandType, containerType } from "../../policies/fleet-facts.ts";
import { snapshotBeforeChange } from "../../policies/snapshot-before-change.ts";
import { changed, fleetStack, image, type StackWorkload, withProps } from "./fleet-stack.ts";
import { allDisabled, judgedStack, type StackResource } from "./stack.ts";

export const [a, b] = [image("a"), image("b")];
export const canary: StackWorkload = { name: "canary", group: "support", role: "canary", image: b, from: a };
export const second: StackWorkload = { name: "second", group: "support", image: b, from: a };
export const third: StackWorkload = { name: "third", group: "support", image: a };
/** Two that change, one after the other, and one that stays. */
export const workloads = [canary, second, third];

/** A stack with something about it changed. */
export type Change = (stack: StackResource[]) => StackResource[];

export const container = (name: string) => `${name} ${containerType}`;
export const command = (name: string) => `${name} ${commandType}`;

/** What the rule says of the program's own graph with a change to it, in the same order whatever the order of resources. */
export function said(
  change: Change = (stack) => stack,
  of: readonly StackWorkload[] = workloads,
  config = {},
) {
  const stack = change(fleetStack({ workloads: of }));
  const messages = judgedStack(snapshotBeforeChange, stack, config).map(({ message }) => message);
  const reversed = judgedStack(snapshotBeforeChange, stack.toReversed(), config);
  expect(reversed.map(({ message }) => message)).toEqual(messages);
  expect(judgedStack(snapshotBeforeChange, stack, allDisabled(snapshotBeforeChange))).toEqual([]);
  return messages;
}

export function refused(place: string, what: string, why: string, write: string): string {
  return `[snapshot-before-change] ${place}: ${what}. Why: ${why}. Write: ${write}.`;
}

/** Some dependencies of a resource taken out. */
export const without =
  (id: string, dependency: (each: string) => boolean): Change =>
  (stack) =>
    changed(stack, id, (each) => ({
      ...each,
      dependsOn: (each.dependsOn ?? []).filter((one) => !dependency(one)),
    }));

export const props =
  (id: string, more: object): Change =>
  (stack) =>
    withProps(stack, id, more);

export const opts =
  (id: string, more: NonNullable<StackResource["opts"]>): Change =>
  (stack) =>
    changed(stack, id, (each) => ({ ...each, opts: { ...each.opts, ...more } }));

export const notKnown = (place: string) =>
  refused(
    place,
    "the value is not known at preview",
    "what rests on it can't be judged",
    "a literal value, not the output of another resource",
  );

export function otherProgram(place: string, program: string): string {
  return refused(
    place,
    `it is not operations/${program}.ts, run by node and by nothing else`,
    "nobody knows what another program does or leaves out",
    `create operations/${program}.ts, update operations/keep-result.ts, interpreter ["node"], no delete, no dir and no variables but CLAWFORCE_…`,
  );
}

export function otherTrigger(name: string): string {
  return refused(
    `${name}-preparation triggers`,
    "its first trigger is not the hash that makes the container anew when it changes",
    "it would not run when the container changes, or ran for another change",
    "the container's hash as its first trigger, at most the attempt after it, and no --target that leaves it out",
  );
}

export function noResult(what: string, name = "canary"): string {
  const urn = `urn:pulumi:prod::clawforce::pulumi:pulumi:Stack$clawforce:fleet:Fleet$${commandType}::${name}-preparation`;
  return refused(
    `${name}-preparation stdout`,
    what,
    "it does not run in this update, so only the result of its last run counts",
    `nothing; run it again: pulumi up --replace ${urn}`,
  );
}
