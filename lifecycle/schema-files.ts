import { readFileSync, writeFileSync } from "node:fs";
import { inputSchema, pageText, schemaText } from "../config/json-schema.ts";
import { keyRows } from "../config/reference-page.ts";
import type { CheckKind } from "./checks/kind.ts";
import { checkKinds } from "./checks/kinds.ts";
import { stackSchema } from "./stack-config.ts";

/** The files that are made from the schema of a stack file and from the kinds of check, as they should be. */
export function schemaFiles(): ReadonlyMap<URL, string> {
  const checksPage = fileOf("docs/checks.md");
  return new Map([
    // Stack files name it in their first line.
    [fileOf("config/stack.schema.json"), schemaText(stackSchema)],
    [fileOf("docs/configuration.md"), pageText(stackSchema)],
    [checksPage, withKinds(readFileSync(checksPage, "utf8"))],
  ]);
}

function fileOf(path: string): URL {
  return new URL(`../${path}`, import.meta.url);
}

/** All that stands between the two marks; the rest of the page is written by hand. */
const kindsPart = /(?<=^<!-- kinds: [^\n]* -->\n\n).*?(?=\n<!-- end of kinds -->$)/ms;

function withKinds(page: string): string {
  const table = [
    "| kind | for | fields | default deadline |",
    "| --- | --- | --- | --- |",
    ...checkKinds.map(rowOf),
  ];
  const sections = checkKinds.map(({ name, section }) => `## ${name}${section}`);
  return page.replace(kindsPart, () => [`${table.join("\n")}\n`, ...sections].join("\n"));
}

function rowOf({ name, tracks, schema }: CheckKind): string {
  const common = ["kind", "name", "severity", "deadline", "interval"];
  const rows = keyRows(inputSchema(schema));
  const fields = rows
    .filter(({ key }) => !common.includes(key))
    .map(({ key, fallback }) => `\`${key}\`${/^`(?!\[\])[^`]*`$/.test(fallback) ? ` (${fallback})` : ""}`);
  const deadline = rows.find(({ key }) => key === "deadline")?.fallback.replaceAll("`", "");
  const [only] = tracks.length > 1 ? [] : tracks;
  const where = only === undefined ? "both" : only === "runtime" ? "gateways" : "the control plane";
  return `| \`${name}\` | ${where} | ${fields.join(", ")} | ${deadline} |`;
}

if (import.meta.main) {
  for (const [file, text] of schemaFiles()) writeFileSync(file, text);
}
