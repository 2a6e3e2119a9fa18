import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { checks } from "../../review/finding.ts";
import { readPreview, UnreadablePreview } from "../../review/preview.ts";
import { reviewOf } from "../../review/review.ts";
import { fullPack, printed, raw, refusalsOf, reviewed, stateOptions, updated } from "./review-fixture.ts";

describe("pack", () => {
  const judged = (resourceUrn: string, rules: string[]) => ({
    policyAnalyzeSummaryEvent: { policyPackName: "clawforce-fleet", resourceUrn, passed: rules },
  });
  const stack = { policyAnalyzeStackSummaryEvent: { policyPackName: "clawforce-fleet", passed: [] } };
  const network = raw("docker:index/network:Network", "n", "create");
  const pack = (resource: string, what: string) =>
    expect.stringMatching(`^\\[pack\\] ${resource}: ${what}\\. Why: `);

  test("refuses a pack that did not run, one without a rule, and another one in its place", () => {
    const did = refusalsOf([network], { pack: [] });
    expect(did).toEqual([
      "[pack] the policy pack clawforce-fleet: the pack did not run. Why: what is not judged is not safe. Write: nothing into the program; " +
        "the messages of the preview, and `--policy-config`, say why it did not.",
    ]);
    expect(refusalsOf([network], { pack: [judged(network.urn, []), stack] })).toEqual([
      pack("the policy pack clawforce-fleet", "no rule of the pack ran"),
    ]);
    const other = { policyAnalyzeSummaryEvent: { policyPackName: "other", passed: ["digest-pinned"] } };
    expect(refusalsOf([network], { pack: [other] })).toEqual(did);
  });

  test("refuses a resource that the pack has not judged, and a stack", () => {
    expect(refusalsOf([network], { pack: [judged("urn:other", ["r"]), stack] })).toEqual([
      pack("n", "no rule of the pack has judged it"),
    ]);
    expect(refusalsOf([network], { pack: [judged(network.urn, ["r"])] })).toEqual([
      pack("the policy pack clawforce-fleet", "its rules about the whole stack did not run"),
    ]);
  });

  test("refuses a rule that the engine went on without", () => {
    const message =
      "can't run policy 'digest-pinned' during preview: string value at .image can't be known during preview";
    const verdicts = [{ policyName: "digest-pinned", enforcementLevel: "advisory", message }];
    const { refusals, warnings } = reviewed([network], { verdicts });
    expect(refusals).toEqual([pack('the rule "digest-pinned"', "it could not run")]);
    expect(warnings).toEqual([]);
  });
});

describe("the configuration of the pack", () => {
  test("is a warning for each rule and each finding that it switches off", () => {
    const off = (what: string) =>
      `[pack] ${what}: the configuration of the pack switches it off. Why: what is not judged is not safe. Write: \`advisory\`, which at least says so.`;
    const preview = readPreview('{"steps": []}', printed([], { pack: fullPack }).events);
    const config = {
      "single-writer": { enforcementLevel: "disabled", levels: { twice: "disabled" } },
      "digest-pinned": { enforcementLevel: "advisory", levels: { built: "disabled", opaque: "mandatory" } },
    };
    expect(reviewOf("prod", preview, config).warnings).toEqual([
      off("digest-pinned: built"),
      off("single-writer"),
    ]);
    expect(reviewOf("prod", preview, { "digest-pinned": "mandatory" }).warnings).toEqual([]);
  });

  test("is refused in production where it switches every rule off, and a warning elsewhere", () => {
    const preview = readPreview('{"steps": []}', printed([], { pack: fullPack }).events);
    const off =
      "[pack] all: the configuration of the pack switches every rule off that has no level of its own there. " +
      "Why: what is not judged is not safe. Write: `advisory`, which at least says what each rule found.";
    for (const config of [{ all: "disabled" }, { all: { enforcementLevel: "disabled" } }]) {
      expect(reviewOf("prod", preview, config, "production")).toMatchObject({
        refusals: [off],
        warnings: [],
      });
      expect(reviewOf("prod", preview, config)).toMatchObject({ refusals: [off] });
      expect(reviewOf("prod", preview, config, "staging")).toMatchObject({ refusals: [], warnings: [off] });
    }
    for (const all of ["advisory", "mandatory", { enforcementLevel: "advisory" }])
      expect(reviewOf("prod", preview, { all }, "production")).toMatchObject({ refusals: [], warnings: [] });
  });
});

describe("preview", () => {
  const failed = (what: string) =>
    `[preview] the preview: ${what}. Why: what was not previewed is not known. Write: what the message asks for.`;

  test("refuses a preview that failed, with its reasons before all else", () => {
    const diagnostics = [
      { severity: "error", message: "error: config: a\n  b\u200b\n" },
      { severity: "error", message: "error: preview failed\n" },
    ];
    const verdicts = [{ policyName: "r", enforcementLevel: "mandatory", message: "no" }];
    expect(refusalsOf([], { diagnostics, passed: false, verdicts, pack: fullPack })).toEqual([
      failed("it failed: config: a b\\u200b"),
      "[r] no",
    ]);
    expect(refusalsOf([], { passed: false, pack: fullPack })).toEqual([
      failed("it failed and did not say why"),
    ]);
  });

  test("refuses an operation on state that it does not know", () => {
    expect(refusalsOf([raw("docker:index/volume:Volume", "v", "import", stateOptions)])).toEqual([
      '[preview] v: the operation "import" is not known to this review. Why: what was not previewed is not known. Write: it as an update of its own, carried out by hand and watched.',
    ]);
    expect(refusalsOf([raw("docker:index/network:Network", "n", "import")])).toEqual([]);
  });

  test("warns of another connection to the platform", () => {
    expect(reviewed([raw("pulumi:providers:docker", "fleet", "update")]).warnings).toEqual([
      "[preview] fleet: the connection to the platform is changed (update). Why: another host has nothing of what the engine's state says is there. " +
        "Write: nothing, if it is the same host under another address.",
    ]);
  });

  test.each(["", "error: no stack named 'x' found", "{}", '{"steps": 1}', "[]"])(
    "can't be read from %j",
    (text) => {
      expect(() => readPreview(text, [])).toThrow(UnreadablePreview);
    },
  );

  test("takes a step that can't be read for a refusal", () => {
    const { events } = printed([], { pack: fullPack });
    expect(readPreview('{"steps": [7]}', events).errors).toEqual(["a step has no URN"]);
  });
});

describe("order", () => {
  const before = raw("clawforce:fleet:Fleet$command:local:Command", "first-verification", "same");
  const waits = (dependencies: string[]) =>
    updated().map((each) =>
      each.urn.includes("Container")
        ? {
            ...each,
            before: { ...each.before, dependencies: [before.urn, "urn:gone"] },
            after: { ...each.after, dependencies },
          }
        : each,
    );

  test("warns of a workload that no longer waits for what is still there", () => {
    expect(reviewed([before, ...waits([])]).warnings).toEqual([
      "[order] canary: it does not wait for first-verification any more. Why: it may be stopped before the ones before it have passed. " +
        "Write: the order as it was, unless instances or waves were put into another order on purpose.",
    ]);
  });

  test("lets be one that waits for it by another one", () => {
    const between = { ...raw("command:local:Command", "between", "same", { dependencies: [before.urn] }) };
    expect(reviewed([before, between, ...waits([between.urn])]).warnings).toEqual([]);
    expect(reviewed([before, ...waits([before.urn])]).warnings).toEqual([]);
  });
});

test("each check has a row in the documentation, and no other has", () => {
  const page = readFileSync(fileURLToPath(new URL("../../docs/review.md", import.meta.url)), "utf8");
  expect(
    [...page.slice(page.indexOf("| Check |")).matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name),
  ).toEqual([...checks]);
});
