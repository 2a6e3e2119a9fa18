import type { Policy, ReportViolation } from "@pulumi/policy";
import type { PolicyConfigJSONSchema } from "@pulumi/policy/schema.js";

/** `mandatory` is as strict as the rule itself; `advisory` only warns. */
export type Level = "mandatory" | "advisory" | "disabled";

/** The parts of a message, each part of one sentence. */
export interface Told {
  /** What is there. */
  what: string;
  /** Why it matters. */
  why: string;
  /** What to write, or do, instead. */
  write: string;
}

/** Where a finding stands. */
export interface Place {
  /** Name of the resource. */
  resource: string;
  /** Below its properties: `spec.containers[0].image`. */
  path: string;
  /** Of the resource, where the policy judges more than one. */
  urn?: string | undefined;
}

/** How strict a rule is with each of its findings, by the finding's name. */
export type Levels<Kind extends string> = Readonly<Partial<Record<Kind, Level>>>;

/** @param milder - those that are not mandatory by default. */
export function levelsSchema(kinds: readonly string[], milder: Levels<string>): PolicyConfigJSONSchema {
  return {
    type: "object",
    description:
      "How strict the rule is with each finding: mandatory (as the rule itself), advisory or disabled",
    properties: Object.fromEntries(
      kinds.map((kind) => [
        kind,
        {
          type: "string" as const,
          enum: ["mandatory", "advisory", "disabled"],
          default: milder[kind] ?? "mandatory",
        },
      ]),
    ),
    additionalProperties: false,
    default: {},
  };
}

/** One line for each finding, the same wherever it is said. */
export function messageOf(rule: string, { resource, path }: Place, told: Told, note: string): string {
  const { what, why, write } = told;
  return `[${rule}] ${resource} ${path}: ${what}. Why: ${why}. Write: ${write}.${note}`;
}

/** Reports a message as strictly as `level` says. */
export function reportAs(
  level: Exclude<Level, "disabled">,
  { description }: Policy,
  message: string,
  report: ReportViolation,
  urn?: string,
): void {
  if (level === "mandatory") {
    report(message, urn);
    return;
  }
  // The SDK takes an object too, which its types do not say.
  const warning = {
    message: `${description}\n${message}`,
    enforcementLevel: "advisory",
    ...(urn !== undefined && { urn }),
  };
  (report as unknown as (violation: object) => void)(warning);
}

const quotedLength = 160;

/** In quotes that show what an eye does not see or takes for something else. */
export function quoted(text: string): string {
  const escaped = JSON.stringify(text.slice(0, quotedLength)).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return text.length > quotedLength ? `${escaped.slice(0, -1)}…"` : escaped;
}

/** The first five of names, in the order that they are given in. */
export function firstOf(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
