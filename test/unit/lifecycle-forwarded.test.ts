import { beforeEach, describe, expect, it } from "vitest";
import { usualRehearsal } from "../../config/rehearsal-schema.ts";
import type { Move } from "../../lifecycle/evidence/move.ts";
import { cutOver } from "../../lifecycle/update/cut-over.ts";
import { gate } from "../../lifecycle/update/gate.ts";
import { prepare } from "../../lifecycle/update/prepare.ts";
import { restoreBeforeCreate } from "../../lifecycle/update/restore.ts";
import { MemoryWorld } from "../support/memory-world.ts";
import { candidate, stable } from "./config-fixture.ts";

/** What OpenClaw answers from 2026.9 on where its configuration names no proxy. */
const refusal = {
  status: 403,
  body: '{"error":{"message":"Proxy client attribution is required. Configure gateway.trustedProxies narrowly"}}',
};
const move: Move = { kind: "forward", from: stable, to: candidate };

let world: MemoryWorld;

beforeEach(() => {
  world = new MemoryWorld();
  world.serving(stable);
});

const prepared = (rehearse = false) => {
  const workload = { ...world.workload, rehearse: { ...usualRehearsal, enabled: rehearse } };
  return prepare({ ...world.context, workload }, { workload, move });
};

/** The new version runs, its requests are held, and this is what it answers to the ingress. */
async function updated(forwarded: { status: number; body: string }): Promise<void> {
  const task = { workload: world.workload, move };
  await cutOver(world.context, task);
  world.platform.units.delete(world.name);
  await restoreBeforeCreate(world.context, task);
  world.platform.run(world.name, candidate);
  world.proxy.forwarded = forwarded;
}

const gateOnRecord = async () => (await world.records()).findLast(({ kind }) => kind === "gate");

describe("a version that turns away what the ingress brings", () => {
  it("does not pass its gate, although it is healthy, and its requests wait on", async () => {
    await prepared();
    await updated(refusal);
    await expect(gate(world.context)).rejects.toThrow(
      /gate failed on .*\n {2}through the ingress: HTTP 200 as it is, and 403 to what the ingress forwards: .*Proxy client attribution[^\n]*\n {4}First: name the address of the ingress under `gateway\.trustedProxies`/,
    );
    expect(world.requests).toBe("held");
    expect(await gateOnRecord()).toMatchObject({ outcome: "failed" });
  });

  it("is found out on the copy, before anything is stopped", async () => {
    world.platform.forwarded = refusal;
    await expect(prepared(true)).rejects.toThrow(
      /rehearsal failed: .*it becomes healthy, and answers HTTP 200 as it is, and 403 to what the ingress forwards: [\s\S]*First: name the address/,
    );
    expect(world.requests).toBe("serving");
    expect(world.did).not.toContain(`stop ${world.name}`);
  });

  it("is not held against it where the version before did that too, or nobody knows: it is told", async () => {
    world.proxy.forwarded = refusal;
    world.platform.forwarded = refusal;
    await prepared(true);
    await updated(refusal);
    expect(await gate(world.context)).toMatchObject({ outcome: "passed" });
    expect(world.said.join("\n")).toContain("✗ through the ingress: HTTP 200 as it is, and 403");
    expect(world.requests).toBe("serving");
  });

  it("is not guessed on a copy whose configuration names proxies: their network is not there", async () => {
    world.platform.forwarded = refusal;
    world.platform.jobs.set("look at the copied configuration", [
      { stdout: '{"gateway":{"trustedProxies":["172.18.0.0/16"]}}' },
    ]);
    expect(await prepared(true)).toMatchObject({ rehearsal: "passed" });
  });
});

describe("a version that serves what the ingress brings", () => {
  it("passes, and that is on record", async () => {
    await prepared();
    await updated({ status: 200, body: "" });
    await gate(world.context);
    expect(await gateOnRecord()).toMatchObject({
      checks: [
        { name: "http /healthz" },
        { name: "through the ingress", outcome: "passed", severity: "critical" },
      ],
    });
  });

  it("passes where the ingress can't ask: that is no word on it", async () => {
    await prepared();
    await updated({ status: 200, body: "" });
    world.proxy.ask = () => Promise.reject(new Error("its image has no bash"));
    expect(await gate(world.context)).toMatchObject({ outcome: "passed" });
    expect(world.said.join("\n")).toContain("could not be looked at: its image has no bash");
  });
});
