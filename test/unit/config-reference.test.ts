import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { doc } from "../../config/fields.ts";
import { inputSchema } from "../../config/json-schema.ts";
import { type KeyRow, keyRows } from "../../config/reference-page.ts";
import { schemaFiles } from "../../lifecycle/schema-files.ts";
import { stackSchema } from "../../lifecycle/stack-config.ts";

const plainSentences = /^[A-Z`].*[^.]\.$/s;

/** What the page would leave unsaid of a key. */
function silences({ key, meaning, fallback, example, hasKeys }: KeyRow): string[] {
  return [
    ...(plainSentences.test(meaning) ? [] : [`${key} has no description in whole sentences`]),
    ...(fallback === "" ? [`${key} does not say its default`] : []),
    ...(example === "" && !hasKeys ? [`${key} has no example`] : []),
    ...(example !== "" && example === fallback ? [`${key} has its default as its example`] : []),
  ];
}

/** Every example of a schema with the key that it is of, and what the schema says of it. */
function wrongExamples(schema: z.ZodType): { count: number; wrong: string[] } {
  const wrong: string[] = [];
  let count = 0;
  z.toJSONSchema(schema, {
    io: "input",
    override: ({ zodSchema, path }) => {
      const { examples = [] } = (z.globalRegistry.get(zodSchema) ?? {}) as { examples?: unknown[] };
      for (const example of examples) {
        count += 1;
        const result = z.safeParse(zodSchema, example);
        if (!result.success) wrong.push(`${path.join(".")}: ${JSON.stringify(example)}`);
      }
    },
  });
  return { count, wrong };
}

test.each([...schemaFiles()].map(([file, text]) => [basename(file.pathname), file, text] as const))(
  "%s is checked in as `npm run schema` writes it",
  (_, file, text) => {
    expect(readFileSync(file, "utf8")).toBe(text);
  },
);

describe("docs/configuration.md", () => {
  test("says of every key what it means, its default and an example", () => {
    const rows = keyRows(inputSchema(stackSchema));
    expect(rows.length).toBeGreaterThan(150);
    expect(rows.flatMap(silences)).toEqual([]);
  });

  test("has examples that the configuration takes", () => {
    const { count, wrong } = wrongExamples(stackSchema);
    expect(count).toBeGreaterThan(120);
    expect(wrong).toEqual([]);
  });
});

describe("the look for what a page leaves unsaid", () => {
  test("finds a key without description, default and example", () => {
    const schema = z.strictObject({ wave: z.int().optional() });
    expect(keyRows(z.toJSONSchema(schema)).flatMap(silences)).toEqual([
      "wave has no description in whole sentences",
      "wave does not say its default",
      "wave has no example",
    ]);
  });

  test("finds half a sentence, and a default as its own example", () => {
    const schema = z.strictObject({ wave: z.int().default(1).meta(doc("index into waves", 1)) });
    expect(keyRows(z.toJSONSchema(schema, { io: "input" })).flatMap(silences)).toEqual([
      "wave has no description in whole sentences",
      "wave has its default as its example",
    ]);
  });

  test("finds an example that does not parse", () => {
    const schema = z.strictObject({ wave: z.int().meta(doc("The wave.", "one")) });
    expect(wrongExamples(schema)).toEqual({ count: 1, wrong: ['properties.wave: "one"'] });
  });
});
