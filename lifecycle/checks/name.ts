import type { Check } from "../../config/check-schema.ts";

/** What messages and records call a check. */
export function checkName(check: Check): string {
  if (check.name !== undefined) {
    return check.name;
  }
  switch (check.kind) {
    case "http":
      return `http ${check.path}`;
    case "command":
    case "workflow":
      return `${check.kind} ${check.argv.join(" ")}`;
    default:
      return check.kind;
  }
}
