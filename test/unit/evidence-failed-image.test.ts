import { describe, expect, it } from "vitest";
import { failedElsewhere, failureOf, failuresElsewhere } from "../../lifecycle/evidence/failed-image.ts";
import type { Move } from "../../lifecycle/evidence/move.ts";
import type { EvidenceEntry, EvidenceRecord, Outcome } from "../../lifecycle/evidence/records.ts";
import { refusalText } from "../../lifecycle/evidence/refusal.ts";
import { describePlan } from "../../lifecycle/update/plan.ts";
import { situationsOf } from "../../lifecycle/update/situations.ts";
import { logOf } from "../../lifecycle/workload.ts";
import { MemoryWorld } from "../support/memory-world.ts";
import { recorder } from "../support/records.ts";
import { candidate, stable } from "./config-fixture.ts";

const onRecord = recorder({ first: "2026-11-30T05:00:00.000Z" });

function gate(image: string, outcome: Outcome): EvidenceEntry {
  return { kind: "gate", image, container: "c", outcome, checks: [], checksHash: "0" };
}

function rehearsal(image: string, outcome: "passed" | "failed"): EvidenceEntry {
  const seconds = { migration: 0 };
  return { kind: "rehearsal", snapshot: "s", from: stable, image, migration: "m", outcome, seconds };
}

const forgiven: EvidenceEntry = { kind: "forgiven", image: candidate, because: "no memory" };

describe("the failure of an image on a workload", () => {
  it.each<[string, EvidenceEntry[], string | undefined]>([
    ["is a rehearsal that failed", [rehearsal(candidate, "failed")], "rehearsal"],
    ["is a gate that failed", [gate(candidate, "passed"), gate(candidate, "failed")], "gate"],
    ["is taken back by a pass", [gate(candidate, "failed"), rehearsal(candidate, "passed")], undefined],
    ["is taken back by who forgives it", [gate(candidate, "failed"), forgiven], undefined],
    ["counts when it comes after that", [forgiven, gate(candidate, "failed")], "gate"],
    ["is none where nothing came out", [gate(candidate, "inconclusive")], undefined],
    [
      "stays where nothing came out of a later one",
      [gate(candidate, "failed"), gate(candidate, "inconclusive")],
      "gate",
    ],
    ["is none of another image", [gate(stable, "failed")], undefined],
  ])("%s", (_what, entries, kind) => {
    expect(failureOf(onRecord(...entries), candidate)?.kind).toBe(kind);
  });
});

describe("a version that failed on one workload", () => {
  const forward: Move = { kind: "forward", from: stable, to: candidate };
  const none: Move = { kind: "none", to: stable };
  const failed = onRecord(gate(candidate, "failed"));
  interface Judged {
    name: string;
    wanted: string;
    move: Move;
    records: EvidenceRecord[];
  }
  const of = (name: string, change: Partial<Judged> = {}): Judged => ({
    ...{ name, wanted: candidate, move: forward, records: [], ...change },
  });
  const wentBack = { wanted: stable, move: none, records: failed };

  it.each<[string, Judged, Judged[], boolean]>([
    ["is refused to another one", of("b"), [of("a", wentBack), of("b")], true],
    ["is refused to one that comes before it", of("a"), [of("a"), of("b", wentBack)], true],
    [
      "is tried again by that one itself",
      of("a", { records: failed }),
      [of("a", { records: failed }), of("b")],
      false,
    ],
    [
      "is tried by the whole wave again, in whichever order",
      of("a", { records: failed }),
      [of("a", { records: failed }), of("b", { records: failed })],
      false,
    ],
    [
      "keeps none from going back to it",
      of("b", { move: { kind: "none", to: candidate } }),
      [of("a", wentBack)],
      false,
    ],
  ])("%s", (_what, own, all, refused) => {
    expect(failuresElsewhere(all)(own.move) !== undefined).toBe(refused);
  });

  it("is said with its record and the two ways out", () => {
    const failure = failureOf(failed, candidate);
    if (failure === undefined) throw new Error("it has not failed");
    const text = refusalText("b", failedElsewhere(failure, candidate, "prod"));
    expect(text).toMatch(
      /^b: refused: \S+ did not pass its gate on \S+ at 2026-11-30T05:\S+ \(its record 1\)\. It stays as it is\. /,
    );
    expect(text).toContain(`\`fleet forgive --stack prod --image ${candidate} --because "…"\``);
  });

  it("stays away in a whole update, until it is forgiven", async () => {
    const before = new MemoryWorld(stable);
    before.serving(stable);
    const world = new MemoryWorld(candidate, before);
    const other = logOf({ ...world.workload, name: "support-1" });
    await other.append({ kind: "begun", image: stable });
    await other.append(rehearsal(candidate, "failed"));
    await world.context.log.append({ kind: "begun", image: stable, container: "c", because: "lost" });
    const situations = () => situationsOf(world.config, "test", world.platform);
    const [canary] = await situations();
    expect(canary).toMatchObject({
      move: { kind: "none" },
      refused: { kind: "failed elsewhere", moves: true },
    });
    expect(describePlan(await situations()).join("\n")).toContain("did not pass its rehearsal on support-1");
    await other.append(forgiven);
    expect((await situations())[0]).toMatchObject({
      move: { kind: "forward", to: candidate },
      refused: undefined,
    });
  });
});
