import { describe, expect, test } from "vitest";
import { missingFrom, stepsOf } from "../support/walkthrough.ts";

const page = `
1. First:

   \`\`\`console
   $ docker run \\
       --name one image
   8f3c…
   $ docker ps
   NAMES
     one
   \`\`\`

\`\`\`yaml
# compose.yaml
name: desk
\`\`\`

\`\`\`yaml
not: a file
\`\`\`
`;

describe("a page that is followed word by word", () => {
  test("has commands with what they print and files, in their order", () => {
    expect(stepsOf(page)).toEqual([
      { command: "docker run \\\n    --name one image", output: "8f3c…" },
      { command: "docker ps", output: "NAMES\n  one" },
      { file: "compose.yaml", text: "# compose.yaml\nname: desk\n" },
    ]);
  });

  test.each<[string, string, string | undefined]>([
    ["one\ntwo\n", "one\ntwo", undefined],
    ["NAME   STATE\n────  ───\none    up", "NAME  STATE\n─  ─\none  up", undefined],
    ["one took 12 s", "one took … s", undefined],
    ["one\n2\n3\nfour", "one\n…\nfour", undefined],
    ["one\ntwo", "one\n…", undefined],
    ["one\ntwo\nthree", "…\ntwo\n…", undefined],
    ["one\ntwo", "two", "two"],
    ["one\ntwo", "one", "the end, before: two"],
    ["one\n2\nthree", "one\nthree", "three"],
    ["two\none", "…\none\n…\ntwo\n…", "two"],
    ["a+b", "a.b", "a.b"],
    ["", "one", "one"],
  ])(
    "what is printed as %j and shown as %j: the first line that is missing is %j",
    (printed, shown, missing) => {
      expect(missingFrom(printed, shown)).toBe(missing);
    },
  );
});
