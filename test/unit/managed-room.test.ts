import { expect, it } from "vitest";
import { restoreNeeds } from "../../lifecycle/managed/room.ts";
import { shortage } from "../../lifecycle/update/room.ts";

const archive = { bytes: 10e6, contentBytes: 50e6, entries: 1000 };
const needed = 50e6 + 1000 * 4096 - 30e6;
const devices = { state: 1, docker: 1, repository: -1 };

const lacking = (free: { state: number; docker: number; repository: number }) =>
  shortage(restoreNeeds(archive, { stateUsed: 30e6 }), { free, device: devices })?.places;

it("counts what the wipe frees, and both what is staged and what is unpacked where they share a disk", () => {
  const both = needed + 10e6;
  const copies = 30e6;
  expect(lacking({ state: both, docker: both, repository: copies })).toBeUndefined();
  expect(lacking({ state: both - 1, docker: both - 1, repository: copies })).toEqual(["docker", "state"]);
  expect(lacking({ state: both, docker: both, repository: copies - 1 })).toEqual(["repository"]);
});

it("asks for no room where the present state is larger than the one that comes back", () => {
  const needs = restoreNeeds(archive, { stateUsed: 90e6 });
  expect(needs.find(({ place }) => place === "state")?.bytes).toBe(0);
});
