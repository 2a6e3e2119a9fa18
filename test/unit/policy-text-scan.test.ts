import { describe, expect, test } from "vitest";
import { handOf } from "../../policies/image-hands.ts";
import { mayHoldStructure, mayNameImage, tooMuchIn } from "../../policies/text-scan.ts";
import hands from "../policy/data/image-hands.json" with { type: "json" };
import texts from "../policy/data/text-scan.json" with { type: "json" };

test.each(texts)("$text can name an image: $names, and be a list or a mapping: $structure", (each) => {
  expect(mayNameImage(each.text)).toBe(each.names);
  expect(mayHoldStructure(each.text)).toBe(each.structure);
});

test("each annotation and label that tells another program of images can be one", () => {
  const keys = hands.flatMap(({ said }) => said.map(([, , key = ""]) => key));
  const known = keys.filter((key) => handOf({ key, path: "", value: "on" }) !== undefined);
  expect(new Set(known).size).toBeGreaterThan(9);
  expect(known.filter((key) => !mayNameImage(key))).toEqual([]);
});

describe("a text that is too much for a reader of YAML", () => {
  test.each<[title: string, text: string, why: string | undefined]>([
    ["as long as may be", "x".repeat(256 * 1024), undefined],
    ["longer", "x".repeat(256 * 1024 + 1), "long"],
    ["64 lists deep", "[".repeat(64), undefined],
    ["65 lists deep", "[".repeat(65), "deep"],
    ["65 mappings deep", "{".repeat(65), "deep"],
    ["lists and mappings by turns", "[{".repeat(33), "deep"],
    ["many lists beside one another", "[]".repeat(100), undefined],
    ["many mappings beside one another", "{}".repeat(100), undefined],
    ["closed and opened again", `${"[".repeat(64)}]]${"{".repeat(2)}`, undefined],
    ["63 dashes in a line", "- ".repeat(63), undefined],
    ["64 dashes in a line", "- ".repeat(64), "deep"],
    ["64 question marks in a line, indented", ` \t${"?\t".repeat(64)}`, "deep"],
    ["64 dashes in the second line", `a\n${"-  ".repeat(64)}`, "deep"],
    ["64 dashes behind something else", `a ${"- ".repeat(64)}`, undefined],
    ["64 dashes without spaces", "-".repeat(64), undefined],
    ["1,000 anchors", " &a".repeat(1000), undefined],
    ["1,001 anchors", " &a".repeat(1001), "tags"],
    ["1,001 aliases in lists", "[*a] ".repeat(1001), "tags"],
    ["1,001 tags", ",!a".repeat(1001), "tags"],
    ["1,001 tags in mappings", "{!a} ".repeat(1001), "tags"],
    ["1,001 tags of values", ":!a ".repeat(1001), "tags"],
    ["1,001 tags, the first at the beginning", "!a ".repeat(1001), "tags"],
    ["words with these signs in them", "a!b&c*d ".repeat(2000), undefined],
  ])("%s", (_title, text, why) => {
    expect(tooMuchIn(text)).toBe(why);
  });
});
