import { describe, expect, it, test } from "vitest";
import type { Move } from "../../lifecycle/evidence/move.ts";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { isWayBack, shortage, type WayBackFacts, wayBackNeeds } from "../../lifecycle/update/room.ts";
import { recorder } from "../support/records.ts";

const image = (version: number) => `registry/openclaw:${version}@sha256:${String(version).repeat(64)}`;
const [one, two] = [image(1), image(2)];
const release = { image: one, snapshot: "c1c1c1c1", takenAt: "", markers: { databases: {} } };
const codeOnly: Move = { kind: "back", from: two, to: one, release };
const restore = { snapshot: "c1c1c1c1", takenAt: "", reason: "state moved" as const, moved: ["x"] };
const withState: Move = { ...codeOnly, restore };
const snapshot: EvidenceEntry = {
  ...{ kind: "snapshot", role: "cold", snapshot: "c1c1c1c1", image: one, files: 100, bytes: 500e6 },
  ...{ seconds: 1, markers: { databases: {} } },
};
const room = { stateUsed: 900e6, databasesUsed: 10e6, files: 1000 };
const facts = { room, records: recorder()(snapshot), growth: undefined, image: 0 };

describe("what a way back needs", () => {
  const needs = (move: Move, more: Partial<WayBackFacts> = {}) =>
    Object.fromEntries(
      wayBackNeeds(move, { ...facts, ...more }).map(({ place, what, bytes }) => [`${place}: ${what}`, bytes]),
    );
  const check = 64e6 + 10e6 + 1000 * 512;
  const codeOnlyNeeds = {
    "repository: the pre-restore snapshot": 904e6,
    "docker: the new container and the check of the snapshot": check,
  };
  const copy = "state: the restored state beside the present one";

  it("is room for the pre-restore snapshot and the new container, and no copy where the state stays", () => {
    expect(needs(codeOnly)).toEqual(codeOnlyNeeds);
  });

  it("is a whole copy of the snapshot where the state goes back, each file to its last block", () => {
    expect(needs(withState)).toEqual({ ...codeOnlyNeeds, [copy]: 500e6 + 100 * 4096 });
  });

  it("is a copy of the databases more where they stand aside in the snapshot", () => {
    const records = recorder()({ ...snapshot, role: "hot" });
    expect(needs(withState, { records })[copy]).toBe(510e6 + 100 * 4096);
  });

  it("is that of a snapshot which is ordered by more digits than are on record", () => {
    const longer: Move = { ...withState, restore: { ...restore, snapshot: `${restore.snapshot}d2` } };
    expect(needs(longer)[copy]).toBe(500e6 + 100 * 4096);
  });

  it("is as much in the repository as the snapshot adds, once that is known", () => {
    expect(needs(codeOnly, { growth: 3e6 })).toMatchObject({ "repository: the pre-restore snapshot": 7e6 });
  });

  it("is a copy of the present size of a state whose snapshot is not on record", () => {
    expect(needs(withState, { records: [] })[copy]).toBe(900e6);
  });

  it("is the image as well where the host does not have it", () => {
    const image = "docker: its image, if that is as large as the present one";
    expect(needs(codeOnly, { image: 2e9 })).toEqual({ ...codeOnlyNeeds, [image]: 2e9 });
  });
});

test("what sets a state back needs the room of a way back, whichever version it is for", () => {
  const forward: Move = { kind: "forward", from: one, to: two };
  const none: Move = { kind: "none", to: one };
  const ordered: Move = { kind: "restore", from: one, to: one, restore };
  expect([forward, none].map(isWayBack)).toEqual([false, false]);
  expect([codeOnly, withState, ordered, { ...forward, restore }].map(isWayBack)).toEqual(Array(4).fill(true));
});

describe("a shortage", () => {
  const needs = [
    { place: "repository" as const, bytes: 60, what: "a" },
    { place: "docker" as const, bytes: 50, what: "b" },
  ];
  const apart = { state: 1, repository: 2, docker: 3 };

  it("is none where each place has enough", () => {
    expect(
      shortage(needs, { free: { state: 0, repository: 60, docker: 50 }, device: apart }),
    ).toBeUndefined();
  });

  it("is of the place that has too little", () => {
    const found = shortage(needs, { free: { state: 0, repository: 59, docker: 50 }, device: apart });
    expect(found).toMatchObject({ places: ["repository"], free: 59 });
  });

  it("is of a device that has enough for each and too little for both", () => {
    const shared = { state: 1, repository: 2, docker: 2 };
    const found = shortage(needs, { free: { state: 0, repository: 100, docker: 100 }, device: shared });
    expect(found).toMatchObject({ places: ["repository", "docker"], free: 100 });
  });
});
