import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/** Where what an operator reads is written. */
const rooms = ["components", "config", "fleet", "lifecycle", "operations", "platforms", "policies", "review"];

/** Words of a sentence; more has to be read twice. */
const longest = 25;

/** Files whose sentences stand in the stacks' state: another wording would show as an operation in each of them. */
const inTheState = ["config/rollout.ts"];

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Each sentence of the texts in a source that is longer than that. */
function longSentences(source: string): string[] {
  return textsOf(source)
    .filter((text) => !isCode(text))
    .flatMap(sentencesOf)
    .filter((sentence) => sentence.split(/\s+/).length > longest);
}

/** Texts as they are put together: with an ellipsis where a value comes in, and with what is added to them. */
function textsOf(source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const text = textOf(node);
    if (text !== undefined) found.push(text);
    else ts.forEachChild(node, visit);
  };
  const textOf = (node: ts.Node): string | undefined => {
    if (ts.isStringLiteralLike(node)) return node.text;
    if (ts.isParenthesizedExpression(node)) return textOf(node.expression);
    if (ts.isTemplateExpression(node)) {
      for (const { expression } of node.templateSpans) visit(expression);
      return node.templateSpans.reduce((text, { literal }) => `${text}…${literal.text}`, node.head.text);
    }
    if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return undefined;
    const [left, right] = [textOf(node.left), textOf(node.right)];
    if (left === undefined && right === undefined) return undefined;
    if (left === undefined) visit(node.left);
    if (right === undefined) visit(node.right);
    return `${left ?? "…"}${right ?? "…"}`;
  };
  visit(ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest));
  return found;
}

/** A script or a style sheet. */
function isCode(text: string): boolean {
  return /[{}]$/m.test(text);
}

/** An indented line is an item of a list, and a value before a capital is a sentence: each stands for itself. */
function sentencesOf(text: string): string[] {
  return text
    .split(/(?<=[.?!][`")]*)\s+|(?<=…)\s+(?=[A-Z])|\n\s*\n|\n(?=\s)/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== "");
}

describe("what an operator reads", () => {
  const files = rooms.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => `${room}/${file.replaceAll("\\", "/")}`),
  );

  test(`has at most ${longest} words in a sentence`, () => {
    const found = files
      .filter((file) => !inTheState.includes(file))
      .flatMap((file) =>
        longSentences(readFileSync(join(root, file), "utf8")).map((sentence) => `${file}: ${sentence}`),
      );
    expect(found).toEqual([]);
  });
});

describe("a long sentence", () => {
  const words = (count: number) => Array.from({ length: count }, () => "word").join(" ");

  test.each([
    ["in one text", `f("${words(26)}.")`],
    ["behind a short one", `f("Short. ${words(26)}.")`],
    ["in two halves", `f("${words(13)} " + "${words(13)}")`],
    ["in two halves with a value between", `f("${words(13)} " + value + " ${words(13)}")`],
    ["around a value", `f(\`${words(13)} \${value} ${words(13)}\`)`],
    ["in a value", `f(\`Short: \${value ? "${words(26)}" : ""}\`)`],
    ["over lines", `f(\`${words(13)}\n${words(13)}\`)`],
  ])("is found %s", (_, source) => {
    expect(longSentences(source)).toHaveLength(1);
  });

  test.each([
    ["two sentences", `f("${words(25)}. ${words(25)}.")`],
    ["a sentence behind one that comes in", `f(\`${words(13)}: \${value} Word ${words(13)}\`)`],
    ["a list", `f(\`It\n  ${words(20)}\n  ${words(20)}\`)`],
    ["a comment", `// ${words(30)}`],
    ["a script", `f(\`const a = () => {\n${words(30)}\n}\`)`],
  ])("is not taken for one: %s", (_, source) => {
    expect(longSentences(source)).toEqual([]);
  });
});
