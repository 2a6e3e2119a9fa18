import { describe, expect, it, test } from "vitest";
import { moveOf } from "../../lifecycle/evidence/move.ts";
import type { EvidenceEntry, EvidenceRecord } from "../../lifecycle/evidence/records.ts";
import {
  orderedMove,
  orderOf,
  type RestoreOrder,
  restoreEpoch,
} from "../../lifecycle/evidence/restore-order.ts";
import { recorder } from "../support/records.ts";

const image = (version: number) => `registry/openclaw:${version}@sha256:${String(version).repeat(64)}`;
const [one, two, three] = [image(1), image(2), image(3)];
const history = recorder({ first: "2026-11-21T12:00:00.000Z" });
const [mine, other] = ["aaaaaaaa11112222", "bbbbbbbb33334444"];

function snapshot(id: string, of: string): EvidenceEntry {
  const markers = { databases: {} };
  return { kind: "snapshot", role: "cold", snapshot: id, image: of, files: 1, bytes: 1, seconds: 1, markers };
}

function restored(id: string, order?: string): EvidenceEntry {
  const named = order === undefined ? {} : { order };
  return { kind: "restore", snapshot: id, image: two, reason: "requested", ...named, seconds: 1 };
}

const before = [snapshot(mine, two), snapshot(other, one)];

/** Of a workload that runs two. */
function ordered(order: RestoreOrder | undefined, records: EvidenceRecord[], wanted = two, isThere = true) {
  return orderedMove({ running: two, wanted, records }, order, isThere);
}

const again = { snapshot: "aaaaaaaa", order: "INC-2" };

describe("a restore order", () => {
  it("is carried out once, and the same snapshot again by an order of its own", () => {
    const order = { snapshot: "aaaaaaaa", order: "INC-1" };
    const done = history(...before, restored(mine, "INC-1"));
    expect(ordered(order, history(...before)).move).toMatchObject({
      kind: "restore",
      restore: { snapshot: "aaaaaaaa", order: "INC-1", takenAt: "2026-11-21T12:00:00.000Z" },
    });
    expect(ordered(order, done)).toMatchObject({ move: { kind: "none" } });
    expect(ordered(again, done).move).toMatchObject({ kind: "restore", restore: { order: "INC-2" } });
    const both = history(...before, restored(mine, "INC-1"), restored(mine, "INC-2"));
    expect(ordered(order, both).move.kind).toBe("none");
  });

  it("replaces a container when it comes, and not when it was carried out, stays, or leaves the configuration", () => {
    const done = history(...before, restored(mine, "INC-2"));
    const epochs = [
      ordered(undefined, history(...before)).epoch,
      ordered(again, history(...before)).epoch,
      ordered(again, done).epoch,
      ordered(undefined, done).epoch,
    ];
    expect(epochs).toEqual(["", "aaaaaaaa/INC-2", "aaaaaaaa/INC-2", "aaaaaaaa/INC-2"]);
    // An older line that is left behind after another order was given without one.
    const since = history(...before, restored(other, "INC-1"), restored(mine, "INC-2"));
    expect(ordered({ snapshot: other, order: "INC-1" }, since).epoch).toBe("aaaaaaaa/INC-2");
  });

  it("is read from what a container is made with by a program, which has no other word of it", () => {
    const { epoch } = ordered(again, history(...before));
    expect(orderOf(epoch)).toEqual(again);
    expect(ordered(orderOf(epoch), history(...before)).move.kind).toBe("restore");
    const done = history(...before, restored(mine, "INC-2"));
    expect(ordered(orderOf(ordered(undefined, done).epoch), done).move.kind).toBe("none");
    expect(orderOf("aaaaaaaa")).toEqual({ snapshot: "aaaaaaaa" });
    expect(orderOf("")).toBeUndefined();
  });

  it("keeps what replaces the container of a stack from before orders had names", () => {
    const done = history(...before, restored("aaaaaaaa"));
    expect(ordered({ snapshot: "aaaaaaaa" }, done)).toEqual({
      move: { kind: "none", to: two },
      epoch: "aaaaaaaa",
    });
    expect(ordered(undefined, done).epoch).toBe("aaaaaaaa");
    expect(restoreEpoch(undefined, history(...before))).toBe("");
  });

  it("that was left out of a move is none of it, and replaces nothing", () => {
    const lost = ordered(again, []);
    expect(lost).toMatchObject({ move: { kind: "none" }, epoch: "aaaaaaaa/INC-2" });
    expect(ordered({ snapshot: "aaaaaaaa" }, [])).toMatchObject({
      move: { kind: "none" },
      epoch: "aaaaaaaa",
    });
    expect(ordered(again, history(...before), three)).toMatchObject({
      move: moveOf({ running: two, wanted: three, records: [], requested: undefined }),
      epoch: "",
    });
  });

  test.each<[string, RestoreOrder, EvidenceRecord[], string, string | undefined]>([
    ["carried out by itself", again, history(...before), two, undefined],
    [
      "without a name and not on record",
      { snapshot: "aaaaaaaa" },
      history(...before),
      two,
      'its `restore: "aaaaaaaa"` has no name, so it can\'t be told whether it was carried out before. If it was, take the line out. ' +
        'To have it carried out, write `restore: {snapshot: "aaaaaaaa", order: "<a name that was not used before>"}`.',
    ],
    [
      "by the name of another one",
      { snapshot: "bbbbbbbb", order: "INC-1" },
      history(...before, restored(mine, "INC-1")),
      two,
      "its restore order INC-1 was carried out on 2026-11-21T12:02:00.000Z with snapshot aaaaaaaa, and an order is carried out once. " +
        "Take `restore` out, or give the order for bbbbbbbb a name of its own.",
    ],
    [
      "with nothing on record of what runs",
      again,
      [],
      three,
      "its restore order INC-2 is not carried out: its container is there, but nothing is on record. So it can't be told whether " +
        "the order was carried out before. Put the folder of `clawforce:evidence.directory` back from its copy, or take `restore` out.",
    ],
    [
      "beside an update",
      again,
      history(...before),
      three,
      "its restore order INC-2 stands beside an update to another version. Do one after the other: take the change of the version back and " +
        "run `pulumi up`, then update. If the order was carried out before, take `restore` out.",
    ],
    [
      "of the state that the wanted version left: a way back whose cut-over is not on record",
      { snapshot: "bbbbbbbb", order: "INC-2" },
      history(...before),
      one,
      undefined,
    ],
    [
      "of a snapshot that no record knows, for the older version that it is of",
      { snapshot: "cccccccc", order: "INC-2" },
      history(...before),
      image(1),
      undefined,
    ],
    [
      "of a snapshot that no record knows, beside an update",
      { snapshot: "cccccccc", order: "INC-2" },
      history(...before),
      three,
      "its restore order INC-2 stands beside an update to another version. Do one after the other: take the change of the version back and " +
        "run `pulumi up`, then update. If the order was carried out before, take `restore` out.",
    ],
  ])("%s", (_, order, records, wanted, problem) => {
    expect(ordered(order, records, wanted).problem).toBe(problem);
  });
});
