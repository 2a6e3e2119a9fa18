import { expect, test } from "vitest";
import type { Check } from "../../config/check-schema.ts";
import { budgetProblem } from "../../operations/time-budget.ts";

function check(deadline: number): Check {
  return {
    kind: "http",
    path: "/",
    status: 200,
    body: { a: 1 },
    severity: "critical",
    deadline,
    interval: 1,
  };
}

const workload = { gate: [check(15)], verification: [check(60), check(25)], stopGrace: 30, healthWait: 120 };

test("a window holds failed checks, a full restore and a second start", () => {
  expect(budgetProblem({ ...workload, maintenance: 300 }, 50)).toBeUndefined();
});

test("a shorter one is refused with the parts that it would have to hold", () => {
  expect(budgetProblem({ ...workload, maintenance: 299 }, 50)).toBe(
    "a failed verification and a full restore may take 5m (checks 1m 40s, restore and start in the drill 50s, stop and start again 2m 30s), " +
      "the window has 4m 59s. Make clawforce:maintenance.length longer, or the deadlines shorter.",
  );
});
