import { beforeEach, describe, expect, it } from "vitest";
import { tellEnd } from "../../lifecycle/update/tell-end.ts";
import type { Workload } from "../../lifecycle/workload.ts";
import type { Unit } from "../../platforms/platform.ts";
import { MemoryWorld } from "../support/memory-world.ts";
import { candidate } from "./config-fixture.ts";

let world: MemoryWorld;
beforeEach(() => {
  world = new MemoryWorld(candidate);
});

async function endOf(change: Partial<Unit>, ...said: string[]): Promise<string | undefined> {
  world.platform.run("canary", candidate, change);
  world.platform.log.set("canary", said);
  return (await tellEnd(world.context)).end;
}

const looping = { status: "restarting", health: "unhealthy" } as const;

describe("how a container that does not come up has ended", () => {
  it("is its exit code, its last lines and what to do first", async () => {
    const refused =
      "Gateway refused startup because 1 OpenClaw database schema(s) are newer than this build (2026.9.1)";
    const end = await endOf(
      { ...looping, running: true, exitCode: 78, restarts: 4 },
      "starting",
      "",
      refused,
    );
    expect(end).toBe(
      "its container ended with exit code 78, and was started again 4 times.\n" +
        `  Its last lines: starting | ${refused}\n` +
        "  First: a newer version has written this state. Choose a candidate that is not older than what has run on it.",
    );
  });

  it.each<[string, Partial<Unit>, string[], string]>([
    [
      "says nothing of its own and is not started again",
      { status: "exited", running: false, exitCode: 1 },
      [],
      "its container ended with exit code 1.\n  It printed nothing.\n  First: compare the address",
    ],
    [
      "runs and does not answer",
      { health: "unhealthy" },
      ["listening"],
      "its container is unhealthy.\n  Its last lines: listening\n",
    ],
    [
      "was started again and is not well yet",
      { health: "starting", restarts: 1 },
      ["Config invalid"],
      "its container is starting, and was started again once.\n  Its last lines: Config invalid",
    ],
    [
      "refuses its configuration",
      { ...looping, exitCode: 78 },
      ["Unrecognized key"],
      "its container ended with exit code 78.\n  Its last lines: Unrecognized key\n  First: `openclaw config validate`",
    ],
    [
      "needs a migration",
      { ...looping, exitCode: 78 },
      ["missing or drifted index x"],
      "its container ended with exit code 78.\n  Its last lines: missing or drifted index x\n  First: the new version does not bring this state over",
    ],
  ])("of one that %s", async (_what, change, said, start) => {
    const end = await endOf(change, ...said);
    expect(end?.slice(0, start.length)).toBe(start);
  });

  it("shows five lines at most, and none of the secrets that it was started with", async () => {
    const later = { stopGrace: 30, secrets: { PROVIDER_KEY: "provider-key" } };
    const context = {
      ...world.context,
      workload: {
        ...world.workload,
        made: { ...world.workload.made, later } as NonNullable<Workload["made"]>,
      },
      secrets: { ...world.context.secrets, gatewayToken: "the-token" },
    };
    world.platform.run("canary", candidate, {
      ...looping,
      environment: ["PROVIDER_KEY=sk-1=2", "HOME=/root"],
    });
    world.platform.log.set("canary", ["0", "1", "2", "3", "with sk-1=2 in /root", "and the-token"]);
    expect((await tellEnd(context)).end).toContain(
      "  Its last lines: 1 | 2 | 3 | with [secret] in /root | and [secret]",
    );
  });

  it("is not known where there is no container, or it was never started, or it is well", async () => {
    expect(await tellEnd(world.context)).toEqual({});
    expect(await endOf({ status: "created", running: false, health: undefined })).toBeUndefined();
    expect(await endOf({})).toBeUndefined();
  });
});
