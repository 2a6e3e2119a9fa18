import { describe, expect, test } from "vitest";
import type { ConfiguredRule, RunConfiguration } from "../../policies/run-configuration.ts";
import { spokesman, switchedOff } from "../../policies/run-configuration.ts";
import type { Level } from "../../policies/verdict.ts";

const names = ["one", "two", "three"];

function configuration(given: Record<string, Level | ConfiguredRule>): RunConfiguration {
  return new Map(
    Object.entries(given).map(([name, rule]) => [
      name,
      typeof rule === "string" ? { level: rule, levels: {} } : rule,
    ]),
  );
}

describe("what the configuration of a run switches off", () => {
  test.each<[given: Record<string, Level>, sentences: string[]]>([
    [{}, []],
    [{ one: "mandatory", two: "advisory" }, []],
    [{ two: "disabled" }, ["The configuration of the policy pack switches off: two."]],
    [
      { three: "disabled", one: "disabled" },
      ["The configuration of the policy pack switches off: one, three."],
    ],
    [
      { one: "disabled", two: "disabled", three: "disabled" },
      ["NOTHING IS JUDGED: the configuration of the policy pack switches every rule off."],
    ],
    [{ other: "disabled" }, []],
  ])("is told of %j", (given, sentences) => {
    expect(switchedOff(names, configuration(given))).toEqual(sentences);
  });
});

describe("who says for all rules what each of them meets", () => {
  const levels = (kind: Level, level: Level = "mandatory"): ConfiguredRule => ({
    level,
    levels: { bad: kind },
  });

  test.each<[given: Record<string, Level | ConfiguredRule>, who: string | undefined]>([
    [{}, "one"],
    [{ one: "mandatory", two: "mandatory" }, "one"],
    [{ one: "advisory" }, "two"],
    [{ one: "disabled" }, "two"],
    [{ one: "advisory", two: "disabled", three: "advisory" }, "one"],
    [{ one: "disabled", two: "advisory", three: "disabled" }, "two"],
    [{ one: "disabled", two: "disabled", three: "disabled" }, undefined],
    [{ one: levels("advisory") }, "two"],
    [{ one: levels("disabled"), two: levels("advisory"), three: "advisory" }, "two"],
    [{ one: levels("mandatory", "advisory"), two: "disabled" }, "three"],
    [{ one: levels("mandatory", "disabled"), two: "disabled", three: levels("disabled") }, undefined],
    [{ one: { level: "mandatory", levels: { other: "disabled" } } }, "one"],
  ])("is the strictest of %j: %s", (given, who) => {
    expect(spokesman(names, "bad", configuration(given))).toBe(who);
  });
});
