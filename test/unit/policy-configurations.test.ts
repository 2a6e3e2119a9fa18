import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { rules } from "../../policies/rules.ts";

type Settings = { enforcementLevel: string; levels?: Record<string, string> } & Record<string, unknown>;

function shipped(name: string): Record<string, Settings> {
  return JSON.parse(readFileSync(new URL(`../../policies/${name}.json`, import.meta.url), "utf8"));
}

const [production, staging] = [shipped("production"), shipped("staging")];

describe.each([
  ["production", production],
  ["staging", staging],
])("the configuration for %s", (_, configuration) => {
  test("names every rule of the pack, in its order: the engine passes over a name that it does not know", () => {
    expect(Object.keys(configuration)).toEqual(rules.map(({ name }) => name));
  });

  test.each(rules.map((rule) => [rule.name, rule] as const))("is what %s takes", (name, rule) => {
    const properties = {
      ...rule.configSchema?.properties,
      enforcementLevel: { enum: ["mandatory", "advisory", "disabled"] },
    };
    const schema = { type: "object", additionalProperties: false, properties };
    const validate = new Ajv().compile(schema);
    expect(validate(configuration[name]), JSON.stringify(validate.errors)).toBe(true);
  });

  test("trusts no key and exempts nothing until somebody has written that", () => {
    const all = Object.values(configuration);
    for (const key of ["trustedKeys", "exemptions", "registries", "repositories"]) {
      expect(all.map((settings) => settings[key] ?? [])).toEqual(all.map(() => []));
    }
  });
});

describe("the shipped configurations", () => {
  test.each([
    ["prod", production],
    ["staging", staging],
  ])("name the evidence directory of the shipped stack file of %s", (stack, configuration) => {
    const file = readFileSync(new URL(`../../Pulumi.${stack}.yaml`, import.meta.url), "utf8");
    const { directory } = parse(file).config["clawforce:evidence"];
    const named = Object.values(configuration).flatMap(({ evidenceDirectory = [] }) => evidenceDirectory);
    expect(new Set(named)).toEqual(new Set([directory]));
  });

  test("ask for rehearsals in production", () => {
    const asking = Object.entries(production).filter(([, { rehearsalMaximumAge }]) => rehearsalMaximumAge);
    expect(asking.map(([name, { rehearsalMaximumAge }]) => [name, rehearsalMaximumAge])).toEqual([
      ["canary-before-fleet", "7d"],
      ["rollback-ready", "7d"],
    ]);
  });

  test("let production have no rule that is milder than it is written", () => {
    expect(Object.values(production).map(({ enforcementLevel }) => enforcementLevel)).toEqual(
      Object.values(production).map(() => "mandatory"),
    );
    expect(Object.values(production).filter(({ levels }) => levels !== undefined)).toEqual([]);
  });

  test("are milder for staging in these, and in no others", () => {
    const milder = Object.entries(staging).flatMap(([name, { enforcementLevel, levels = {} }]) => [
      ...(enforcementLevel === "mandatory" ? [] : [`${name} ${enforcementLevel}`]),
      ...Object.entries(levels).map(([kind, level]) => `${name} ${kind} ${level}`),
    ]);
    expect(milder).toEqual([
      "digest-pinned advisory",
      "canary-before-fleet unconfirmed advisory",
      "canary-before-fleet unsigned advisory",
      "one-track-per-window advisory",
      "one-track-per-window unsigned advisory",
      "rollback-ready advisory",
      "drain-budget advisory",
    ]);
  });
});
