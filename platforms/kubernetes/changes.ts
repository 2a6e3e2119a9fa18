import { isMapping } from "../../config/json.ts";
import { OperationFailure } from "../failure.ts";
import type { Cluster } from "./cluster.ts";
import { type ControllerKind, pathOf } from "./found-unit.ts";
import { fieldManager } from "./labels.ts";
import type { Controller } from "./objects.ts";
import { isForbidden, unlessGone } from "./refusal.ts";
import { sorted } from "./unit.ts";

/**
 * Whether an apply of these inputs would make the unit's pod anew, by the word of the server, which does not do it. Fails
 * where the deployer may not apply them, so that this is known before anything stops.
 */
export async function changesTemplate(cluster: Cluster, name: string, wanted: unknown): Promise<boolean> {
  if (!isMapping(wanted)) throw new OperationFailure(`${name}: its inputs are none: ${typeof wanted}.`);
  const kind = kindOf(wanted.kind);
  const path = pathOf(cluster, kind, name);
  const live = await unlessGone(cluster.ask<Controller>({ path }));
  if (live === undefined) return true;
  let applied: Controller;
  try {
    applied = await cluster.ask<Controller>({
      method: "PATCH",
      path,
      query: { dryRun: "All", force: true, fieldManager: managerOf(live) },
      type: "application/apply-patch+yaml",
      body: { apiVersion: "apps/v1", ...applicable(wanted), kind },
    });
  } catch (error) {
    if (!isForbidden(error)) throw error;
    throw new OperationFailure(
      `the ${kind} ${name} may not be changed by this deployer, so nothing of it was stopped. ${(error as Error).message}`,
    );
  }
  return !isSame(live.spec.template, applied.spec.template);
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
  const { status: _, ...rest } = withoutOwnKeys(wanted) as Record<string, unknown>;
  return rest;
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

/** The inputs of a provider need not say it. */
function kindOf(kind: unknown): ControllerKind {
  return kind === "Deployment" ? "Deployment" : "StatefulSet";
}
