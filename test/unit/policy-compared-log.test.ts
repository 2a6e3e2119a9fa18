import { describe, expect, test } from "vitest";
import { comparedLog } from "../../policies/compared-log.ts";
import { glanceAt } from "../../policies/signed-records.ts";
import { key } from "../policy/canary.ts";
import { altered, envelopes } from "../policy/evidence.ts";
import { baked, candidate, cutOver, gated, stable, verified } from "../policy/rollout.ts";

const workload = "canary";
const log = envelopes(
  { workload },
  key,
  gated({ workload, image: stable }),
  verified({ workload, image: stable }),
  cutOver(stable, candidate),
  gated({ workload, image: candidate }),
  verified({ workload, image: candidate }),
  verified({ workload, image: candidate }),
  baked({ workload, image: candidate }, 60),
  verified({ workload, image: stable }),
);
const entries = log.flatMap((each) => glanceAt(each) ?? []);
const whole = { entries, length: log.length };

/** What is told of a program that hands all on but some, by their numbers. */
function without(left: readonly number[], images = [candidate, stable], logged: object = {}) {
  const handed = log.filter((_, index) => !left.includes(index + 1));
  return comparedLog(handed, { ...whole, ...logged }, images);
}

describe("a record that the log has and the program does not hand on", () => {
  test.each<[title: string, left: number[], number | undefined]>([
    ["none", [], undefined],
    ["the newest of its kind and image", [6], 6],
    ["the newest, beside a later one of another kind", [4], 4],
    ["the only one of another image, beside a later one of its kind", [5, 6], 6],
    ["the last of all", [8], 8],
    ["one that has a later one of its kind and image", [5], undefined],
    ["the first of two of its kind and image, far apart", [2], undefined],
    ["two, the newer of which is told", [4, 7], 7],
  ])("is told where it is %s", (_, left, told) => {
    const { leftOut, other, isBehind, envelopes: all } = without(left);
    expect([leftOut?.sequence, other, isBehind]).toEqual([told, undefined, false]);
    // Nothing of it is lost for those who judge by all of them.
    expect(all).toEqual(log);
  });

  test("is nothing where it speaks of an image that nobody asks for", () => {
    expect(without([6], [stable]).leftOut).toBeUndefined();
    expect(without([6], ["", candidate]).leftOut?.sequence).toBe(6);
    expect(without([6], []).leftOut).toBeUndefined();
  });

  test("is nothing in a log that is damaged, or ends before what the program hands on", () => {
    expect(without([6], undefined, { broken: 3 })).toMatchObject({ leftOut: undefined, broken: 3 });
    expect(without([], undefined, { entries: entries.slice(0, 5), length: 5 })).toMatchObject({
      isBehind: true,
    });
    expect(without([], undefined, { length: 7 }).isBehind).toBe(true);
  });

  test("is told where the program hands on another one of that number", () => {
    const changed = altered(log[5] as (typeof log)[number], (text) => text.replace("passed", "failed"));
    const handed = log.map((each, index) => (index === 5 ? changed : each));
    expect(comparedLog(handed, whole, [candidate])).toMatchObject({ other: 6, leftOut: undefined });
    expect(comparedLog(handed, { ...whole, broken: 8 }, [candidate]).other).toBeUndefined();
    expect(comparedLog([...log, "no record"], whole, [candidate]).other).toBeUndefined();
  });
});
