import { describe, expect, it } from "vitest";
import { tellingLine } from "../../lifecycle/rehearsal/symptoms.ts";

const dangerous =
  "Set OPENCLAW_ALLOW_OLDER_BINARY_DESTRUCTIVE_ACTIONS=1 only for an intentional downgrade or recovery action.";

describe("the line that tells why a version has ended", () => {
  it.each([
    ["the last one", ["a", "b"], "b"],
    ["none where it has said nothing", [], undefined],
    [
      "never what it advises, as long as there is another one",
      ["refused: too new", dangerous],
      "refused: too new",
    ],
    [
      "never what it advises behind a time and the name of a part",
      ["refused: too new", `2026-11-30T06:56:19.503Z [gateway] [state] ${dangerous}`],
      "refused: too new",
    ],
    ["its advice where it has said nothing else", ["See the docs."], "See the docs."],
    [
      "one that is known, wherever it stands",
      ["Gateway refused startup because 1 database schema(s) are newer than this build", "bye", dangerous],
      "Gateway refused startup because 1 database schema(s) are newer than this build",
    ],
    ["no empty one", ["refused", "", "  "], "refused"],
  ])("is %s", (_, said, line) => {
    expect(tellingLine(said)).toBe(line);
  });
});
