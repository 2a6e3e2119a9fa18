import { stringify } from "yaml";
import type { z } from "zod";
import { composeSection } from "./compose-example.ts";
import { replaces } from "./replacing-keys.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** One key of the configuration, as the page says it. */
export interface KeyRow {
  /** From its section on: `container.health.path`, `instances[].name`, `<name>.stable`. */
  key: string;
  meaning: string;
  /** "required", a value as one would write it, or what happens without the key. */
  fallback: string;
  /** A value as one would write it; empty for a mapping, whose keys have theirs. */
  example: string;
  /** Whether it is a mapping whose keys have rows of their own. */
  hasKeys: boolean;
}

const intro = `# Configuration

Every key of a stack file. This page is made from the schema in \`config/\` by \`npm run schema\`; do not edit it by hand.
\`config/stack.schema.json\` says the same to editors.

A key stands below \`config:\` in \`Pulumi.<stack>.yaml\`, with the prefix \`clawforce:\`. The tables leave the prefix out:

\`\`\`yaml
config:
  clawforce:maintenance:
    length: 90m
\`\`\`

\`pulumi preview\` refuses a key that it does not know and a value of the wrong form. It lists every problem at once, each with
its path, and touches nothing. [Pulumi.staging.yaml](../Pulumi.staging.yaml) and [Pulumi.prod.yaml](../Pulumi.prod.yaml) are two
whole examples.

- A **duration** is whole numbers with units: \`500ms\`, \`30s\`, \`1h30m\`, \`2d\`.
- A **size** is a number with a unit: \`512 MB\`, \`2 GiB\`.
- An **image** is a reference with a tag and a digest. \`fleet pin\` writes the digest; the examples shorten it to \`…\`.
- A **pattern** is a regular expression in JavaScript's syntax.
- \`<name>\` stands for a name of yours, \`[]\` for each entry of a list.
`;

const replacingText =
  "*Change* says what becomes of a container that is there. `new container`: it is made anew after a preparation, with all checks. Keys of a group go to the canary first, those of an instance to that one. `in place`: it goes on.";

/** docs/configuration.md, from the JSON schema of the settings and that of the secrets. */
export function referencePage(settings: JsonSchema, secrets: Record<string, JsonSchema>): string {
  const keys = Object.entries(settings.properties ?? {}) as [string, JsonSchema][];
  const overview = keys.map(([key, schema]) => {
    const row = rowOf(key, schema, settings.required ?? []);
    return row.hasKeys ? { ...row, key: `[${key}](#${key.toLowerCase()})` } : row;
  });
  const sections = keys.flatMap(([key, schema]) => {
    const rows = rowsBelow("", schema);
    return rows.length === 0 ? [] : [sectionOf(key, schema, rows)];
  });
  return [
    intro,
    `## All keys\n\n${table(overview)}\n`,
    ...sections,
    composeSection,
    secretsSection(secrets),
    checksSection(settings),
  ].join("\n");
}

/** All keys with their whole paths, those of the checks included: for a test that none is silent. */
export function keyRows(settings: JsonSchema): KeyRow[] {
  return [
    ...rowsBelow("", settings),
    ...checksOf(settings).flatMap((check) => rowsBelow(`${kindOf(check)}.`, check)),
  ];
}

function sectionOf(key: string, schema: JsonSchema, rows: KeyRow[]): string {
  const lists = defaultLists(schema).map(
    ([path, list]) => `Default of \`${path}\`:\n\n\`\`\`yaml\n${stringify(list, { lineWidth: 0 })}\`\`\`\n`,
  );
  const said = rows.some((row) => replaces(key, row.key) !== undefined) ? `${replacingText}\n\n` : "";
  const withChange = rows.map((row) => ({ ...row, change: replaces(key, row.key) ?? "" }));
  return [
    `## ${key}\n\n${meaningOf(schema)}\n\n${said}${table(said === "" ? rows : withChange)}\n`,
    ...lists,
  ].join("\n");
}

function secretsSection(secrets: Record<string, JsonSchema>): string {
  const rows = Object.entries(secrets).map(
    ([key, { description = "" }]) => `| \`${key}\` | ${cell(description)} |`,
  );
  return [
    "## Secrets\n",
    "Pulumi encrypts these keys in the stack file. In plain text they are refused.\n",
    ["| Key | Meaning |", "| --- | --- |", ...rows].join("\n"),
    "",
  ].join("\n");
}

function checksSection(settings: JsonSchema): string {
  const checks = checksOf(settings);
  const shared = rowsBelow("", checks[0] ?? {}).filter(({ key }) => sharedKeys.includes(key));
  const kinds = checks.map((check) => {
    const rows = rowsBelow("", check).filter(
      (row) =>
        row.key !== "kind" &&
        !shared.some(({ key, fallback }) => key === row.key && fallback === row.fallback),
    );
    const { description = "" } = kindSchema(check);
    return [
      `### ${kindOf(check)}\n`,
      `${description}\n`,
      ...(rows.length > 0 ? [`${table(rows)}\n`] : []),
    ].join("\n");
  });
  return [
    "## Checks\n",
    "The entries of `gate` and `verification`. [checks.md](checks.md) says what each kind proves. Every kind has its `kind` and:\n",
    `${table(shared)}\n`,
    ...kinds,
  ].join("\n");
}

const sharedKeys = ["name", "severity", "deadline", "interval"];

function checksOf(settings: JsonSchema): JsonSchema[] {
  return variantsOf((settings.definitions as Record<string, JsonSchema> | undefined)?.check ?? {});
}

function kindSchema(check: JsonSchema): JsonSchema {
  const kind = check.properties?.kind;
  return isSchema(kind) ? kind : {};
}

function kindOf(check: JsonSchema): string {
  return String(kindSchema(check).const);
}

/** A row for each key below, in the schema's order; none where the schema is no mapping with keys of ours. */
function rowsBelow(prefix: string, schema: JsonSchema): KeyRow[] {
  const own = Object.entries(schema.properties ?? {}) as [string, JsonSchema][];
  const entry = schema.additionalProperties;
  return [
    ...own.flatMap(([key, value]) => [
      { ...rowOf(key, value, schema.required ?? []), key: prefix + key },
      ...rowsBelow(`${prefix}${key}.`, value),
    ]),
    ...(typeof entry === "object" ? rowsBelow(`${prefix}<name>.`, entry as JsonSchema) : []),
    ...(isSchema(schema.items) ? rowsBelow(`${prefix.replace(/\.$/, "")}[].`, schema.items) : []),
    ...variantsOf(schema).flatMap((variant) => rowsBelow(prefix, variant)),
  ];
}

function variantsOf(schema: JsonSchema): JsonSchema[] {
  return (schema.anyOf ?? schema.oneOf ?? [])
    .filter(isSchema)
    .filter(({ required, ...rest }) => Object.keys(rest).length > 0);
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function rowOf(key: string, schema: JsonSchema, required: readonly string[]): KeyRow {
  return {
    key,
    meaning: meaningOf(schema),
    fallback: required.includes(key) ? "required" : fallbackOf(schema),
    example: exampleOf(schema),
    hasKeys: rowsBelow("", schema).length > 0,
  };
}

const fallbackSentence = /\s*Default: (.+)\.$/;

/** What it is, which values it may have, and where to read on; without its last sentence when that is its default. */
function meaningOf(schema: JsonSchema): string {
  const { description = "" } = schema;
  const entries = isSchema(schema.items) ? schema.items : {};
  return [
    description.replace(fallbackSentence, "").replace(/docs\/([a-z-]+\.md)/g, "[$1]($1)"),
    ...(schema.enum ? [`One of ${codeList(schema.enum)}.`] : []),
    ...(entries.enum ? [`Each is one of ${codeList(entries.enum)}.`] : []),
    ...(entries.$ref === "#/definitions/check" ? ["See [Checks](#checks)."] : []),
  ].join(" ");
}

function codeList(values: readonly unknown[]): string {
  return values.map((value) => `\`${value}\``).join(", ");
}

function fallbackOf(schema: JsonSchema): string {
  if (isListOfMappings(schema.default)) return "below the table";
  const said = fallbackSentence.exec(schema.description ?? "")?.[1];
  if (said !== undefined) return said;
  if (schema.default !== undefined) return code(schema.default);
  return rowsBelow("", schema).length > 0 ? "that of its keys" : "";
}

function exampleOf(schema: JsonSchema): string {
  const value = schema.const ?? schema.examples?.[0];
  return value === undefined ? "" : code(value);
}

/** In one line, as in a stack file. */
function code(value: unknown): string {
  const text = stringify(value, {
    collectionStyle: "flow",
    flowCollectionPadding: false,
    lineWidth: 0,
  }).trim();
  return `\`${text.replace(/@sha256:[0-9a-f]{64}/g, "@sha256:…")}\``;
}

function isListOfMappings(value: unknown): value is object[] {
  return Array.isArray(value) && value.some(isSchema);
}

/** Defaults that are too long for a cell, by their paths. */
function defaultLists(schema: JsonSchema, prefix = ""): [string, object[]][] {
  const entry = schema.additionalProperties;
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([key, value]): [string, object[]][] =>
      isSchema(value) && isListOfMappings(value.default) ? [[prefix + key, value.default]] : [],
    ),
    ...(isSchema(entry) ? defaultLists(entry, `${prefix}<name>.`) : []),
  ];
}

function table(rows: readonly (KeyRow & { change?: string })[]): string {
  const isSaid = rows.some(({ change }) => change !== undefined);
  const columns = ["Key", "Meaning", "Default", "Example", ...(isSaid ? ["Change"] : [])];
  return [
    line(columns),
    line(columns.map(() => "---")),
    ...rows.map(({ key, meaning, fallback, example, change }) =>
      line([
        ...[key.startsWith("[") ? key : `\`${key}\``, meaning, fallback, example],
        ...(change === undefined ? [] : [change]),
      ]),
    ),
  ].join("\n");
}

function line(cells: readonly string[]): string {
  return `| ${cells.map(cell).join(" | ")} |`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
