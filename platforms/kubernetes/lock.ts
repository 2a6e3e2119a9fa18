import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { EngineFailure, OperationFailure } from "../failure.ts";
import type { LockHolder, LockRequest } from "../lock.ts";
import type { Cluster } from "./cluster.ts";
import {
  holderIn,
  isExpired,
  leaseMetadata,
  leaseSpec,
  lockLabel,
  lockName,
  patience,
  renewed,
} from "./lease.ts";
import type { Lease, List } from "./objects.ts";
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
  const lock = await acquire(cluster, request);
  let result: T;
  try {
    result = await Promise.race([work(), lock.lost]);
  } catch (error) {
    // A server that is gone fails the release too, and that would hide in which step it was.
    await lock.release().catch(() => {});
    throw error;
  }
  await lock.release();
  return result;
}

/** All locks that are held. */
export async function heldLeases(cluster: Cluster): Promise<LockHolder[]> {
  const all = await leases(cluster);
  return all.filter((lease) => !isExpired(lease, cluster.now)).map(holderIn);
}

/** Those that nobody holds any more. */
export async function deadLeases(cluster: Cluster): Promise<{ name: string; holder: LockHolder }[]> {
  const all = await leases(cluster);
  return all
    .filter((lease) => isExpired(lease, cluster.now))
    .map((lease) => ({ name: lease.metadata.name, holder: holderIn(lease) }));
}

/** Unless somebody has taken it meanwhile. */
export async function removeDeadLease(cluster: Cluster, name: string): Promise<void> {
  const lease = await unlessGone(cluster.ask<Lease>({ path: pathOf(cluster, name) }));
  if (lease !== undefined && isExpired(lease, cluster.now)) await removed(cluster, lease);
}

async function leases(cluster: Cluster): Promise<Lease[]> {
  const query = { labelSelector: lockLabel };
  return (await cluster.ask<List<Lease>>({ path: pathOf(cluster), query })).items ?? [];
}

function pathOf(cluster: Cluster, ...name: string[]): string {
  return cluster.in("coordination.k8s.io/v1", "leases", ...name);
}

interface HeldLease {
  /** Rejects when the lock is gone although it was not released. */
  lost: Promise<never>;
  release(): Promise<void>;
}

async function acquire(cluster: Cluster, request: LockRequest): Promise<HeldLease> {
  const until = Date.now() + request.wait * 1000;
  const identity = `${hostname()}/${process.pid}/${randomUUID()}`;
  let told = false;
  for (;;) {
    const taken = await take(cluster, request, identity);
    if (taken.spec?.holderIdentity === identity) return held(cluster, request, taken);
    const holder = holderIn(taken);
    if (Date.now() > until) throw new OperationFailure(describeHeld(cluster, request, holder));
    if (!told) {
      told = true;
      request.progress?.(`waiting for ${describeHolder(holder)}`);
    }
    await sleep(500);
  }
}

/** The lease as it is now, whoever holds it. */
async function take(cluster: Cluster, request: LockRequest, identity: string): Promise<Lease> {
  const path = pathOf(cluster, lockName(request));
  for (;;) {
    const there = await unlessGone(cluster.ask<Lease>({ path }));
    if (there !== undefined && !isExpired(there, cluster.now)) return there;
    const who = { host: hostname(), pid: process.pid, since: new Date().toISOString() };
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

function held(cluster: Cluster, request: LockRequest, first: Lease): HeldLease {
  const done = new AbortController();
  let lease = first;
  const identity = first.spec?.holderIdentity;
  const path = pathOf(cluster, lockName(request));
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

function describeHolder({ purpose, of, pid, host, since }: LockHolder): string {
  return `${purpose}${of === "" ? "" : ` of ${of}`} by process ${pid} on ${host}, since ${since}`;
}

function describeHeld(cluster: Cluster, request: LockRequest, holder: LockHolder): string {
  const what = request.kind === "drill" ? "A drill" : `Other work on ${request.of}`;
  return (
    `${what} is under way in the namespace ${cluster.namespace}: ${describeHolder(holder)}. Nothing of it was touched. ` +
    "Wait for it to end, then try again. " +
    `If that process is dead, its lock ends by itself within ${patience} s.`
  );
}

function describeLost(cluster: Cluster, request: LockRequest): string {
  return (
    `the Lease ${lockName(request)} in the namespace ${cluster.namespace} is gone or could not be renewed. ` +
    "Somebody else may work on the same, so this work was given up. " +
    "Either the API server was gone for too long, or this machine stood still. Run `fleet recover`, then try again."
  );
}
