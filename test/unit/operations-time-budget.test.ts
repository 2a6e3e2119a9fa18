import { expect, test } from "vitest";
import type { Check } from "../../config/check-kind.ts";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { checkSchema } from "../../lifecycle/stack-config.ts";
import { budgetProblem, scaledBudgetNotice } from "../../lifecycle/update/time-budget.ts";
import { recorder } from "../support/records.ts";

function check(deadline: number): Check {
  return checkSchema.parse({ kind: "http", path: "/", body: { a: 1 }, deadline: `${deadline}s` });
}

const workload = { gate: [check(15)], verification: [check(60), check(25)], stopGrace: 30, healthWait: 120 };

test("a window holds failed checks, a full restore and a second start", () => {
  expect(budgetProblem({ ...workload, maintenance: 300 }, 50)).toBeUndefined();
});

test("a shorter one is refused with the parts that it would have to hold", () => {
  expect(budgetProblem({ ...workload, maintenance: 299 }, 50)).toBe(
    "a failed verification and a full restore may take 5m, but the window has 4m 59s. The checks may take 1m 40s, the restore 50s " +
      "as in the drill, a stop and a start 2m 30s. Make clawforce:maintenance.length longer, or the deadlines shorter.",
  );
});

test("a window that slow checks may overrun is said, with the settings that help, and refuses nothing", () => {
  const slow: EvidenceEntry = {
    kind: "verification",
    image: "i",
    container: "c",
    outcome: "passed",
    checks: [
      { name: "http /", severity: "critical", outcome: "passed", detail: "", seconds: 40, attempts: 1 },
    ],
    checksHash: "",
    seconds: 40,
  };
  const records = recorder({ workload: "a" })(slow);
  const wide = { ...workload, maintenance: 300, deadlines: { factor: 3, longest: 600, baseline: 120 } };
  expect(scaledBudgetNotice(wide, 50, [])).toBeUndefined();
  expect(budgetProblem(wide, 50)).toBeUndefined();
  expect(scaledBudgetNotice(wide, 50, records)).toBe(
    "the checks were slow last time, so they get up to 6m now. A failed verification and a full restore may then take 9m 20s, " +
      "but the window has 5m. Make clawforce:maintenance.length longer, or clawforce:deadlines.longest shorter.",
  );
  const capped = { ...wide, deadlines: { ...wide.deadlines, longest: 15 } };
  expect(scaledBudgetNotice(capped, 50, records)).toBeUndefined();
});
