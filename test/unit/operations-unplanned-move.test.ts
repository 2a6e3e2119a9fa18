import { describe, expect, it } from "vitest";
import type { Move } from "../../lifecycle/evidence/move.ts";
import type { Markers } from "../../lifecycle/evidence/records.ts";
import { refuseUnplannedMove, restoreOfLateMove } from "../../lifecycle/update/unplanned-move.ts";

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
  it("is refused before the stop once the state has moved, with what moved, what it needs and what to do", () => {
    expect(() => refuseUnplannedMove("bot-a", back, markers("2"))).toThrow(
      "bot-a: preflight failed: the new version has moved the state since the preview (config stamp 1 -> 2). So the old version " +
        "needs the snapshot aaaaaaaa of 2026-11-29T10:00:00Z as well. Start the way back again: its preview now shows the restore.",
    );
  });

  it("takes the state with it where that moves after the preparation", () => {
    expect(restoreOfLateMove(back, markers("2"))).toMatchObject({
      ...{ snapshot: "aaaaaaaa1111", takenAt: "2026-11-29T10:00:00Z", reason: "state moved" },
      moved: ["config stamp 1 -> 2"],
    });
  });

  it.each<[string, Move, Markers | undefined]>([
    ["nothing has moved", back, markers("1")],
    [
      "the rehearsal has proved it on such a state",
      { ...back, proved: { time: "", markers: markers("2") } },
      markers("2"),
    ],
    ["the state could not be read: the stopped one tells", back, undefined],
    [
      "the preview has shown a restore",
      { ...back, restore: { snapshot: "a", takenAt: "", reason: "state moved", moved: ["x"] } },
      markers("2"),
    ],
    ["it does not go back", { kind: "forward", from: one, to: two }, markers("2")],
  ])("goes on as it is where %s", (_, move, now) => {
    expect(restoreOfLateMove(move, now)).toBeUndefined();
    expect(() => refuseUnplannedMove("bot-a", move, now)).not.toThrow();
  });
});
