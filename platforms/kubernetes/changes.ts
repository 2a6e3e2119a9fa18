import { isMapping } from "../../config/json.ts";
import { OperationFailure } from "../failure.ts";
import type { Cluster } from "./cluster.ts";
import { type ControllerKind, pathOf } from "./found-unit.ts";
import type { Controller } from "./objects.ts";
import { isForbidden, unlessGone } from "./refusal.ts";
import { sorted } from "./unit.ts";

/** What an apply of a whole StatefulSet or Deployment would do. */
export interface UnitChange {
  /** Its pod would be made anew. */
  template: boolean;
  /** It is there. */
  exists: boolean;
}

/**
 * Asks the server what an apply would do, without doing it. Fails where the deployer may not do it, so that this is known
 * before anything stops.
 *
 * @param manager - the field manager that the apply will have: what it owns and leaves out is removed.
 */
export async function changesUnit(
  cluster: Cluster,
  name: string,
  wanted: Record<string, unknown>,
  manager: string,
): Promise<UnitChange> {
  const kind = mustBeKind(wanted.kind);
  const path = pathOf(cluster, kind, name);
  const live = await unlessGone(cluster.ask<Controller>({ path }));
  if (live === undefined) return { template: true, exists: false };
  let applied: Controller;
  try {
    applied = await cluster.ask<Controller>({
      method: "PATCH",
      path,
      query: { dryRun: "All", force: true, fieldManager: manager },
      type: "application/apply-patch+yaml",
      body: applicable(wanted),
    });
  } catch (error) {
    if (!isForbidden(error)) throw error;
    throw new OperationFailure(
      `the ${kind} ${name} may not be changed by this deployer, so nothing of it was stopped. ${(error as Error).message}`,
    );
  }
  return { template: !isSame(live.spec.template, applied.spec.template), exists: true };
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

function mustBeKind(kind: unknown): ControllerKind {
  if (kind === "StatefulSet" || kind === "Deployment") return kind;
  throw new OperationFailure(`${JSON.stringify(kind)} is no kind of a unit: StatefulSet or Deployment.`);
}
