import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { EngineFailure, OperationFailure } from "../failure.ts";
import { type HeldLock, type LockHolder, type LockRequest, whileHeld } from "../lock.ts";
import type { Cluster } from "./cluster.ts";
import { lifeOf, processHasEnded } from "./holder-life.ts";
import {
  holderIn,
  isExpired,
  leaseMetadata,
  leaseName,
  leaseSpec,
  lifeIn,
  lockLabel,
  patience,
  renewed,
} from "./lease.ts";
import type { Lease } from "./objects.ts";
import { isConflict, isNotFound, unlessGone } from "./refusal.ts";

const beatSeconds = 10;
/** Seconds before a lease ends at which its holder gives up: what it does must have ended when another one begins. */
const margin = 10;

/**
 * Runs `work` while no other deployer, on whatever machine, holds the same lock. The lock is a Lease in the namespace,
 * because what it guards is there. It is renewed while it is held, and ends by itself with its holder.
 */
export async function withLease<T>(
  cluster: Cluster,
  request: LockRequest,
  work: () => Promise<T>,
): Promise<T> {
  const identity = `${hostname()}/${process.pid}/${randomUUID()}`;
  const where = `in the namespace ${cluster.namespace}`;
  const attempt = async () => {
    const taken = await take(cluster, request, identity);
    return taken.spec?.holderIdentity === identity
      ? held(cluster, request, taken)
      : { holder: holderIn(taken) };
  };
  return whileHeld(request, { where, patience, interval: 0.5, take: attempt }, work);
}

/** All locks that are held. */
export async function heldLeases(cluster: Cluster): Promise<LockHolder[]> {
  const all = await leases(cluster);
  return all.filter((lease) => !isOver(cluster, lease)).map(holderIn);
}

/** Those that nobody holds any more. */
export async function deadLeases(cluster: Cluster): Promise<{ name: string; holder: LockHolder }[]> {
  const all = await leases(cluster);
  return all
    .filter((lease) => isOver(cluster, lease))
    .map((lease) => ({ name: lease.metadata.name, holder: holderIn(lease) }));
}

/** Unless somebody has taken it meanwhile. */
export async function removeDeadLease(cluster: Cluster, name: string): Promise<void> {
  const lease = await unlessGone(cluster.ask<Lease>({ path: pathOf(cluster, name) }));
  if (lease !== undefined && isOver(cluster, lease)) await removed(cluster, lease);
}

/** Its time is over, or its holder was a process of this machine and is dead: nobody waits for that one. */
function isOver(cluster: Cluster, lease: Lease): boolean {
  return isExpired(lease, cluster.now) || processHasEnded(holderIn(lease).pid, lifeIn(lease));
}

function leases(cluster: Cluster): Promise<Lease[]> {
  return cluster.list<Lease>(pathOf(cluster), { labelSelector: lockLabel });
}

function pathOf(cluster: Cluster, ...name: string[]): string {
  return cluster.in("coordination.k8s.io/v1", "leases", ...name);
}

/** The lease as it is now, whoever holds it. */
async function take(cluster: Cluster, request: LockRequest, identity: string): Promise<Lease> {
  const path = pathOf(cluster, leaseName(request));
  for (;;) {
    const there = await unlessGone(cluster.ask<Lease>({ path }));
    if (there !== undefined && !isOver(cluster, there)) return there;
    const { pid } = process;
    const who = { host: hostname(), pid, since: new Date().toISOString(), life: lifeOf(pid) };
    const metadata = leaseMetadata(request, who);
    const lease = { ...kind, spec: leaseSpec(identity, cluster.now, there) };
    try {
      if (there === undefined) {
        return await cluster.ask<Lease>({
          method: "POST",
          path: pathOf(cluster),
          body: { ...lease, metadata },
        });
      }
      // Whoever else sees it expired asks for the same version: one of them gets it.
      const { uid, resourceVersion } = there.metadata;
      const body = { ...lease, metadata: { ...metadata, uid, resourceVersion } };
      return await cluster.ask<Lease>({ method: "PUT", path, body });
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
  }
}

const kind = { apiVersion: "coordination.k8s.io/v1", kind: "Lease" };

function held(cluster: Cluster, request: LockRequest, first: Lease): HeldLock {
  const done = new AbortController();
  let lease = first;
  const identity = first.spec?.holderIdentity;
  const path = pathOf(cluster, leaseName(request));
  const keep = async (): Promise<never> => {
    let last = performance.now();
    for (;;) {
      await sleep(beatSeconds * 1000, undefined, { signal: done.signal });
      for (;;) {
        try {
          const body = renewed(lease, cluster.now);
          const next = await cluster.ask<Lease>({
            method: "PUT",
            path,
            body,
            patience: 0,
            deadline: beatSeconds,
          });
          lease = next;
          last = performance.now();
          break;
        } catch (error) {
          const isOut = error instanceof EngineFailure;
          if (isOut && performance.now() - last < (patience - margin) * 1000) {
            await sleep(1000, undefined, { signal: done.signal });
            continue;
          }
          // A renewal whose answer was lost is a conflict with ourselves.
          const there = isOut ? undefined : await unlessGone(cluster.ask<Lease>({ path, patience: 0 }));
          if (there?.spec?.holderIdentity !== identity || there === undefined) {
            throw new OperationFailure(describeLost(cluster, request));
          }
          lease = there;
        }
      }
    }
  };
  const lost = keep().catch((error): Promise<never> => {
    // Released: whoever waits for this has ended.
    if (done.signal.aborted) return new Promise<never>(() => {});
    throw error;
  });
  lost.catch(() => {});
  return {
    lost,
    release: async () => {
      done.abort();
      for (;;) {
        const there = await unlessGone(cluster.ask<Lease>({ path }));
        // A renewal that was under way may have made another version of it.
        if (there === undefined || there.spec?.holderIdentity !== identity) return;
        if (await removed(cluster, there)) return;
      }
    },
  };
}

/** This version of it: whoever has it by now keeps it. */
async function removed(
  cluster: Cluster,
  { metadata: { name, uid, resourceVersion } }: Lease,
): Promise<boolean> {
  const body = { preconditions: { uid, resourceVersion } };
  try {
    await cluster.ask({ method: "DELETE", path: pathOf(cluster, name), body });
    return true;
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error;
    return false;
  }
}

function describeLost(cluster: Cluster, request: LockRequest): string {
  return (
    `the Lease ${leaseName(request)} in the namespace ${cluster.namespace} is gone or could not be renewed. ` +
    "Somebody else may work on the same, so this work was given up. " +
    "Either the API server was gone for too long, or this machine stood still. Run `fleet recover`, then try again."
  );
}
