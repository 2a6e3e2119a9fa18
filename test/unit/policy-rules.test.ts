import { readFileSync } from "node:fs";
import type { PolicyConfigJSONSchema } from "@pulumi/policy/schema.js";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { rules } from "../../policies/rules.ts";

const page = readFileSync(new URL("../../docs/policies.md", import.meta.url), "utf8");
const sections = new Map(page.split("\n## ").map((each) => [each.split("\n", 1)[0] ?? "", each]));
type Rule = (typeof rules)[number];

/** The levels of a rule by finding: in its schema, and as the configuration may set them. */
function levelsOf(rule: Rule): Record<string, PolicyConfigJSONSchema> {
  const levels = rule.configSchema?.properties.levels;
  return (levels?.properties ?? {}) as Record<string, PolicyConfigJSONSchema>;
}

/** A value that a schema takes, with everything in it that can be set. */
function sampleOf(schema: PolicyConfigJSONSchema): unknown {
  const { type, enum: choices, pattern, items, properties, default: usual } = schema;
  if (choices !== undefined) return choices.at(-1);
  if (type === "object") return sampleOfEach((properties ?? {}) as Record<string, PolicyConfigJSONSchema>);
  if (type === "array") return [items].flat().map((item) => sampleOf((item ?? {}) as PolicyConfigJSONSchema));
  if (usual !== undefined && usual !== "") return usual;
  if (type === "string") return texts.find((text) => new RegExp(pattern ?? "").test(text));
  return type === "boolean" ? true : (schema.minimum ?? 1);
}

const texts = ["text", "12h", "2026-12-31", "7", "AAAA"];

function sampleOfEach(properties: Readonly<Record<string, PolicyConfigJSONSchema>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).map(([key, schema]) => [key, sampleOf(schema)]));
}

describe("the rules of the pack", () => {
  test("have names of their own, each with its section in the documentation, in their order", () => {
    const names = rules.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect([...sections.keys()].filter((title) => names.includes(title))).toEqual(names);
  });

  test.each(rules.map(({ name }) => name))(
    "%s: what stays out of sight is listed at the end of its section",
    (name) => {
      const parts = sections.get(name)?.split("\n### ") ?? [];
      const [heading, , ...lines] = parts.at(-1)?.trimEnd().split("\n") ?? [];
      expect([parts.length, heading]).toEqual([2, "Out of sight"]);
      expect(lines.length).toBeGreaterThan(1);
      // A list and nothing else.
      expect(lines.filter((line) => !/^(- | {2}\S)/.test(line))).toEqual([]);
    },
  );

  test("can be told these things beside levels, with these defaults", () => {
    const settings = rules.map(({ name, configSchema }) => {
      const { levels: _, ...others } = configSchema?.properties ?? {};
      return [name, Object.fromEntries(Object.entries(others).map(([key, each]) => [key, each.default]))];
    });
    const log = { trustedKeys: [], evidenceDirectory: undefined };
    expect(Object.fromEntries(settings)).toEqual({
      "no-mutable-image": { floatingTags: expect.any(Array), registries: [], exemptions: [] },
      "digest-pinned": { exemptions: [] },
      "canary-before-fleet": {
        ...{ ...log, rehearsalMaximumAge: undefined, canaries: 1, minimumBake: "0s", longestAge: "14d" },
        repositories: [],
      },
      "one-track-per-window": { ...log, gap: "12h" },
      "snapshot-before-change": { exemptions: [] },
      "rollback-ready": { ...log, rehearsalMaximumAge: undefined },
      "single-writer": { exemptions: [] },
      "drain-budget": { coldPass: "30s", minimumGrace: "30s" },
      "state-protected": { exemptions: [] },
      "least-privilege": { capabilities: expect.any(Array), exemptions: [] },
    });
  });

  test("are those of the design, in its order", () => {
    const design = [
      "no-mutable-image",
      "digest-pinned",
      "canary-before-fleet",
      "one-track-per-window",
      "snapshot-before-change",
      "rollback-ready",
      "single-writer",
      "drain-budget",
      "state-protected",
      "least-privilege",
    ];
    const names = rules.map(({ name }) => name);
    expect(names).toEqual(design.filter((name) => names.includes(name)));
  });
});

describe.each(rules.map((rule) => [rule.name, rule] as const))("%s", (name, rule) => {
  const settings = (rule.configSchema?.properties ?? {}) as Record<string, PolicyConfigJSONSchema>;
  const validate = new Ajv().compile({
    type: "object",
    additionalProperties: false,
    properties: { ...settings, enforcementLevel: { enum: ["mandatory", "advisory", "disabled"] } },
  });

  test("refuses by default, and says what it is for and what to do", () => {
    expect(rule.enforcementLevel).toBe("mandatory");
    expect(rule.severity).toMatch(/^(low|medium|high|critical)$/);
    expect(rule.description).toMatch(/^[A-Z].*[^.]$/);
    expect(rule.remediationSteps).toMatch(/^[A-Z].*\.$/s);
  });

  test("has a section with each finding, in order, refused or warned as the schema has it", () => {
    const rows = [
      ...(sections.get(name) ?? "").matchAll(/^\| `([a-zA-Z]+)` \|[^|]+\| (refused|warned) \|$/gm),
    ];
    const levels = Object.entries(levelsOf(rule));
    const words: Record<string, string> = { mandatory: "refused", advisory: "warned" };
    expect(rows.map(([, kind, level]) => [kind, level])).toEqual(
      levels.map(([kind, { default: level }]) => [kind, words[String(level)]]),
    );
    expect(rows.length).toBeGreaterThan(0);
  });

  test("can be told everything that its schema has, and nothing else", () => {
    for (const [key, { default: usual, description }] of Object.entries(settings)) {
      expect(description, key).toMatch(/\w{3}/);
      expect(validate({ [key]: usual }), key).toBe(true);
    }
    const whole = sampleOfEach(settings);
    expect(validate(whole), JSON.stringify([whole, validate.errors])).toBe(true);
    const levels = levelsOf(rule);
    for (const bad of [
      { levels: { noSuchFinding: "advisory" } },
      ...Object.keys(levels).map((kind) => ({ levels: { [kind]: "off" } })),
      { noSuchSetting: [] },
      ...(settings.exemptions === undefined ? [{ exemptions: [] }] : badExemptions(whole.exemptions)),
    ]) {
      expect(validate(bad), JSON.stringify(bad)).toBe(false);
    }
  });
});

/** An exemption that lacks a part, has one too many, or has no end. */
function badExemptions(whole: unknown): object[] {
  const [exemption] = whole as [Record<string, unknown>];
  return [
    ...Object.keys(exemption).map((key) => ({ exemptions: [{ ...exemption, [key]: undefined }] })),
    ...Object.keys(exemption).flatMap((key) =>
      ["", 5].map((value) => ({ exemptions: [{ ...exemption, [key]: value }] })),
    ),
    { exemptions: [{ ...exemption, prefix: "a" }] },
    { exemptions: [{ ...exemption, expires: "2026" }] },
  ];
}
