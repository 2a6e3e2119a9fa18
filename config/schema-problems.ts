import { z } from "zod";
import { fieldOf } from "./json.ts";
import { suggestion } from "./nearest.ts";
import type { Path, Problem } from "./problem.ts";

/** Every way in which `raw` breaks the schema, as rule and remedy. Values of unknown meaning are never printed. */
export function schemaProblems(schema: z.ZodType, raw: unknown): Problem[] {
  const result = schema.safeParse(raw, { error: (issue) => messageOf(issue) });
  if (result.success) return [];
  return result.error.issues.flatMap((issue) => problemsOf(schema, raw, issue, []));
}

function problemsOf(schema: z.ZodType, raw: unknown, issue: z.core.$ZodIssue, base: Path): Problem[] {
  const path: Path = [...base, ...issue.path.map(pathPart)];
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = knownKeys(schema, raw, path);
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: `unknown key. Remove it, or ${suggestion(key, known)}`,
        unknownKey: true,
      }));
    }
    case "invalid_key":
      return issue.issues.map((nested) => ({ path, message: sentence(nested.message) }));
    case "invalid_union": {
      const branch = likeliestBranch(issue.errors);
      if (branch === undefined) return [{ path, message: sentence(issue.message) }];
      return branch.flatMap((nested) => problemsOf(schema, raw, nested, path));
    }
    default:
      return [{ path, message: sentence(issue.message) }];
  }
}

/** Of a union's branches the one that takes a value of this type at all: its complaints are the useful ones. */
function likeliestBranch(branches: z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  return branches.find(
    (issues) => !issues.some((issue) => issue.code === "invalid_type" && issue.path.length === 0),
  );
}

function pathPart(part: PropertyKey): string | number {
  return typeof part === "number" ? part : String(part);
}

function sentence(message: string): string {
  return /[.?]$/.test(message) ? message : `${message}.`;
}

/** For what the schema has no words of its own. */
function messageOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return `required, but not set. Write ${nounOf(issue.expected)}`;
      if (issue.input === null)
        return `the key has no value. Write ${nounOf(issue.expected)}, or remove the key`;
      return `expected ${nounOf(issue.expected)}, found ${kindOf(issue.input)}. ${typeRemedy(issue.expected, issue.input)}`;
    case "invalid_value":
      if (issue.input === undefined) return `required, but not set. Write ${alternatives(issue.values)}`;
      return `${scalarText(issue.input)} is not known here. Write ${alternatives(issue.values)}`;
    case "invalid_union": {
      const kinds = stringList(issue.options);
      if (typeof issue.discriminator !== "string")
        return "the value has none of the allowed forms. See config/schema.ts";
      const written = fieldOf(issue.input, issue.discriminator);
      if (written === undefined) return `required, but not set. Write ${alternatives(kinds)}`;
      if (typeof written !== "string")
        return `expected a text, found ${kindOf(written)}. Write ${alternatives(kinds)}`;
      return `${JSON.stringify(written)} is not known here. Write ${alternatives(kinds)}`;
    }
    case "too_small":
      if (issue.origin === "array") return "the list is empty. Write at least one entry";
      if (issue.origin === "string") return "the text is empty. Write one, or leave the key out";
      return `${scalarText(issue.input)} is too small. Write ${issue.minimum} or more`;
    case "too_big":
      return `${scalarText(issue.input)} is too large. Write ${issue.maximum} or less`;
    default:
      return "the value has not the allowed form. See config/schema.ts";
  }
}

function nounOf(expected: string): string {
  const nouns: Readonly<Record<string, string>> = {
    string: "a text",
    int: "a whole number",
    // Where the schema takes numbers, it takes whole ones.
    number: "a whole number",
    boolean: "true or false",
    array: "a list",
    object: "a mapping",
    record: "a mapping",
  };
  return nouns[expected] ?? expected;
}

function typeRemedy(expected: string, input: unknown): string {
  switch (expected) {
    case "string":
      return "Put it in quotes";
    case "array":
      return "Write one entry per line, each behind a hyphen";
    case "object":
    case "record":
      return "Write `key: value` lines below it";
    default:
      return `Write ${nounOf(expected)}${typeof input === "string" ? " without quotes" : ""}`;
  }
}

function kindOf(input: unknown): string {
  if (input === null) return "nothing";
  if (Array.isArray(input)) return "a list";
  switch (typeof input) {
    case "string":
      return "a text";
    case "number":
      return Number.isInteger(input) ? "a number" : "a number with a fraction";
    case "boolean":
      return String(input);
    default:
      return "a mapping";
  }
}

function scalarText(input: unknown): string {
  return typeof input === "string" || typeof input === "number" ? JSON.stringify(input) : kindOf(input);
}

function alternatives(values: readonly unknown[]): string {
  const quoted = values.map((value) => JSON.stringify(value));
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}

function stringList(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}

/** The keys that the schema allows at a path; below a union those of the branch that `raw` asks for. */
function knownKeys(schema: z.ZodType, raw: unknown, path: Path): string[] {
  let places = objectsOf(schema, raw);
  let value = raw;
  for (const part of path) {
    value = fieldOf(value, part);
    places = places.flatMap((place) => {
      const inner = childOf(place, part);
      return inner === undefined ? [] : objectsOf(inner, value);
    });
  }
  return places.flatMap((place) => (place instanceof z.ZodObject ? Object.keys(place.shape) : []));
}

function childOf(place: z.core.$ZodType, part: string | number): z.core.$ZodType | undefined {
  if (place instanceof z.ZodObject) return fieldOf(place.shape, part) as z.core.$ZodType | undefined;
  if (place instanceof z.ZodRecord) return place.valueType;
  if (place instanceof z.ZodArray) return place.element;
  return undefined;
}

/** What stands behind defaults, transforms and unions. */
function objectsOf(schema: z.core.$ZodType, value: unknown): z.core.$ZodType[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return objectsOf(schema.unwrap(), value);
  }
  if (schema instanceof z.ZodPipe) return objectsOf(schema.in, value);
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const wanted = fieldOf(value, schema.def.discriminator);
    return schema.options.filter((option) => literalOf(option, schema.def.discriminator) === wanted);
  }
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => objectsOf(option, value));
  return [schema];
}

function literalOf(option: z.core.$ZodType, discriminator: string): unknown {
  if (!(option instanceof z.ZodObject)) return undefined;
  const literal = fieldOf(option.shape, discriminator);
  return literal instanceof z.ZodLiteral ? literal.value : undefined;
}
