import { describe, expect, it } from "vitest";
import type { StateFolder, StateSurvey } from "../../lifecycle/evidence/state-survey.ts";
import { heaviest, parseOddities, parseSurvey, surveyLines } from "../../lifecycle/snapshot/survey.ts";

const base64 = (text: string | Buffer) => Buffer.from(text).toString("base64");
const all = { entries: 1000, bytes: 1000 };

function folder(path: string, entries: number, bytes = entries): StateFolder {
  return { path, entries, bytes };
}

describe("the folders that have most of a state", () => {
  it.each<[string, StateFolder[], string[]]>([
    ["nothing of a state without any", [], []],
    ["not the state itself", [folder("", 1000), folder("media", 900)], ["media"]],
    [
      "the one far down in which all of it is",
      [folder("workspace", 950), folder("workspace/a", 940), folder("workspace/a/downloads", 930)],
      ["workspace/a/downloads"],
    ],
    ["the one above where a part is elsewhere", [folder("a", 1000), folder("a/b", 799)], ["a"]],
    ["the one below from four fifths on", [folder("a", 1000), folder("a/b", 800)], ["a/b"]],
    [
      "two below in place of the one above, the heavier one first",
      [folder("a", 900), folder("a/c", 400), folder("a/b", 480)],
      ["a/b", "a/c"],
    ],
    [
      "the one above many of a kind",
      [folder("a", 1000), ...["1", "2", "3", "4"].map((name) => folder(`a/${name}`, 250))],
      ["a"],
    ],
    [
      "the one above where the bytes are not with the entries",
      [folder("a", 900, 900), folder("a/small", 890, 10)],
      ["a"],
    ],
    [
      "the one below where the bytes do not count",
      [folder("a", 900, 49), folder("a/small", 890, 10)],
      ["a/small"],
    ],
    [
      "three below in place of the one above",
      [folder("a", 900), folder("a/d", 300), folder("a/b", 300), folder("a/c", 300)],
      ["a/b", "a/c", "a/d"],
    ],
    [
      "the one above where as few bytes count as are little",
      [folder("a", 900, 50), folder("a/small", 890, 10)],
      ["a"],
    ],
    [
      "first the one with the larger share of either",
      [folder("few", 60, 900), folder("many", 500, 50)],
      ["few", "many"],
    ],
    ["three at most", ["a", "b", "c", "d"].map((path, index) => folder(path, 100 + index)), ["d", "c", "b"]],
    [
      "of a further place what is below its path in the container",
      [folder("/home/node/work", 1000), folder("/home/node/work/out", 990), folder("home", 10)],
      ["/home/node/work/out", "home"],
    ],
  ])("are %s", (_what, folders, expected) => {
    expect(heaviest(folders, all).map(({ path }) => path)).toEqual(expected);
  });
});

describe("what a walk prints of a state", () => {
  it("is read with names of any bytes, each kind of odd thing by itself", () => {
    const survey = parseSurvey(
      [
        "state-entries\t7",
        "state-bytes\t1000",
        "state-owner\t1000",
        `folder\t7\t1000\t${base64("/state")}`,
        `folder\t5\t900\t${base64("/state/two\nlines")}`,
        `folder\t2\t100\t${base64("/places/%2Fwork/x")}`,
        `odd\towner:0\t${base64("/state/b")}`,
        `odd\towner:0\t${base64(Buffer.from([0x2f, 0x73, 0x74, 0x61, 0x74, 0x65, 0x2f, 0xff]))}`,
        `odd\tlink\t${base64("/places/%2Fwork/out -> /etc")}`,
        "odd-count\towner:0\t9",
        "odd-count\tlink\t1",
        "",
      ].join("\n"),
    );
    expect(survey).toEqual({
      ...{ entries: 7, bytes: 1000 },
      folders: [folder("two\nlines", 5, 900), folder("/work/x", 2, 100)],
      odd: [
        { kind: "link", count: 1, first: ["/work/out -> /etc"] },
        { kind: "owner", count: 9, first: ["b", "\uFFFD"], user: 0, usual: 1000 },
      ],
    });
  });

  it("is nothing where it prints nothing", () => {
    expect(parseSurvey("")).toEqual({ entries: 0, bytes: 0, folders: [], odd: [] });
    expect(parseOddities("odd-count\tchanged\t2\n")).toEqual([{ kind: "changed", count: 2, first: [] }]);
  });
});

describe("what people are told of a state", () => {
  const plain: StateSurvey = { entries: 1, bytes: 1500, folders: [], odd: [] };

  it("is one line where nothing is odd", () => {
    expect(surveyLines(plain)).toEqual(["its state has 1 entry, 1.5 kB; nothing odd"]);
  });

  it("names the folders, and a line for each kind of thing, with the first of them", () => {
    const odd: StateSurvey["odd"] = [
      { kind: "link", count: 1, first: ["a -> /etc"] },
      { kind: "special", count: 3, first: ["x.sock", "y.sock"] },
      { kind: "owner", count: 2, first: ["b", "c"], user: 0, usual: 1000 },
      { kind: "changed", count: 1, first: ["logs/a.log"] },
    ];
    expect(surveyLines({ ...plain, entries: 9, folders: [folder("media", 8, 1400)], odd })).toEqual([
      "its state has 9 entries, 1.5 kB; most of it: media (8 entries, 1.4 kB)",
      "1 link leads out of the state, to what is in no snapshot: a -> /etc",
      "3 sockets, pipes or devices, of which a snapshot keeps no content: x.sock, y.sock and 1 more",
      "2 entries belong to user 0, most to user 1000. A new version may not be able to read: b, c",
      "1 file changed while they were copied, and only the cold snapshot will have them whole: logs/a.log",
    ]);
  });

  it("has no character that breaks a line or that a terminal obeys", () => {
    const name = "two\nlines\t\u001b[31m\u009b\u2028\u202e";
    const [line] = surveyLines({ ...plain, folders: [folder(name, 1)] });
    expect(line).toContain("most of it: two\\nlines\\t\\u001b[31m\\u009b\\u2028\\u202e (1 entry, 1 B)");
  });
});
