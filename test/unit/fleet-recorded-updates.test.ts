import { expect, test } from "vitest";
import type { RecordedMove } from "../../fleet/recorded-moves.ts";
import { recordedUpdates } from "../../fleet/recorded-updates.ts";

const young = `repo/openclaw:2@sha256:${"b".repeat(64)}`;
const old = `repo/openclaw:1@sha256:${"a".repeat(64)}`;

function at(minute: number): string {
  return new Date(Date.parse("2026-11-21T12:00:00.000Z") + minute * 60_000).toISOString();
}

function move(kind: RecordedMove["kind"], to: string, prepared: number, stopped: number): RecordedMove {
  const snapshot = { kind: "snapshot", snapshot: "a", image: old, files: 1, bytes: 1, seconds: 1 } as const;
  const markers = { databases: {} };
  return {
    kind,
    to,
    began: at(prepared),
    ended: at(stopped + 1),
    ...(kind === "update" && { hot: { ...snapshot, markers, role: "hot", time: at(prepared) } }),
    stopped: { ...snapshot, markers, role: "cold", time: at(stopped) },
    broughtBack: [],
    verdict: "passed",
  };
}

function told(...moves: [string, RecordedMove][]): string[][] {
  return recordedUpdates(moves.map(([workload, each]) => ({ workload, move: each }))).map((update) => [
    update.kind,
    ...update.moves.map(({ workload }) => workload),
  ]);
}

test("what was prepared together and cut over one after the other is one update", () => {
  expect(told(["a", move("update", young, 0, 3)], ["b", move("update", young, 1, 6)])).toEqual([
    ["update", "a", "b"],
  ]);
});

test("what was prepared after the first stop is the next update, however soon", () => {
  expect(told(["a", move("update", young, 0, 3)], ["b", move("update", young, 4, 5)])).toEqual([
    ["update", "a"],
    ["update", "b"],
  ]);
});

test("an update and the way back are two, and so is the same workload once more", () => {
  expect(
    told(
      ["a", move("update", young, 0, 3)],
      ["a", move("back", old, 5, 5)],
      ["b", move("back", old, 7, 7)],
      ["a", move("update", young, 9, 10)],
    ),
  ).toEqual([
    ["update", "a"],
    ["back", "a", "b"],
    ["update", "a"],
  ]);
});
