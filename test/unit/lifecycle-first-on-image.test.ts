import { describe, expect, it } from "vitest";
import { fingerprint } from "../../config/fingerprint.ts";
import { workloadsOf } from "../../config/rollout.ts";
import type { EvidenceEntry, Outcome, ReadRecord } from "../../lifecycle/evidence/records.ts";
import { canaryBefore } from "../../lifecycle/update/first-on-image.ts";
import { describePlan } from "../../lifecycle/update/plan.ts";
import type { Unsettled } from "../../lifecycle/update/settled.ts";
import { situationsOf } from "../../lifecycle/update/situations.ts";
import { logOf } from "../../lifecycle/workload.ts";
import type { Observed } from "../../platforms/platform.ts";
import { MemoryWorld } from "../support/memory-world.ts";
import { recorder } from "../support/records.ts";
import { candidate, stable } from "./config-fixture.ts";
import { configWith, now } from "./fleet-rollout-fixture.ts";

const sales = { agentImage: "chromium", instances: ["sales-canary", "sales-1"], waves: [1, "100%"], wave: 0 };

/** Three groups, two of them on one agent image, and the third on another one that may have the same digest. */
function configOf(changes: object = {}) {
  return configWith({
    "instanceGroups.sales": sales,
    "instanceGroups.desk": { ...sales, agentImage: "desk", instances: ["desk-canary"], waves: [1] },
    "agentImages.desk": { stable, candidate },
    ...changes,
  });
}

type Facts = Partial<Pick<Unsettled, "move" | "refused">> & {
  runs?: string;
  entries?: readonly EvidenceEntry[];
  serves?: boolean;
};

const container = "c";

function foundOf(config: ReturnType<typeof configOf>, facts: Record<string, Facts> = {}): Unsettled[] {
  return workloadsOf(config).map((wanted) => {
    const { runs = stable, entries = [], serves = true, move, refused } = facts[wanted.name] ?? {};
    const records = recorder({ workload: wanted.name, first: "2026-11-21T11:00:00.000Z" })(
      ...entries,
    ) as ReadRecord[];
    const isThere = runs !== "";
    const isSame = runs === wanted.image;
    return {
      wanted,
      observed: isThere ? ({ id: container, image: runs, serves } as Observed) : undefined,
      records,
      move:
        move ??
        (!isThere
          ? { kind: "first", to: wanted.image }
          : isSame
            ? { kind: "none", to: wanted.image }
            : { kind: "forward", from: runs, to: wanted.image }),
      epoch: "",
      refused,
    };
  });
}

/** Whom each canary waits for. */
function waiting(facts: Record<string, Facts>, config = configOf()): Record<string, string | undefined> {
  const found = foundOf(config, facts);
  const canaries = found.filter(({ wanted }) => wanted.role === "canary");
  return Object.fromEntries(
    canaries.map((each) => [each.wanted.name, canaryBefore(config, each, found, now)]),
  );
}

const checksHash = fingerprint(configOf().instanceGroups.support?.verification);

function verified(outcome: Outcome, more: object = {}): EvidenceEntry {
  const judged = { image: candidate, container, outcome, checks: [], checksHash, seconds: 1 };
  return { kind: "verification", ...judged, ...more };
}

const cameForward: EvidenceEntry = {
  ...{ kind: "cut-over", from: stable, to: candidate, direction: "forward", snapshot: "a" },
  ...{ drained: { active: 0, seconds: 0, cut: 0 }, stop: { seconds: 1, killed: false } },
};

describe("of canaries that go to one image", () => {
  const onIt = (...entries: EvidenceEntry[]): Facts => ({ runs: candidate, entries });
  const refused = {
    kind: "canary",
    why: "",
    remedy: "",
    wanted: candidate,
    moves: true,
    untouched: false,
  } as const;

  it.each<[title: string, facts: Record<string, Facts>, waits: (string | undefined)[]]>([
    ["the first of the stack file goes alone", {}, [undefined, "canary", "canary"]],
    [
      "the next one goes first where the first is refused",
      { canary: { refused, move: { kind: "none", to: stable } } },
      [undefined, undefined, "sales-canary"],
    ],
    [
      "the others follow once it has passed",
      { canary: onIt(verified("passed")) },
      [undefined, undefined, undefined],
    ],
    [
      "the others follow once any of them has passed",
      { "sales-canary": onIt(verified("passed")) },
      [undefined, undefined, undefined],
    ],
    [
      "they wait for one that has failed",
      { canary: onIt(verified("failed")) },
      [undefined, "canary", "canary"],
    ],
    [
      "they wait for one that failed after its pass",
      { canary: onIt(verified("passed"), verified("failed")) },
      [undefined, "canary", "canary"],
    ],
    ["they wait for one without records", { canary: onIt() }, [undefined, "canary", "canary"]],
    [
      "they wait for one that was made anew since",
      { canary: onIt(verified("passed", { container: "before" })) },
      [undefined, "canary", "canary"],
    ],
    [
      "they wait for one that was verified by other checks",
      { canary: onIt(verified("passed", { checksHash: "other" })) },
      [undefined, "canary", "canary"],
    ],
    [
      "they wait for one that does not serve",
      { canary: { ...onIt(verified("passed")), serves: false } },
      [undefined, "canary", "canary"],
    ],
    [
      "one alone that is still to go waits for nobody who has passed",
      { canary: onIt(verified("passed")), "sales-canary": onIt(verified("passed")) },
      [undefined, undefined, undefined],
    ],
    [
      "a first start waits for nobody",
      { "sales-canary": { runs: "" }, "desk-canary": { runs: "" } },
      [undefined, undefined, undefined],
    ],
    [
      "a way back waits for nobody",
      { "sales-canary": { move: { kind: "back" } as Unsettled["move"] } },
      [undefined, undefined, "canary"],
    ],
  ])("%s", (_title, facts, waits) => {
    expect(Object.values(waiting(facts))).toEqual(waits);
  });

  it("it has to have baked where its group asks for that", () => {
    const config = configOf({ "instanceGroups.support.bake": "30m" });
    const bake = { kind: "bake", image: candidate, container, outcome: "passed", checksHash } as const;
    const baked: EvidenceEntry = { ...bake, detail: "", seconds: 1800, rounds: 1 };
    const arrived = [cameForward, verified("passed")];
    expect(waiting({ canary: onIt(...arrived) }, config)).toMatchObject({ "sales-canary": "canary" });
    expect(waiting({ canary: onIt(...arrived, baked) }, config)).toMatchObject({ "sales-canary": undefined });
  });

  it("only those on the same digest wait, whatever the agent images are called", () => {
    const other = candidate.replaceAll("b".repeat(64), "e".repeat(64));
    const config = configOf({ "agentImages.desk": { stable, candidate: other } });
    expect(waiting({}, config)).toEqual({
      canary: undefined,
      "sales-canary": "canary",
      "desk-canary": undefined,
    });
  });

  it("production believes signed records alone", () => {
    const config = { ...configOf(), environment: "production" as const };
    expect(waiting({ canary: onIt(verified("passed")) }, config)).toMatchObject({ "sales-canary": "canary" });
  });
});

describe("an update of two groups on one image", () => {
  const groups = { "instanceGroups.sales": sales };

  it("moves the first canary alone, and says when the other follows", async () => {
    const world = new MemoryWorld(stable, undefined, groups);
    for (const { name } of workloadsOf(world.config)) {
      world.platform.run(name, stable);
      await logOf({ ...world.workload, name }).append({ kind: "begun", image: stable });
    }
    const next = new MemoryWorld(candidate, world, { ...groups, "instanceGroups.sales.wave": 1 });
    const situations = await situationsOf(next.config, "test", next.platform);
    const moves = situations.map(({ input, move, refused }) => [input.name, move.kind, refused?.kind]);
    expect(moves.filter(([, move, why]) => move !== "none" || why !== undefined)).toEqual([
      ["canary", "forward", undefined],
      ["sales-canary", "none", "another canary first"],
      ["sales-1", "none", "canary"],
    ]);
    expect(describePlan(situations)).toContain(
      "sales-canary: waits: canary goes to agent-chromium:1.4.2-openclaw-2026.4.23@bbbbbbbbbbbb first and has not passed on it yet. " +
        "It stays as it is. Once canary has passed, the next update takes it along: `fleet update --stack test`.",
    );
    expect(situations.find(({ input }) => input.name === "sales-canary")?.input.image).toBe(stable);
  });
});
