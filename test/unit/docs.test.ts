import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { checkSchema } from "../../config/check-schema.ts";
import { seconds } from "../../config/units.ts";
import { fleet } from "../../fleet/command-line.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = ["README.md", ...readdirSync(join(root, "docs")).map((file) => `docs/${file}`)];

function textOf(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

/** What `fleet` prints. */
async function said(...argv: string[]): Promise<string> {
  let text = "";
  const out = { write: (part: string) => (text += part) };
  expect(await fleet(argv, out, out)).toBe(0);
  return text;
}

async function commands(): Promise<string[]> {
  const overview = await said("--help");
  return [...overview.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name]) => name ?? "");
}

function checkKinds(): string[] {
  return checkSchema.options.map(({ shape }) => shape.kind.value);
}

/** Commands as the pages write them: in code, after `fleet` or `npm run fleet --`. */
function commandsIn(text: string): string[] {
  return [...text.matchAll(/(?:`|^ {4,}|npm run )fleet (?:-- )?([a-z]+)\b/gm)].map(([, name]) => name ?? "");
}

/** First cells of a table's rows that are code: `http`. */
function rowsIn(text: string): string[] {
  return [...text.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name ?? "");
}

/** Names of headings as GitHub makes them. */
function anchorsIn(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

/** What one sees of the README without scrolling: to the second heading, and 40 lines at least. */
function firstScreenOf(text: string): string {
  const lines = text.split("\n");
  const headings = lines.flatMap((line, index) => (/^#+ /.test(line) ? [index] : []));
  return lines.slice(0, Math.max(40, headings[1] ?? 0)).join("\n");
}

/** Sentences of the prose: no headings, code blocks and tables. A command in a sentence is one word. */
function sentencesIn(text: string): string[] {
  return text
    .replace(/^```.*?^```$/gms, "")
    .split(/\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )/)
    .filter((part) => !/^(#|\||```| {4})/.test(part))
    .map((part) => part.replace(/^\s*(?:[-*]|\d+\.) /, "").replace(/`[^`]+`/g, "CODE"))
    .flatMap((part) => part.split(/(?<=[.!?])\s+/))
    .map((sentence) => sentence.replace(/\s+/g, " ").trim())
    .filter((sentence) => sentence !== "");
}

function longerThan(words: number, text: string): string[] {
  return sentencesIn(text).filter((sentence) => sentence.split(" ").length > words);
}

function relativeLinksIn(text: string): string[] {
  return [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link]) => link ?? "");
}

describe("the count of words", () => {
  const words = (count: number) => Array.from({ length: count }, (_, index) => `w${index}`).join(" ");

  test("goes over line breaks and list items, and takes a command for one word", () => {
    const text = `# A title\n\n${words(3)}\n${words(2)}. Then \`npm run fleet -- status\`.\n\n1. ${words(2)}\n2. end\n\n    code of a block\n`;
    expect(sentencesIn(text)).toEqual(["w0 w1 w2 w0 w1.", "Then CODE.", "w0 w1", "end"]);
  });

  test("finds a sentence of 26 words and lets one of 25 be", () => {
    expect(longerThan(25, `${words(25)}. Z ${words(25)}.`)).toEqual([`Z ${words(25)}.`]);
  });

  test("takes 40 lines at least, and more where the second heading comes later", () => {
    const lines = (count: number) => Array.from({ length: count }, () => "x").join("\n");
    expect(firstScreenOf(`# A\n## B\n${lines(60)}`).split("\n").length).toBe(40);
    expect(firstScreenOf(`# A\n${lines(60)}\n## B\n${lines(60)}`).split("\n").length).toBe(61);
  });
});

describe("the documentation", () => {
  test.each(pages)("%s names only commands that there are", async (page) => {
    const known = await commands();
    expect(commandsIn(textOf(page)).filter((name) => !known.includes(name))).toEqual([]);
  });

  test("has a row and a paragraph for each command", async () => {
    const known = await commands();
    const page = textOf("docs/commands.md");
    expect(rowsIn(page.slice(0, page.indexOf("\n## "))).toSorted()).toEqual(known.toSorted());
    expect(known.length).toBeGreaterThan(8);
  });

  test.each(pages)("%s names only flags that their command has", async (page) => {
    const calls = [...textOf(page).matchAll(/fleet (?:-- )?([a-z]+)((?: +[^`|\n;]*)?)/g)];
    const known = await commands();
    for (const [call, name = "", rest = ""] of calls) {
      if (!known.includes(name)) continue;
      const help = await said(name, "--help");
      for (const [flag] of rest.matchAll(/--[a-z][a-z-]*/g)) {
        expect(help.includes(`${flag} `), `${call.trim()}: ${flag}`).toBe(true);
      }
    }
  });

  test("has a row and a section for each kind of check, and for no other", () => {
    const page = textOf("docs/checks.md");
    expect(rowsIn(page).toSorted()).toEqual(checkKinds().toSorted());
    expect(anchorsIn(page)).toEqual(expect.arrayContaining(checkKinds()));
    const named = pages.flatMap((each) => [...textOf(each).matchAll(/(?<!platform:\n *)kind: ([a-z]+)/g)]);
    expect(named.map(([, kind]) => kind).filter((kind) => !checkKinds().includes(kind as never))).toEqual([]);
  });

  test("says the fields and the deadline of each kind of check as the configuration has them", () => {
    const common = ["kind", "name", "severity", "deadline", "interval"];
    const rows = [...textOf("docs/checks.md").matchAll(/^\| `([a-z]+)` \|[^|]*\|([^|]*)\| (\w+) \|/gm)];
    const documented = rows.map(([, kind, fields = "", deadline]) => [
      kind,
      [
        ...[...fields.matchAll(/`([a-zA-Z]+)`/g)].map(([, field]) => field).toSorted(),
        seconds.parse(deadline),
      ],
    ]);
    const real = checkSchema.options.map(({ shape }) => [
      shape.kind.value,
      [
        ...Object.keys(shape)
          .filter((key) => !common.includes(key))
          .toSorted(),
        shape.deadline.parse(undefined),
      ],
    ]);
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(real));
  });

  test.each(pages)("%s has no dead relative link", (page) => {
    const dead = relativeLinksIn(textOf(page)).filter((link) => {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : join(dirname(page), path);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsIn(textOf(target)).includes(anchor);
    });
    expect(dead).toEqual([]);
  });

  test("is reachable from the README, page by page", () => {
    const linked = relativeLinksIn(textOf("README.md"));
    expect(pages.slice(1).filter((page) => !linked.includes(page))).toEqual([]);
  });

  test("begins with sentences of 25 words at most", () => {
    const screen = firstScreenOf(textOf("README.md"));
    expect(sentencesIn(screen).length).toBeGreaterThan(15);
    expect(longerThan(25, screen)).toEqual([]);
  });

  test("names only files of this repository that are there", () => {
    const named = pages.flatMap((page) =>
      [
        ...textOf(page).matchAll(
          /`((?:config|demo|operations|components|fleet|evidence|test|toolchain)\/[\w./-]+)`/g,
        ),
      ].map(([, path = ""]) => path),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
