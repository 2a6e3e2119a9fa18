import { describe, expect, it } from "vitest";
import type { Move } from "../../lifecycle/evidence/move.ts";
import type { Markers } from "../../lifecycle/evidence/records.ts";
import { refuseUnplannedMove } from "../../lifecycle/update/unplanned-move.ts";

const [one, two] = ["1", "2"].map((digit) => `registry/openclaw:${digit}@sha256:${digit.repeat(64)}`) as [
  string,
  string,
];
const markers = (configVersion: string): Markers => ({ databases: {}, archives: {}, configVersion });
const release = {
  image: one,
  snapshot: "aaaaaaaa1111",
  takenAt: "2026-11-29T10:00:00Z",
  markers: markers("1"),
};
const back: Move = { kind: "back", from: two, to: one, release };

describe("a way back that was previewed by code alone", () => {
  it("is refused once the state has moved, with what moved, what it needs and what to do", () => {
    expect(() => refuseUnplannedMove("bot-a", "preflight", back, markers("2"))).toThrow(
      "bot-a: preflight failed: the new version has moved the state since the preview (config stamp 1 -> 2). So the old version " +
        "needs the snapshot aaaaaaaa of 2026-11-29T10:00:00Z as well. Start the way back again: its preview now shows the restore.",
    );
  });

  it.each<[string, string, Move, Markers | undefined]>([
    ["is refused", "when the state has moved", back, markers("2")],
    ["goes on", "when nothing has moved", back, markers("1")],
    ["goes on", "when the state could not be read: the stopped one tells", back, undefined],
    [
      "goes on",
      "when the preview has shown the restore",
      { ...back, restore: { snapshot: "a", takenAt: "", reason: "state moved", moved: ["x"] } },
      markers("2"),
    ],
    ["goes on", "when it does not go back", { kind: "forward", from: one, to: two }, markers("2")],
  ])("%s %s", (outcome, _, move, now) => {
    const found = () => {
      try {
        refuseUnplannedMove("bot-a", "check", move, now);
        return "goes on";
      } catch {
        return "is refused";
      }
    };
    expect(found()).toBe(outcome);
  });
});
