import { describe, expect, test } from "vitest";
import { NotedRead, objectAt, type Part, type ReadProblem } from "../../policies/noted-read.ts";
import { unknownCheckingProxy, unknownText } from "../policy/props.ts";

type Ways = {
  [Way in keyof NotedRead]: NotedRead[Way] extends (from: Part, path: string) => unknown ? Way : never;
};
type Way = Ways[keyof NotedRead];

/** What is read of a value at `a.b`, and what is noted: `<path> is <problem>, not a <shape>`. */
function readAs(way: Way, value: unknown): [read: unknown, notes: string[]] {
  const noted = new NotedRead();
  const read = noted[way]({ path: "at", value: unknownCheckingProxy({ a: { b: value } }) }, "a.b");
  return [read, noted.problems.map(noteOf)];
}

function noteOf({ path, problem, shape }: ReadProblem): string {
  return `${path} is ${problem}, not a ${shape}`;
}

const malformed = (shape: string, path = "at.a.b") => [`${path} is malformed, not a ${shape}`];
const unknown = (shape: string, path = "at.a.b") => [`${path} is unknown, not a ${shape}`];
const item = (index: number, value: object) => ({ path: `at.a.b[${index}]`, value });

describe("what a rule reads of a resource", () => {
  test.each<[way: Way, value: unknown, read: unknown, notes: string[]]>([
    ["text", "x", "x", []],
    ["text", "", undefined, []],
    ["text", undefined, undefined, []],
    ["text", null, undefined, []],
    ["text", 5, undefined, malformed("text")],
    ["text", unknownText, undefined, unknown("text")],
    ["needed", "x", "x", []],
    ["needed", "", undefined, malformed("text")],
    ["needed", undefined, undefined, malformed("text")],
    ["needed", unknownText, undefined, unknown("text")],
    ["number", 0, 0, []],
    ["number", "5", undefined, malformed("number")],
    ["share", "25%", "25%", []],
    ["share", 1, 1, []],
    ["share", true, undefined, malformed("number or text")],
    ["share", {}, undefined, malformed("number or text")],
    ["flag", true, true, []],
    ["flag", "true", true, []],
    ["flag", false, false, []],
    ["flag", "false", false, []],
    ["flag", undefined, false, []],
    ["flag", "yes", false, malformed("true or false")],
    ["flag", unknownText, false, unknown("true or false")],
    ["part", { c: 1 }, { path: "at.a.b", value: { c: 1 } }, []],
    ["part", undefined, undefined, []],
    ["part", [], undefined, malformed("object")],
    ["part", "x", undefined, malformed("object")],
    ["part", unknownText, undefined, unknown("object")],
    ["parts", [{ c: 1 }, { d: 2 }], [item(0, { c: 1 }), item(1, { d: 2 })], []],
    [
      "parts",
      [{ c: 1 }, "x", []],
      [item(0, { c: 1 })],
      [...malformed("object", "at.a.b[1]"), ...malformed("object", "at.a.b[2]")],
    ],
    ["parts", [unknownText], [], unknown("object", "at.a.b[0]")],
    ["parts", {}, [], malformed("list or object")],
    ["parts", undefined, [], []],
  ])("as %s of %j is %j", (way, value, read, notes) => {
    expect(readAs(way, value)).toEqual([read, notes]);
  });

  test("has another shape where a part on the way has", () => {
    const noted = new NotedRead();
    expect(noted.text({ path: "", value: { a: "x" } }, "a.b")).toBeUndefined();
    expect(noted.problems.map(noteOf)).toEqual(malformed("list or object", "a"));
  });

  test("is noted once for each place", () => {
    const noted = new NotedRead();
    noted.unknown("a");
    noted.malformed("a", "text");
    noted.malformed("b", "text");
    expect(noted.problems.map(noteOf)).toEqual([...unknown("value", "a"), ...malformed("text", "b")]);
  });

  test("are entries by their keys, without what is absent", () => {
    const noted = new NotedRead();
    const value = unknownCheckingProxy({ c: 0, b: null, e: unknownText, a: "", d: undefined });
    expect(noted.entries({ path: "at", value })).toEqual([
      { key: "a", path: "at.a", value: "" },
      { key: "c", path: "at.c", value: 0 },
    ]);
    expect(noted.problems.map(noteOf)).toEqual(unknown("value", "at.e"));
  });

  test("is an object of a list by its path, or the whole", () => {
    const props = { items: [{ a: 1 }, { a: 2 }] };
    expect(objectAt(props, "items[1]")).toEqual({ path: "items[1]", value: { a: 2 } });
    expect(objectAt(props, "")).toEqual({ path: "", value: props });
    expect(objectAt(props, "items[7]")).toEqual({ path: "", value: props });
  });
});
