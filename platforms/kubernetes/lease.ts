import { type LockHolder, type LockRequest, lockName } from "../lock.ts";
import { labelValue, objectName } from "./labels.ts";
import type { Lease, Metadata } from "./objects.ts";

/** Its value is the kind of the lock. */
export const lockLabel = "clawforce.io/lock";

/** Seconds without a renewal after which a holder counts as dead: its process was killed, or its machine is cut off. */
export const patience = 60;

export function leaseName(request: Pick<LockRequest, "kind" | "of">): string {
  return objectName(lockName(request), 253);
}

/** Who holds it, as annotations: a label takes no such texts. */
export function leaseMetadata(
  request: LockRequest,
  who: { host: string; pid: number; since: string; life: string | undefined },
): Metadata {
  const { kind, of, purpose } = request;
  const { host, pid, since, life } = who;
  const notes = { of, purpose, host, pid: String(pid), since, ...(life !== undefined && { life }) };
  return {
    name: leaseName(request),
    labels: { [lockLabel]: labelValue(kind) },
    annotations: Object.fromEntries(
      Object.entries(notes).map(([key, value]) => [`${lockLabel}-${key}`, value]),
    ),
  };
}

export function holderIn({ metadata }: Lease): LockHolder {
  const note = (name: string) => metadata.annotations?.[`${lockLabel}-${name}`] ?? "";
  return {
    kind: metadata.labels?.[lockLabel] ?? "",
    of: note("of"),
    purpose: note("purpose"),
    host: note("host"),
    pid: Number(note("pid")),
    since: note("since"),
  };
}

/** Tells its holder from every other process, see holder-life.ts; undefined: it does not say. */
export function lifeIn({ metadata }: Lease): string | undefined {
  return metadata.annotations?.[`${lockLabel}-life`];
}

/** Whether its holder is gone for certain, by the time alone. `now`: by the clock of the server, as the renewals are. */
export function isExpired({ spec, metadata }: Lease, now: Date): boolean {
  if ((spec?.holderIdentity ?? "") === "") return true;
  const renewed = new Date(spec?.renewTime ?? metadata.creationTimestamp ?? 0).getTime();
  return now.getTime() - renewed > (spec?.leaseDurationSeconds ?? patience) * 1000;
}

/** The time as a lease takes it. */
export function microTime(time: Date): string {
  return time.toISOString().replace(/Z$/, "000Z");
}

export function leaseSpec(identity: string, now: Date, before?: Lease): NonNullable<Lease["spec"]> {
  return {
    holderIdentity: identity,
    leaseDurationSeconds: patience,
    acquireTime: microTime(now),
    renewTime: microTime(now),
    leaseTransitions: (before?.spec?.leaseTransitions ?? -1) + 1,
  };
}

export function renewed(lease: Lease, now: Date): Lease {
  return { ...lease, spec: { ...lease.spec, renewTime: microTime(now) } };
}
