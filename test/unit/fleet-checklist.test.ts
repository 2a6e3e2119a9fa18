import { describe, expect, test } from "vitest";
import type { Check, CheckInput } from "../../config/check-kind.ts";
import { checklist } from "../../fleet/checklist.ts";
import { recordedMoves } from "../../fleet/recorded-moves.ts";
import { recordedUpdates } from "../../fleet/recorded-updates.ts";
import type { CheckResult, EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { checkSchema } from "../../lifecycle/stack-config.ts";
import { candidate, stable } from "./config-fixture.ts";
import { configWith, onRecord } from "./fleet-rollout-fixture.ts";

const change = { owner: "ops@example.com", ticket: "CHG-1", changelogReviewed: true };
const markers = { databases: {} };

function passed(name: string, outcome: CheckResult["outcome"] = "passed"): CheckResult {
  return { name, severity: "critical", outcome, detail: "", seconds: 1, attempts: 1 };
}

function updateOf(outcome: "passed" | "failed", ...checks: CheckResult[]): EvidenceEntry[] {
  const judged = { image: candidate, container: "c".repeat(64), checksHash: "x" };
  const snapshot = { snapshot: "ab12cd34ef", image: stable, files: 1, bytes: 1, seconds: 1, markers };
  return [
    { kind: "snapshot", role: "cold", ...snapshot },
    {
      kind: "cut-over",
      from: stable,
      to: candidate,
      direction: "forward",
      snapshot: "ab12cd34ef",
      drained: { active: 0, seconds: 0, cut: 0 },
      stop: { seconds: 1, killed: false },
    },
    { kind: "gate", ...judged, outcome: "passed", checks: [passed("healthz")], markers },
    { kind: "verification", ...judged, outcome, checks, seconds: 1 },
  ];
}

const wayBack: EvidenceEntry[] = [
  {
    kind: "cut-over",
    from: candidate,
    to: stable,
    direction: "back",
    snapshot: "ffffffff",
    drained: { active: 0, seconds: 0, cut: 0 },
    stop: { seconds: 1, killed: false },
  },
  { kind: "gate", image: stable, container: "d", checksHash: "x", outcome: "passed", checks: [], markers },
  {
    kind: "verification",
    image: stable,
    container: "d",
    checksHash: "x",
    outcome: "passed",
    checks: [],
    seconds: 1,
  },
];

function filled(
  entries: EvidenceEntry[],
  checks: CheckInput[],
  settings: Record<string, unknown> = { change },
) {
  const moves = recordedMoves(onRecord("canary", ...entries)).map((move) => ({ workload: "canary", move }));
  const [update, ...later] = recordedUpdates(moves);
  if (update === undefined) throw new Error("no update");
  const parsed = checks.map((check): Check => checkSchema.parse(check));
  return checklist({ update, later, config: configWith(settings), checks: new Map([["canary", parsed]]) });
}

const logs: CheckInput = { kind: "logs", name: "log", appear: ["ready"], absent: ["Cannot find package"] };
const channels: CheckInput = { kind: "channels", name: "channels" };

describe("the checklist", () => {
  test("ticks what is on record, each line with its evidence, and leaves the rest to a person", () => {
    expect(filled(updateOf("passed", passed("log"), passed("channels")), [logs, channels])).toEqual([
      `- [x] Current version documented: ${stable}`,
      "- [x] Rollback command defined: `fleet rollback` goes back to agent-chromium:1.4.2-openclaw-2026.4.15@aaaaaaaaaaaa",
      "- [x] Configuration and state backup completed: canary ab12cd34",
      "- [x] Changelog reviewed: said by ops@example.com in CHG-1",
      "- [x] Recent issues reviewed: said by ops@example.com in CHG-1",
      "- [x] Breaking changes reviewed: said by ops@example.com in CHG-1",
      "- [ ] Related PRs reviewed if applicable (a person's)",
      "- [x] Maintenance window defined: window runtime, 1h long",
      `- [x] Update installed: ${candidate} in canary`,
      "- [x] Health check executed: gate passed, 1 check",
      "- [x] Restart validated: canary cccccccccccc",
      "- [x] Logs reviewed after restart: log",
      "- [x] Functional verification by channel or real flow: channels",
      "- [x] Negative validation for known errors: log",
      "- [ ] Comparison against upstream issues (a person's)",
      "- [x] Decision made: continue, fix, or rollback: continue: every workload of it has passed",
      "- [x] Result documented: this report and the records it is made of",
    ]);
  });

  test("leaves open what nobody has said, and what no check has looked at", () => {
    const lines = filled(updateOf("passed"), [{ kind: "version" }], {});
    expect(lines.filter((line) => line.startsWith("- [ ]"))).toEqual([
      "- [ ] Changelog reviewed (a person's: set `clawforce:change.changelogReviewed` once it is done)",
      "- [ ] Recent issues reviewed (a person's: set `clawforce:change.changelogReviewed` once it is done)",
      "- [ ] Breaking changes reviewed (a person's: set `clawforce:change.changelogReviewed` once it is done)",
      "- [ ] Related PRs reviewed if applicable (a person's)",
      "- [ ] Logs reviewed after restart (canary: no check of the kind logs in the configuration)",
      "- [ ] Functional verification by channel or real flow (canary: no check of the kinds login, channels, conversation, message, workflow in the configuration)",
      "- [ ] Negative validation for known errors (canary: no check of the kind logs with `absent` in the configuration)",
      "- [ ] Comparison against upstream issues (a person's)",
    ]);
  });

  test("does not tick a check that was not passed, and says what was decided", () => {
    const failed = updateOf("failed", passed("log"), passed("channels", "failed"));
    const open = filled(failed, [logs, channels]);
    expect(open).toContain("- [ ] Functional verification by channel or real flow (canary: not passed)");
    expect(open).toContain(
      "- [ ] Decision made: continue, fix, or rollback (open: canary did not pass, and nothing was done since)",
    );
    expect(filled([...failed, ...wayBack], [logs, channels])).toContainEqual(
      expect.stringMatching(/^- \[x\] Decision made: .*: rollback: canary went back at 2026-/),
    );
    expect(filled([...failed, ...updateOf("passed", passed("log"))], [logs])).toContainEqual(
      expect.stringMatching(/^- \[x\] Decision made: .*: fix: canary was updated again$/),
    );
  });
});
