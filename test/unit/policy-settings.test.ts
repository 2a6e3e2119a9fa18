import { describe, expect, test } from "vitest";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { oneTrackPerWindow } from "../../policies/one-track-per-window.ts";
import { snapshotBeforeChange } from "../../policies/snapshot-before-change.ts";
import { atJudgedTime, key, saidOf, verifyAgain, why } from "../policy/canary.ts";
import { unknownText } from "../policy/props.ts";
import { type RolloutOf, rolloutStack, stable, started, verified } from "../policy/rollout.ts";
import { judgedStack } from "../policy/stack.ts";

atJudgedTime();

/** The second of three instances on one image gets other settings; the canary has passed with these. */
function change(move: string, proved: string, more: Partial<RolloutOf> = {}): Partial<RolloutOf> {
  const passed = verified({ workload: "canary", image: stable });
  const records: EvidenceEntry[] = [...started("canary"), { ...passed, settings: proved } as EvidenceEntry];
  return {
    canary: { image: stable, records },
    members: [{ image: stable, from: stable, id: unknownText, judged: { move, settings: "new" } }, {}],
    group: { candidate: "" },
    ...more,
  };
}

describe("a change of settings", () => {
  test("is proved by a canary that has passed with the same ones", () => {
    expect(saidOf(change("change", "new"))).toEqual([]);
  });

  test("is refused where the canary has passed with others", () => {
    expect(saidOf(change("change", "old"))).toEqual([
      "support-1 image: its change of settings is not proved: its canary canary has no verification on record that counts for the " +
        `container that runs now. ${why} ${verifyAgain}`,
    ]);
  });

  test("is refused where the canary gets them in the same update", () => {
    const [said, ...more] = saidOf(
      change("change", "new", {
        canary: {
          image: stable,
          records: started("canary"),
          id: unknownText,
          judged: { move: "change", settings: "new" },
        },
      }),
    );
    expect(said).toContain(
      "its change of settings is not proved: its canary canary is only brought to it in this update",
    );
    expect(more).toEqual([]);
  });

  test("waits for nothing on its way back", () => {
    expect(saidOf(change("change-back", "old"))).toEqual([]);
  });

  test("has to be prepared and drilled like another image", () => {
    const said = judgedStack(snapshotBeforeChange, rolloutStack({ key, ...change("change", "new") }));
    expect(said.map(({ message }) => message).join("\n")).toContain("its result is that of another workload");
    const back = judgedStack(snapshotBeforeChange, rolloutStack({ key, ...change("change-back", "new") }));
    expect(back).toEqual([]);
  });

  test("is an update of its track", () => {
    const plane = { name: "clawforce", image: stable, role: "control-plane" };
    const before = "1".repeat(64);
    const updated = [{ ...plane, from: `clawforce:1@sha256:${before}` }];
    const said = judgedStack(
      oneTrackPerWindow,
      rolloutStack({ key, ...change("change", "new", { more: updated }) }),
      { trustedKeys: [key.text] },
    );
    expect(said.map(({ message }) => message).join("\n")).toContain(
      "the update brings support-1 to another image too",
    );
  });
});
