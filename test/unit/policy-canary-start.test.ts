import { describe, expect, test } from "vitest";
import { asCandidate, atJudgedTime, saidOf, unproved, why } from "../policy/canary.ts";
import { image, type StackWorkload } from "../policy/fleet-stack.ts";
import { candidate, gated, proved, type RolloutOf, stable, started, verified } from "../policy/rollout.ts";

atJudgedTime();

describe("canary-before-fleet, at a first start,", () => {
  const first = { from: "", evidence: [] };

  test("lets all of a group start in order after its canary, and says so", () => {
    const of = {
      canary: { image: stable, from: "", records: [] },
      members: [{ ...first, image: stable }, first] as const,
      group: { candidate: "", wave: 0 },
      agentImages: { agent: { stable } },
    };
    const started = [
      `! support image: support-1, support-2 are started for the first time: "${stable}". ` +
        "Why: there is nothing that could be lost. Write: nothing where they are new; where they have run, their records back into the evidence directory.",
    ];
    expect(saidOf(of)).toEqual(started);
    // The canary has started, and the first run was stopped before the others.
    const canary = { image: stable, records: [gated({ workload: "canary", image: stable })] };
    expect(saidOf({ ...of, canary })).toEqual(started);
    const failed = {
      image: stable,
      records: [gated({ workload: "canary", image: stable, outcome: "failed" as const })],
    };
    expect(saidOf({ ...of, canary: failed }).map((each) => each.split(" image:")[0])).toEqual([
      "support-1",
      "support-2",
    ]);
  });

  test("names five of many", () => {
    const more = [3, 4, 5, 6, 7].map((index) => ({
      name: `support-${index}`,
      group: "support",
      image: stable,
      from: "",
    }));
    const [message] = saidOf({
      members: [
        { image: stable, from: stable },
        { from: "", evidence: [] },
      ],
      more,
    });
    expect(message).toContain(
      "image: support-2, support-3, support-4, support-5, support-6 and 1 more are started",
    );
  });

  test("lets a new instance join on the release of its group, and on a candidate only after the canary's proof", () => {
    const joins = (of: Partial<StackWorkload>, canary = {}) =>
      saidOf({ members: [{ ...first, ...of }, {}], canary });
    expect(joins({ image: stable })).toEqual([
      expect.stringContaining("! support image: support-1 are started"),
    ]);
    expect(joins({ image: candidate })).toEqual([]);
    expect(joins({ image: image("d") })).toEqual([
      unproved(`is to run "${candidate}"`, `${why} ${asCandidate}`, "support-1", image("d")),
    ]);
    const failed = [
      ...proved("canary"),
      verified({ workload: "canary", image: candidate, outcome: "failed" }),
    ];
    expect(joins({ image: candidate }, { records: failed })).toHaveLength(1);
    expect(joins({ image: candidate }, { from: stable, records: started("canary") })).toHaveLength(1);
  });

  test("joins on a release by unsigned records only where that is allowed", () => {
    const of: Partial<RolloutOf> = { key: undefined, members: [{ ...first, image: stable }, {}] };
    expect(saidOf(of).map((each) => each.slice(0, 20))).toEqual([
      "! support image: sup",
      "support-1 image: ima",
    ]);
    expect(saidOf(of, { levels: { unsigned: "disabled" } })).toHaveLength(1);
  });

  test("refuses one that only says that nothing has run there", () => {
    expect(saidOf({ members: [{ from: "" }, {}] })[0]).toBe(
      "support-1 image: it says that nothing has run there, but had its gate at 2026-11-20T12:00:00.000Z. " +
        "Why: what is judged has to be what runs. Write: the program of this fleet as it is: its workloads say what they find.",
    );
  });
});
