import { describe, expect, test } from "vitest";
import { documentOf, summaryOf } from "../../review/document.ts";
import { raw, reviewed, two, workload } from "./review-fixture.ts";

const update = () => [
  ...workload("canary", { image: two }),
  ...workload("support-1"),
  raw("docker:index/remoteImage:RemoteImage", "chromium-222222222222", "create"),
];

describe("the document of a review", () => {
  test("is one row and no refusal for an update of the canary", () => {
    const run = { diagnostics: [{ severity: "info", message: "canary: update 1 -> 2\n" }] };
    expect(documentOf(reviewed(update(), run))).toBe(`<!-- clawforce-review prod -->
## Review of \`prod\`: passed

No refusals, no warnings. Something happens to 1 of 2 workloads.

| Workload | Track | From | To | Operation | Pauses | State |
| --- | --- | --- | --- | --- | --- | --- |
| \`canary\` | runtime | \`agent:1.0.0@111111111111\` | \`agent:2.0.0@222222222222\` | update | itself, 1m 30s at most: requests wait at the ingress | stays |

### Other operations

| Resource | Type | Operation |
| --- | --- | --- |
| \`chromium-222222222222\` | \`docker:index/remoteImage:RemoteImage\` | create |

<details>
<summary>Counts, rules and the program's own plan</summary>

- Operations: 1 create, 2 replace, 5 same, 1 update
- Rules of the pack that ran: \`canary-before-fleet\`, \`digest-pinned\`, \`no-mutable-image\`
- canary: update 1 -> 2

</details>
`);
  });

  test("says so when nothing happens", () => {
    const review = reviewed(workload("support-1"));
    expect(documentOf(review)).toContain(
      "\nNo refusals, no warnings. Nothing happens to 1 workload.\n\n<details>",
    );
    expect(summaryOf(review)).toBe(
      "prod: passed. No refusals, no warnings. Nothing happens to 1 workload.\n",
    );
  });

  test("has the pack's refusals before its warnings, each once and without the rule's description", () => {
    const verdict = (rule: string, level: string, text: string) => ({
      ...{ policyName: rule, enforcementLevel: level },
      message: `What the rule is for\n[${rule}] ${text}\n`,
    });
    const refused = verdict("digest-pinned", "mandatory", "b image: has no digest. Why: w. Write: x.");
    const verdicts = [
      refused,
      refused,
      verdict("digest-pinned", "advisory", "c image: has no digest. Why: w. Write: x."),
      verdict("canary-before-fleet", "mandatory", "a: two\n[canary-before-fleet] lines"),
      { policyName: "other", enforcementLevel: "mandatory", message: "of another\npack" },
    ];
    const review = reviewed(update(), { verdicts, passed: false });
    expect(review.refusals).toEqual([
      "[canary-before-fleet] a: two [canary-before-fleet] lines",
      "[digest-pinned] b image: has no digest. Why: w. Write: x.",
      "[other] of another pack",
    ]);
    expect(review.warnings).toEqual(["[digest-pinned] c image: has no digest. Why: w. Write: x."]);
    expect(documentOf(review)).toContain(`## Review of \`prod\`: refused

3 refusals, 1 warning. Something happens to 1 of 2 workloads.
`);
    expect(documentOf(review)).toContain(`
### Refused

1. \\[canary-before-fleet\\] a: two \\[canary-before-fleet\\] lines
2. \\[digest-pinned\\] b image: has no digest. Why: w. Write: x.
3. \\[other\\] of another pack

### Warnings

1. \\[digest-pinned\\] c image: has no digest. Why: w. Write: x.

### Other operations
`);
    expect(summaryOf(review)).toBe(
      [
        "  canary: update agent:1.0.0@111111111111 -> agent:2.0.0@222222222222",
        ...review.refusals.map((each) => `  refused: ${each}`),
        ...review.warnings.map((each) => `  warning: ${each}`),
        "prod: refused. 3 refusals, 1 warning. Something happens to 1 of 2 workloads.",
        "",
      ].join("\n"),
    );
  });

  test("lets no name and no message become a link, a mention, HTML or another cell", () => {
    const name = "x`|@team</td><img src=https://example.com>";
    const message = "[a](https://example.com) @team *b* <script> a|b";
    const verdicts = [{ policyName: "r", enforcementLevel: "advisory", message }];
    const document = documentOf(
      reviewed([raw("docker:index/network:Network", name, "create")], { verdicts }),
    );
    expect(document).toContain(
      "| `x'\\|@team</td><img src=https://example.com>` | `docker:index/network:Network` | create |",
    );
    expect(document).toContain(
      "1. \\[r\\] \\[a\\](https&#58;//example.com) &#64;team \\*b\\* \\<script> a\\|b\n",
    );
  });

  test("is the same whatever the order of resources", () => {
    const resources = [...update(), raw("docker:index/network:Network", "n", "delete")];
    expect(documentOf(reviewed(resources.toReversed()))).toBe(documentOf(reviewed(resources)));
  });

  test("is cut where a comment would be too long, and still says how many there are", () => {
    const fleet = Array.from({ length: 400 }, (_, index) =>
      workload(`w${index + 100}`, { image: two }),
    ).flat();
    const verdicts = Array.from({ length: 400 }, (_, index) => ({
      ...{ policyName: "r", enforcementLevel: "mandatory", message: `${index} ${"long ".repeat(100)}` },
    }));
    const document = documentOf(reviewed(fleet, { verdicts }));
    expect(document.length).toBeLessThan(65_536);
    expect(document).toContain("400 refusals, no warnings. Something happens to 400 of 400 workloads.");
    expect(document).toMatch(/\nAnd 300 more\.\n(.*\n)*\nAnd 360 more\.\n/);
  });

  test.each([
    [
      "first",
      { op: "create", judged: { move: "first", from: "", container: "" } },
      "first start",
      "nothing",
      "new",
    ],
    [
      "taking in what a control plane has made",
      { op: "create", managed: true },
      "taken in",
      "nothing",
      "new",
    ],
    [
      "an adoption",
      { op: "create", judged: { move: "adopt", container: "" } },
      "adopts what runs",
      "itself",
      "stays",
    ],
    ["back", { image: two, judged: { move: "back" } }, "back", "itself", "stays"],
    [
      "another configuration",
      { op: "replace", resources: {} },
      "replaced: a secret, or what it is checked by",
      "itself",
      "stays",
    ],
    [
      "an input in place",
      { op: "update" },
      "changed in place: a secret, or what it is checked by",
      "nothing",
      "stays",
    ],
    [
      "a restore",
      {
        op: "replace",
        judged: {
          move: "restore",
          restore: {
            snapshot: "0123456789abcdef",
            takenAt: "2026-11-01T00:00:00Z",
            moved: ["a.sqlite 1 -> 2"],
          },
        },
      },
      "state set back",
      "itself",
      "snapshot 0123456789ab of 2026-11-01T00:00:00Z comes back; what was written since is lost (a.sqlite 1 -> 2)",
    ],
  ])("says of a workload what %s is", (_, of, operation, pauses, state) => {
    const row = reviewed(workload("w", of)).rows[0];
    expect([row?.operation, row?.pauses.split(",")[0], row?.state]).toEqual([operation, pauses, state]);
  });

  test("names the inputs that make a container another one", () => {
    const [component, volume, container, gate] = workload("w", { op: "replace" });
    const after = {
      ...container?.after,
      inputs: { ...(container?.after?.inputs as object), user: "0", ports: [] },
    };
    const changed = { ...container, after, reasons: ["user"] };
    const rows = reviewed([component, volume, changed, gate] as never).rows;
    expect(rows[0]?.operation).toBe("replaced: ports, user");
  });

  test("says who pauses with a control plane", () => {
    const resources = [
      ...workload("clawforce", { image: two, controlPlane: true, judged: { pause: { start: 20 } } }),
      ...workload("m1", { managed: true }),
      ...workload("m2", { managed: true }),
    ];
    expect(reviewed(resources).rows).toEqual([
      {
        ...{ workload: "clawforce", track: "control-plane", operation: "update", state: "stays" },
        ...{ from: "agent:1.0.0@111111111111", to: "agent:2.0.0@222222222222" },
        pauses: "itself, and 2 that it manages, 20s at most: requests fail",
      },
    ]);
  });
});
