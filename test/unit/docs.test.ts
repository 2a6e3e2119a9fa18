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

function relativeLinksIn(text: string): string[] {
  return [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link]) => link ?? "");
}

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
