import { describe, expect, test } from "vitest";
import {
  holderIn,
  isExpired,
  leaseMetadata,
  leaseSpec,
  lifeIn,
  renewed,
} from "../../platforms/kubernetes/lease.ts";
import type { LockRequest } from "../../platforms/lock.ts";

const began = new Date("2026-11-30T08:00:00.000Z");
const later = (seconds: number) => new Date(began.getTime() + seconds * 1000);
const request: LockRequest = {
  ...{ kind: "repository", of: "bot-a", purpose: "cold snapshot: ü", image: "unused", wait: 0 },
};
const metadata = leaseMetadata(request, {
  host: "deployer",
  pid: 42,
  since: began.toISOString(),
  life: "boot/1",
});

describe("a lease", () => {
  test("is held until its time is over, and longer when it is renewed", () => {
    const lease = { metadata, spec: leaseSpec("me", began) };
    expect([0, 59, 60, 61].map((seconds) => isExpired(lease, later(seconds)))).toEqual([
      ...[false, false, false],
      true,
    ]);
    expect(isExpired(renewed(lease, later(50)), later(100))).toBe(false);
  });

  test("that nobody holds is free", () => {
    expect(isExpired({ metadata, spec: { holderIdentity: "" } }, began)).toBe(true);
    expect(isExpired({ metadata }, began)).toBe(true);
  });

  test("counts how often it changed hands", () => {
    const first = { metadata, spec: leaseSpec("me", began) };
    expect(first.spec.leaseTransitions).toBe(0);
    expect(leaseSpec("you", later(100), first).leaseTransitions).toBe(1);
  });

  test("says who holds it, in words that no label takes", () => {
    expect(holderIn({ metadata })).toEqual({
      ...{ kind: "repository", of: "bot-a", purpose: "cold snapshot: ü" },
      ...{ host: "deployer", pid: 42, since: "2026-11-30T08:00:00.000Z" },
    });
    expect(lifeIn({ metadata })).toBe("boot/1");
  });

  test("has times as the API takes them", () => {
    expect(leaseSpec("me", began).renewTime).toBe("2026-11-30T08:00:00.000000Z");
  });
});
