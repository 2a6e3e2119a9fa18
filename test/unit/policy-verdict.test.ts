import type { Policy } from "@pulumi/policy";
import { describe, expect, test } from "vitest";
import { firstOf, levelsSchema, messageOf, quoted, reportAs } from "../../policies/verdict.ts";

const policy: Policy = { name: "a-rule", description: "It has to be right", enforcementLevel: "mandatory" };

function reported(level: "mandatory" | "advisory", urn?: string): unknown[][] {
  const all: unknown[][] = [];
  reportAs(level, policy, "[a-rule] it is so", (...given) => void all.push(given), urn);
  return all;
}

describe("what a rule reports", () => {
  test("is a refusal of the resource that it is about", () => {
    expect(reported("mandatory", "urn:web")).toEqual([["[a-rule] it is so", "urn:web"]]);
  });

  test("is as advice still about its resource, and says its policy, which the engine then leaves out", () => {
    const advice = { message: "It has to be right\n[a-rule] it is so", enforcementLevel: "advisory" };
    expect(reported("advisory", "urn:web")).toStrictEqual([[{ ...advice, urn: "urn:web" }]]);
    expect(reported("advisory")).toStrictEqual([[advice]]);
  });

  test("says where, what, why and what to write in one line", () => {
    const told = { what: "it is so", why: "that matters", write: "something else" };
    const place = { resource: "web", path: "spec.image" };
    expect(messageOf("a-rule", place, told, " And more.")).toBe(
      "[a-rule] web spec.image: it is so. Why: that matters. Write: something else. And more.",
    );
  });
});

test("each finding of a rule has a level, one of three, and no other can be set", () => {
  const schema = levelsSchema(["heavy", "light"], { light: "advisory" });
  const level = { type: "string", enum: ["mandatory", "advisory", "disabled"] };
  expect(schema.properties).toEqual({
    heavy: { ...level, default: "mandatory" },
    light: { ...level, default: "advisory" },
  });
  expect([schema.additionalProperties, schema.default]).toEqual([false, {}]);
});

describe("a text of the program in a message", () => {
  test("shows what an eye does not see", () => {
    expect(quoted('a"b')).toBe('"a\\"b"');
    expect(quoted("а\u200b\n")).toBe('"\\u0430\\u200b\\n"');
    expect(quoted("\u007f~ ")).toBe('"\\u007f~ "');
  });

  test("is cut after 160 characters, and shows that it is", () => {
    expect(quoted("x".repeat(160))).toBe(`"${"x".repeat(160)}"`);
    expect(quoted("x".repeat(161))).toBe(`"${"x".repeat(160)}…"`);
  });
});

test("of many names five are said, and how many there are beside them", () => {
  const names = ["a", "b", "c", "d", "e", "f", "g"];
  expect(firstOf(names.slice(0, 5))).toBe("a, b, c, d, e");
  expect(firstOf(names.slice(0, 6))).toBe("a, b, c, d, e and 1 more");
  expect(firstOf(names)).toBe("a, b, c, d, e and 2 more");
});
