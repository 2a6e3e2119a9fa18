import { describe, expect, it } from "vitest";
import { deadlineOf, lastPassingSeconds, slowSentence } from "../../lifecycle/checks/deadline.ts";
import type { CheckResult, EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { checkSchema } from "../../lifecycle/stack-config.ts";
import { recorder } from "../support/records.ts";

const check = checkSchema.parse({ kind: "http", path: "/readyz", body: { ready: true }, deadline: "15s" });
const deadlines = { factor: 3, longest: 600, baseline: 120 };
const history = recorder({ workload: "a" });

function verified(...results: [string, CheckResult["outcome"], number][]): EvidenceEntry {
  return {
    kind: "verification",
    image: "i",
    container: "c",
    outcome: "passed",
    checks: results.map(([name, outcome, seconds]) => ({
      ...{ name, outcome, seconds, severity: "critical", detail: "", attempts: 1 },
    })),
    checksHash: "",
    seconds: 1,
  };
}

describe("the deadline of a check", () => {
  const name = "http /readyz";
  it.each<[string, EvidenceEntry[], number]>([
    ["is its own without a run on record", [], 15],
    ["is its own after a fast run", [verified([name, "passed", 2])], 15],
    ["follows the last passing run", [verified([name, "passed", 30]), verified([name, "passed", 12])], 36],
    ["does not follow a failed one", [verified([name, "passed", 12]), verified([name, "failed", 90])], 36],
    ["does not follow another check", [verified(["pins", "passed", 90])], 15],
    ["ends at the longest", [verified([name, "passed", 500])], 600],
  ])("%s", (_what, entries, expected) => {
    expect(deadlineOf(check, history(...entries), deadlines)).toBe(expected);
  });

  it("is never less than its own, whatever the longest is", () => {
    const records = history(verified([name, "passed", 30]));
    expect(deadlineOf(check, records, { ...deadlines, longest: 5 })).toBe(15);
    expect(lastPassingSeconds(records, name)).toBe(30);
  });
});

describe("a check that had no answer in time", () => {
  const facts = { given: 36, seconds: 36.4, last: 12, longest: 600 };
  it("is called slow, not sick, with the run before and the setting that gives it more", () => {
    expect(slowSentence(check, facts, "curl: (28) timed out")).toBe(
      "slow: no answer within 36 s (curl: (28) timed out); the last passing run took 12 s. That is no sign that it is sick. " +
        "When the host is not so busy, run `pulumi up` again, or raise `deadline` of this check (15s)",
    );
  });

  it("names the setting that has cut it", () => {
    const cut = { given: 600, seconds: 600, last: undefined, longest: 600 };
    expect(slowSentence(check, cut, "late")).toMatch(
      /no passing run is on record.*raise `clawforce:deadlines\.longest`$/,
    );
  });
});
