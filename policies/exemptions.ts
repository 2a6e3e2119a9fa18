import type { PolicyConfigJSONSchema } from "@pulumi/policy/schema.js";
import { readImageReference, repositoryOf } from "./image-reference.ts";

/** A repository that a rule lets be for a while. */
export interface Exemption {
  /** Registry and path, whole: `docker.io/library/redis`. Never a prefix: `foo` must not exempt `foo-evil`. */
  repository: string;
  reason: string;
  /** Last day on which it counts, in UTC: `2026-12-31`. */
  expires: string;
}

export const exemptionsSchema: PolicyConfigJSONSchema = {
  type: "array",
  description: "Repositories that this rule lets be, each with a reason and the last day on which it does",
  items: {
    type: "object",
    properties: {
      repository: { type: "string", minLength: 1 },
      reason: { type: "string", minLength: 1 },
      expires: { type: "string", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" },
    },
    required: ["repository", "reason", "expires"],
    additionalProperties: false,
  },
  default: [],
};

/** What the exemptions say of a repository: it is exempt, it was until a day, or nothing. */
export type ExemptionVerdict =
  | { state: "exempt" }
  | { state: "ended"; exemption: Exemption }
  | { state: "none" };

/** `today` as `2026-12-31`, in UTC. An exemption that has a problem counts for nothing. */
export function exemptionFor(
  repository: string,
  exemptions: readonly Exemption[],
  today: string,
): ExemptionVerdict {
  const named = exemptions.filter(
    (exemption) => exemptionProblem(exemption) === undefined && exemption.repository === repository,
  );
  if (named.some(({ expires }) => today <= expires)) return { state: "exempt" };
  const [ended] = named.toSorted((one, other) => (one.expires < other.expires ? 1 : -1));
  return ended === undefined ? { state: "none" } : { state: "ended", exemption: ended };
}

/** What is wrong with an exemption and what to write; undefined when it can count. */
export function exemptionProblem({ repository, reason, expires }: Exemption): string | undefined {
  const read = readImageReference(repository);
  const isWhole = !("problem" in read) && repositoryOf(read) === repository;
  if (!isWhole) {
    const whole = "problem" in read ? "<registry>/<path>, without tag and digest" : repositoryOf(read);
    return `repository ${JSON.stringify(repository)} is no whole name of a repository. Write: ${whole}`;
  }
  if (reason.trim() === "") return "reason is empty. Write: why this repository may be let be";
  if (!isDay(expires)) return `expires ${JSON.stringify(expires)} is no day. Write: a day like 2026-12-31`;
  return undefined;
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
