import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { commandType, fleetTypes } from "../../policies/fleet-facts.ts";
import { oneTrackPerWindow } from "../../policies/one-track-per-window.ts";
import { envelopes, testKey } from "../policy/evidence.ts";
import { changed, fleetStack, image, type StackWorkload, withProps } from "../policy/fleet-stack.ts";
import { unknownText } from "../policy/props.ts";
import { cutOver, gated, stable, verified } from "../policy/rollout.ts";
import { judgedStack, type StackResource } from "../policy/stack.ts";

const key = testKey();
const planeOld = image("1", "ghcr.io/acme/clawforce");
const planeNew = image("2", "ghcr.io/acme/clawforce");
const candidate = image("b");
const now = "2026-11-21T12:00:00.000Z";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(now), toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function said(resources: readonly StackResource[], config: object = {}): string[] {
  return judgedStack(oneTrackPerWindow, resources, { trustedKeys: [key.text], ...config }).map(
    ({ message, level }) =>
      level === undefined
        ? message.replace("[one-track-per-window] ", "")
        : message.replace(`${oneTrackPerWindow.description}\n[one-track-per-window] `, "! "),
  );
}

const longAgo = "2026-11-01T00:00:00.000Z";

function recordsOf(workload: string, from: string, to: string, at: string, by: typeof key | "nobody" = key) {
  return envelopes(
    { workload, start: at },
    by === "nobody" ? undefined : by,
    verified({ workload, image: from }),
    cutOver(from, to),
    gated({ workload, image: to }),
    verified({ workload, image: to }),
  );
}

/** A control plane and an instance, each last updated long ago; changes as given. */
function stack(
  plane: Partial<StackWorkload> = {},
  instance: Partial<StackWorkload> = {},
  more: readonly StackWorkload[] = [],
): StackResource[] {
  return fleetStack({
    workloads: [
      {
        ...{ name: "plane", image: planeOld },
        evidence: recordsOf("plane", image("0", "ghcr.io/acme/clawforce"), planeOld, longAgo),
        ...plane,
      },
      {
        ...{ name: "canary", group: "support", role: "canary", image: stable },
        evidence: recordsOf("canary", image("9"), stable, longAgo),
        ...instance,
      },
      ...more,
    ],
  });
}

const planeForward = { image: planeNew, from: planeOld };
const canaryForward = { image: candidate, from: stable };

describe("one-track-per-window", () => {
  test("lets one track change, and none", () => {
    expect(said(stack())).toEqual([]);
    expect(said(stack(planeForward))).toEqual([]);
    expect(said(stack({}, canaryForward))).toEqual([]);
  });

  test("refuses both tracks in one update, and names whom it brings along", () => {
    const names = (rest: string) =>
      `plane image: the control plane is to run "${planeNew}", and the update brings ${rest} to another image too. ` +
      "Why: a fault after it would have two suspects. Write: one of both changes; the other one in a window of its own.";
    expect(said(stack(planeForward, canaryForward))).toEqual([names("canary")]);
    const many = [1, 2, 3, 4, 5].map((index) => ({
      ...canaryForward,
      name: `support-${index}`,
      group: "support",
    }));
    expect(said(stack(planeForward, canaryForward, many))).toEqual(
      expect.arrayContaining([names("canary, support-1, support-2, support-3, support-4 and 1 more")]),
    );
  });

  test("counts neither a first start nor a way back as an update", () => {
    expect(said(stack(planeForward, { ...canaryForward, from: "", evidence: [] }))).toEqual([]);
    const evidence = recordsOf("canary", stable, candidate, longAgo);
    expect(said(stack(planeForward, { image: stable, from: candidate, evidence }))).toEqual([]);
    const unsigned = recordsOf("canary", stable, candidate, longAgo, "nobody");
    expect(said(stack(planeForward, { image: stable, from: candidate, evidence: unsigned }))).toEqual([
      `canary image: image "${stable}" is a release only by records that no trusted key has signed. ` +
        "Why: whoever can write the file could have written it. Write: the public key of the machine that updates into `trustedKeys` of the policy config.",
    ]);
    const levels = { levels: { unsigned: "disabled" } };
    expect(said(stack({}, { image: stable, from: candidate, evidence: unsigned }), levels)).toEqual([]);
  });

  test("refuses one track too soon after the other was updated, by recorded time", () => {
    const tooSoon = (at: string, until: string, gap = "12h") => [
      `plane image: it is updated, and canary of the other track was updated at ${at}, less than ${gap} ago. ` +
        `Why: a fault of one would be looked for in the other. Write: this change into a window after ${until}.`,
    ];
    // The cut-over is the second record, a minute after the first.
    const updatedAt = (start: string, by: typeof key | "nobody" = key) =>
      stack(planeForward, { evidence: recordsOf("canary", image("9"), stable, start, by) });
    const late = tooSoon("2026-11-21T00:01:00.000Z", "2026-11-21T12:01:00.000Z");
    expect(said(updatedAt("2026-11-20T23:59:00.000Z"))).toEqual([]);
    expect(said(updatedAt("2026-11-21T00:00:00.000Z"))).toEqual(late);
    expect(said(updatedAt("2026-11-21T00:00:00.000Z", "nobody"))).toEqual(late);
    expect(said(updatedAt("2026-11-21T00:00:00.000Z"), { gap: "11h" })).toEqual([]);
    expect(said(updatedAt("2026-11-20T23:00:00.000Z"), { gap: "1d" })).toEqual(
      tooSoon("2026-11-20T23:01:00.000Z", "2026-11-21T23:01:00.000Z", "1d"),
    );
    expect(said(updatedAt("2026-11-22T00:00:00.000Z"))).toEqual(
      tooSoon("2026-11-22T00:01:00.000Z", "2026-11-22T12:01:00.000Z"),
    );
  });

  test("goes by the newest update of the other track alone", () => {
    const fresh = recordsOf("support-1", image("9"), stable, "2026-11-21T09:00:00.000Z");
    const more = [{ name: "support-1", group: "support", image: stable, evidence: fresh }];
    expect(said(stack(planeForward, {}, more))).toEqual([
      expect.stringContaining("support-1 of the other track was updated at 2026-11-21T09:01"),
    ]);
    expect(said(stack({}, canaryForward, more))).toEqual([]);
    const back = envelopes(
      { workload: "canary", start: "2026-11-21T11:00:00.000Z" },
      key,
      cutOver(candidate, stable, "back"),
    );
    const same = envelopes(
      { workload: "canary", start: "2026-11-21T11:00:00.000Z" },
      key,
      cutOver(stable, stable, "forward"),
    );
    for (const evidence of [back, same]) expect(said(stack(planeForward, { evidence }))).toEqual([]);
    const older = recordsOf(
      "plane",
      image("0", "ghcr.io/acme/clawforce"),
      planeOld,
      "2026-11-21T10:00:00.000Z",
    );
    expect(said(stack({ evidence: older }, canaryForward))).toEqual([
      expect.stringContaining(
        "canary image: it is updated, and plane of the other track was updated at 2026-11-21T10:01",
      ),
    ]);
  });

  test("refuses an update when nothing is on record of the other track", () => {
    expect(said(stack(planeForward, { evidence: [] }))).toEqual([
      "plane image: it is updated, but nothing is on record of canary, of the other track. " +
        "Why: nobody knows when that was updated last. Write: the records of canary back from a copy, in the evidence directory.",
    ]);
    expect(said(stack(planeForward, { evidence: [], from: "" }))).toEqual([]);
  });

  test("goes by where a workload stands, whatever track it says it is of", () => {
    const disguised = stack({ ...planeForward, track: "runtime" }, canaryForward);
    expect(said(disguised)).toEqual([
      expect.stringContaining("plane image: the control plane is to run"),
      'plane judged.track: it says that it is of the track "runtime", but stands in the control plane. ' +
        'Why: so two tracks could pass for one. Write: "control-plane".',
    ]);
    expect(said(stack({}, { track: "control-plane" }))).toEqual([
      'canary judged.track: it says that it is of the track "control-plane", but stands in the fleet. ' +
        'Why: so two tracks could pass for one. Write: "runtime".',
    ]);
  });

  test("refuses facts that can't be read, and keys that are none", () => {
    const unread = withProps(stack(), `canary ${fleetTypes.workload}`, { judged: unknownText });
    expect(said(unread)).toContain(
      "canary judged: the fact is not known at preview. Why: what rests on it can't be judged. " +
        "Write: the components of this fleet as they are, with facts that are known at preview.",
    );
    expect(said(stack(), { trustedKeys: ["x"] })).toEqual([
      expect.stringContaining("policy config trustedKeys[0]: it is no Ed25519 public key"),
    ]);
  });

  test("judges instances that a control plane manages by the command that moves them", () => {
    const managed = (moveId: string) => {
      const own = stack(planeForward, { from: stable }).filter(
        ({ name, type }) => name !== "canary" || type === fleetTypes.workload,
      );
      const renamed = changed(
        own.filter(({ parent }) => parent !== `canary ${fleetTypes.workload}`),
        `canary ${fleetTypes.workload}`,
        (each) => ({ ...each, type: fleetTypes.managedWorkload }),
      );
      const move = { type: commandType, name: "canary-move", parent: `canary ${fleetTypes.managedWorkload}` };
      return said([...renamed, { ...move, props: { id: moveId } }]);
    };
    expect(managed("known")).toEqual([]);
    expect(managed(unknownText)).toEqual([]);
  });
});
