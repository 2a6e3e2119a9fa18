import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { stackSettings } from "../../config/stack-file.ts";
import { fleet } from "../../fleet/command-line.ts";
import { checkKinds } from "../../lifecycle/checks/kinds.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
];

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

/** What the page shows as code: blocks as they are, spans without their line breaks. */
function codeIn(text: string): string[] {
  const fences = /^ *```[a-z]*\n(.*?)^ *```$/gms;
  const prose = text.replace(fences, "");
  const indented = [...prose.matchAll(/^(?: {4,}\S.*\n?)+/gm)].map(([block]) => block);
  const spans = [...prose.matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span.replace(/\s*\n\s*/g, " "));
  return [...[...text.matchAll(fences)].map(([, block = ""]) => block), ...indented, ...spans];
}

interface Call {
  command: string;
  flags: string[];
}

/** Calls of `fleet` as one would type them: `fleet pin …`, `npm run fleet -- pin …`, `npm run review -- …`. */
function callsIn(text: string): Call[] {
  const pattern =
    /(?:npm run fleet -- |(?<![\w:/-])fleet +)([a-z]+)\b([^|;&#\n]*)|npm run (review)\b([^|;&#\n]*)/g;
  return codeIn(text).flatMap((code) =>
    [...code.matchAll(pattern)].map(([, command, rest, review, ofReview]) => ({
      command: command ?? review ?? "",
      flags: [...(rest ?? ofReview ?? "").matchAll(/--[a-z][a-z-]*/g)].map(([flag]) => flag),
    })),
  );
}

/** What a page gets wrong about the commands of `fleet`, one sentence each. */
async function wrongCalls(text: string): Promise<string[]> {
  const known = await commands();
  const wrong: string[] = [];
  for (const { command, flags } of callsIn(text)) {
    if (!known.includes(command)) {
      wrong.push(`fleet has no command ${command}`);
      continue;
    }
    const help = await said(command, "--help");
    wrong.push(
      ...flags
        .filter((flag) => flag !== "--help" && !help.includes(`\n  ${flag} `))
        .map((flag) => `fleet ${command} has no ${flag}`),
    );
  }
  return wrong;
}

function npmScriptsIn(text: string): string[] {
  return codeIn(text).flatMap((code) =>
    [...code.matchAll(/npm run ([a-z:-]+)/g)].map(([, script = ""]) => script),
  );
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

describe("the look for commands", () => {
  const page = (code: string) => `# A\n\nText with \`${code}\` in it.\n`;

  test.each([
    ["npm run fleet -- updaet --stack prod", ["fleet has no command updaet"]],
    ["fleet pin --stack prod --tag 1", ["fleet pin has no --tag"]],
    ["npm run fleet -- recover --stack\n  prod --force", ["fleet recover has no --force"]],
    ["npm run review -- --stack prod --json", ["fleet review has no --json"]],
    ["fleet update --stack prod && fleet status --yes", ["fleet status has no --yes"]],
    ["fleet evidence check --stack prod --workload W", []],
    ["clawforce:fleet:Workload", []],
  ])("finds what is wrong in %j", async (code, wrong) => {
    expect(await wrongCalls(page(code))).toEqual(wrong);
  });

  test("finds it in blocks too, and not in prose", async () => {
    const text = "A fleet goes --forward.\n\n    fleet go --stack prod\n\n```sh\nfleet drill --now\n```\n";
    expect(await wrongCalls(text)).toEqual(["fleet drill has no --now", "fleet has no command go"]);
  });
});

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
  test.each(pages)("%s names only commands and flags that there are", async (page) => {
    expect(await wrongCalls(textOf(page))).toEqual([]);
  });

  test("calls every command somewhere", async () => {
    const called = pages.flatMap((page) => callsIn(textOf(page)).map(({ command }) => command));
    expect((await commands()).filter((command) => !called.includes(command))).toEqual([]);
    expect(called.length).toBeGreaterThan(60);
  });

  test.each(pages)("%s names only scripts that package.json has", (page) => {
    const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
    expect(npmScriptsIn(textOf(page)).filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
  });

  test("has a row and a paragraph for each command", async () => {
    const known = await commands();
    const page = textOf("docs/commands.md");
    expect(rowsIn(page.slice(0, page.indexOf("\n## "))).toSorted()).toEqual(known.toSorted());
    expect(known.length).toBeGreaterThan(8);
  });

  test("names only kinds of check that there are", () => {
    const known = checkKinds.map(({ name }) => name);
    const named = pages.flatMap((each) => [...textOf(each).matchAll(/(?<!platform:\n *)kind: ([a-z]+)/g)]);
    // Mounts of a container have a kind too.
    const others = ["bind", "volume", "tmpfs"];
    expect(
      named.map(([, kind]) => kind).filter((kind) => ![...known, ...others].includes(kind ?? "")),
    ).toEqual([]);
  });

  test("shows a first stack that is refused for its placeholder digests and nothing else", () => {
    const blocks = [...textOf("docs/install.md").matchAll(/^( *)```yaml\n(.*?)^ *```$/gms)];
    const stacks = blocks.map(([, indent = "", block = ""]) =>
      block.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    );
    expect(stacks.length).toBe(1);
    const text = stacks[0] ?? "";
    expect(() => parseStackConfig(stackSettings(text, "docs/install.md"))).toThrow("has 2 problems");
    const filled = text.replaceAll("0".repeat(64), "a".repeat(64));
    const { instanceGroups } = parseStackConfig(stackSettings(filled, "docs/install.md"));
    expect(instanceGroups.pilot?.instances).toEqual([{ name: "pilot-canary" }]);
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

  test.each(["docs/install.md", "docs/upgrade.md", "docs/limits.md"])(
    "%s has sentences of 25 words at most",
    (page) => {
      expect(sentencesIn(textOf(page)).length).toBeGreaterThan(2);
      expect(longerThan(25, textOf(page))).toEqual([]);
    },
  );

  // Decisions are dated: what was written stays as it was.
  test.each(pages.filter((page) => page !== "docs/design.md"))(
    "%s has no sentence above 30 words",
    (page) => {
      expect(longerThan(30, textOf(page))).toEqual([]);
    },
  );

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
