import type { PolicyConfigJSONSchema } from "@pulumi/policy/schema.js";
import { isObject, read } from "./guarded-read.ts";
import { readImageReference, repositoryOf } from "./image-reference.ts";

/** Something that a rule lets be for a while. */
export interface Exemption {
  /** Whole, never a prefix: `foo` must not exempt `foo-evil`. */
  subject: string;
  reason: string;
  /** Last day on which it counts, in UTC: `2026-12-31`. */
  expires: string;
}

/** What an exemption of a rule names. */
export interface ExemptionSubject {
  /** Its key in the configuration. */
  field: "repository" | "resource";
  /** What is wrong with such a name and what to write. */
  problem(name: string): string | undefined;
}

/** Registry and path, whole: `docker.io/library/redis`. */
export const byRepository: ExemptionSubject = { field: "repository", problem: repositoryProblem };

/** The name of a resource in its program. */
export const byResource: ExemptionSubject = {
  field: "resource",
  problem: (name) => (name.trim() === "" ? "resource is empty. Write: the name of one resource" : undefined),
};

export function exemptionsSchema({ field }: ExemptionSubject): PolicyConfigJSONSchema {
  const what = field === "repository" ? "Repositories" : "Resources, by their names,";
  return {
    type: "array",
    description: `${what} that this rule passes over, each with a reason and a last day`,
    items: {
      type: "object",
      properties: {
        [field]: { type: "string", minLength: 1 },
        reason: { type: "string", minLength: 1 },
        expires: { type: "string", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" },
      },
      required: [field, "reason", "expires"],
      additionalProperties: false,
    },
    default: [],
  };
}

/** The exemptions that count, and a sentence for each that does not. */
export interface Exemptions {
  counting: readonly Exemption[];
  problems: readonly string[];
}

/** @param listed - `exemptions` as the configuration has it. */
export function readExemptions(listed: unknown, subject: ExemptionSubject): Exemptions {
  const counting: Exemption[] = [];
  const problems: string[] = [];
  for (const [index, value] of (Array.isArray(listed) ? listed : []).entries()) {
    const text = (key: string) => (isObject(value) ? String(read(value, key) ?? "") : "");
    const exemption = { subject: text(subject.field), reason: text("reason"), expires: text("expires") };
    const problem = exemptionProblem(exemption, subject);
    if (problem === undefined) counting.push(exemption);
    else problems.push(`exemptions[${index}]: ${problem}. Until then it counts for nothing.`);
  }
  return { counting, problems };
}

function exemptionProblem(
  { subject: name, reason, expires }: Exemption,
  subject: ExemptionSubject,
): string | undefined {
  const problem = subject.problem(name);
  if (problem !== undefined) return problem;
  if (reason.trim() === "") return `reason is empty. Write: why this ${subject.field} may be let be`;
  if (!isDay(expires)) return `expires ${JSON.stringify(expires)} is no day. Write: a day like 2026-12-31`;
  return undefined;
}

function repositoryProblem(repository: string): string | undefined {
  const read = readImageReference(repository);
  if (!("problem" in read) && repositoryOf(read) === repository) return undefined;
  const whole = "problem" in read ? "<registry>/<path>, without tag and digest" : repositoryOf(read);
  return `repository ${JSON.stringify(repository)} is no whole name of a repository. Write: ${whole}`;
}

/**
 * What the exemptions add to the message about a subject: `exempt` when there is to be none.
 * @param today - `2026-12-31`, in UTC.
 */
export function exemptionNote(subject: string, exemptions: readonly Exemption[], today: string): string {
  const named = exemptions.filter((exemption) => exemption.subject === subject);
  if (named.some(({ expires }) => today <= expires)) return "exempt";
  const [ended] = named.toSorted((one, other) => (one.expires < other.expires ? 1 : -1));
  return ended === undefined
    ? ""
    : ` Its exemption (${JSON.stringify(ended.reason)}) ended on ${ended.expires}.`;
}

/** Today in UTC, as exemptions have their days. */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
