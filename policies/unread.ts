import type { FactProblem } from "./fleet-facts.ts";
import type { Finding } from "./rule.ts";

/** What a rule says of what it can't read: that is refused, never passed over. */
export type Unread = Finding<FactProblem["problem"]>;

/** A property of any resource. */
export function unreadProperty(
  { name, urn }: { name: string; urn: string },
  { path, problem }: { path: string; problem: FactProblem["problem"] },
): Unread {
  return {
    ...{ kind: problem, resource: name, urn, path },
    what:
      problem === "unknown"
        ? "the value is not known at preview"
        : "the value is missing or of another shape",
    why: "what rests on it can't be judged",
    write: "a literal value, not the output of another resource",
  };
}
