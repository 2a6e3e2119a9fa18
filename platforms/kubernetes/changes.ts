import { fieldAt, isMapping } from "../../config/json.ts";
import { OperationFailure } from "../failure.ts";
import type { Cluster } from "./cluster.ts";
import { type ControllerKind, isControllerKind, kubectlName } from "./controller-kind.ts";
import { pathOf } from "./found-unit.ts";
import { fieldManager, standsAnnotation, startAnnotation } from "./labels.ts";
import type { Controller } from "./objects.ts";
import { isConflict, isForbidden, unlessGone } from "./refusal.ts";
import { sorted } from "./unit.ts";

/**
 * Whether an apply of these inputs would make the unit's pod anew, by the word of the server, which does not do it. Fails
 * where the deployer may not apply them, and where there is nothing to change, so that this is known before anything stops.
 */
export async function changesTemplate(cluster: Cluster, name: string, wanted: unknown): Promise<boolean> {
  const { kind, inputs } = inputsOf(name, wanted);
  const live = await unlessGone(cluster.ask<Controller>({ path: pathOf(cluster, kind, name) }));
  if (live === undefined) {
    throw new OperationFailure(
      `the ${kind} ${name} is gone: somebody has deleted it. Run \`pulumi up --refresh\`: it is made again, on its state.`,
    );
  }
  const apply = (force: boolean) => tried(cluster, { kind, live, inputs, force });
  const applied = await apply(false).catch((error) => {
    if (!isConflict(error)) throw error;
    refuseForeignOwners(error as Error, `${kind} ${name}`);
    return apply(true);
  });
  if (isSame(live.spec.template, applied.spec.template)) return false;
  refuseWithoutStart(live, wanted, kubectlName(kind, name));
  return true;
}

/** Whether a unit of somebody else's may be changed so: whoever owns its fields loses them in the change itself. */
export async function refuseChange(cluster: Cluster, name: string, wanted: unknown): Promise<void> {
  const { kind, inputs } = inputsOf(name, wanted);
  const live = await cluster.ask<Controller>({ path: pathOf(cluster, kind, name) });
  await tried(cluster, { kind, live, inputs, force: true });
}

interface Change {
  kind: ControllerKind;
  live: Controller;
  inputs: Record<string, unknown>;
  /** Also where others own what it changes. */
  force: boolean;
}

/** What an apply would make of it, by the server's word. */
async function tried(cluster: Cluster, { kind, live, inputs, force }: Change): Promise<Controller> {
  const { name } = live.metadata;
  try {
    return await cluster.ask<Controller>({
      method: "PATCH",
      path: pathOf(cluster, kind, name),
      query: { dryRun: "All", force, fieldManager: managerOf(live) },
      type: "application/apply-patch+yaml",
      body: { apiVersion: "apps/v1", ...applicable(inputs), kind },
    });
  } catch (error) {
    if (!isForbidden(error)) throw error;
    throw new OperationFailure(
      `the ${kind} ${name} may not be changed by this deployer, so nothing of it was stopped. ${(error as Error).message}`,
    );
  }
}

/** Those whose fields the provider takes over without a word; every other one would refuse the change, after the stop. */
const takenOver = /^(kubectl|before-first-apply|pulumi-)/;

function refuseForeignOwners({ message }: Error, what: string): void {
  const owners = [...message.matchAll(/"([^"]+)"(?: with subresource "[^"]+")? using /g)].flatMap(
    ([, owner]) => owner ?? [],
  );
  const others = [...new Set(owners)].filter((owner) => !takenOver.test(owner));
  if (owners.length > 0 && others.length === 0) return;
  throw new OperationFailure(
    `the ${what} has fields that ${others.join(", ") || "somebody else"} has set, so nothing of it was stopped. ${message} ` +
      "Take them out there, or let that one go on with it and take the workload out of the stack file.",
  );
}

/**
 * The program starts a unit anew when it makes its pod another one. Where somebody else has changed the pod, nothing would
 * start what is stopped to undo that.
 */
function refuseWithoutStart({ metadata }: Controller, wanted: unknown, name: string): void {
  const { name: unit } = metadata;
  const wantedStart = fieldAt(wanted, ["metadata", "annotations", startAnnotation]);
  if (wantedStart === undefined || metadata.annotations?.[standsAnnotation] !== wantedStart) return;
  throw new OperationFailure(
    `${unit}: its pod is not the one that this program has made: somebody has changed it. Nothing was stopped. Undo that change ` +
      `first: \`kubectl rollout history ${name}\` shows it, and \`kubectl rollout undo\` takes it back. Then try again.`,
  );
}

/** Who has applied it: what that one owns and leaves out is removed, and what is another one's stays. */
export function managerOf({ metadata }: Controller): string {
  const applied = (metadata.managedFields ?? []).filter(
    ({ operation, subresource = "" }) => operation === "Apply" && subresource === "",
  );
  return applied.find(({ manager }) => manager?.startsWith("pulumi-"))?.manager ?? fieldManager;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

/** Without what is Pulumi's own and without what only the server writes. */
export function applicable(wanted: Record<string, unknown>): Record<string, unknown> {
  const { status: _, spec, ...rest } = withoutOwnKeys(wanted) as Record<string, unknown>;
  // The program ignores how many there are, and the provider leaves the field out then.
  const { replicas: __, ...others } = (isMapping(spec) ? spec : {}) as Record<string, unknown>;
  return { ...rest, ...(spec !== undefined && { spec: others }) };
}

function withoutOwnKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOwnKeys);
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !key.startsWith("__"))
      .map(([key, each]) => [key, withoutOwnKeys(each)]),
  );
}

/** The provider's inputs say the kind; those of states from before there were two kinds need not. */
function inputsOf(name: string, inputs: unknown): Pick<Change, "kind" | "inputs"> {
  if (!isMapping(inputs)) throw new OperationFailure(`${name}: its inputs are none: ${typeof inputs}.`);
  return { kind: isControllerKind(inputs.kind) ? inputs.kind : "StatefulSet", inputs };
}
