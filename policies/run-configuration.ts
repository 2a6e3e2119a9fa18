import { createRequire } from "node:module";
import { isObject, read } from "./guarded-read.ts";
import type { Level } from "./verdict.ts";

/** What the engine has told the pack of one rule. */
export interface ConfiguredRule {
  level: Level;
  /** Of single findings, as far as they are given. */
  levels: Readonly<Record<string, Level>>;
}

/** By the name of a rule; undefined: the engine has told nothing yet, as in a rule that is called by itself. */
export type RunConfiguration = ReadonlyMap<string, ConfiguredRule>;

/** A message of the engine's with the configuration of each rule. */
interface ConfigureRequest {
  getPolicyconfigMap(): { entries(): { next(): IteratorResult<[string, PolicyConfig]> } };
}

interface PolicyConfig {
  getEnforcementlevel(): number;
  getProperties(): { toJavaScript(): object } | undefined;
}

interface Protocol {
  AnalyzerService: { configure: { requestDeserialize: (bytes: Buffer) => ConfigureRequest } };
}

interface Levels {
  EnforcementLevel: Readonly<Record<"ADVISORY" | "DISABLED", number>>;
}

let configured: RunConfiguration | undefined;

export function runConfiguration(): RunConfiguration | undefined {
  return configured;
}

/**
 * From here on the pack knows how strict each of its rules is in this run. The SDK does not call a rule that is switched
 * off, and tells no rule of the others.
 *
 * @param tell - gets the sentences about rules that are switched off, each time the engine configures the pack.
 */
export function keepRunConfiguration(names: readonly string[], tell: (sentence: string) => void): void {
  const require = createRequire(createRequire(import.meta.url).resolve("@pulumi/policy"));
  const { configure } = (require("@pulumi/pulumi/proto/analyzer_grpc_pb") as Protocol).AnalyzerService;
  const { EnforcementLevel } = require("@pulumi/pulumi/proto/analyzer_pb") as Levels;
  const { requestDeserialize } = configure;
  configure.requestDeserialize = (bytes) => {
    const request = requestDeserialize(bytes);
    configured = configurationIn(request, EnforcementLevel);
    for (const sentence of switchedOff(names, configured)) tell(sentence);
    return request;
  };
}

function configurationIn(
  request: ConfigureRequest,
  { ADVISORY, DISABLED }: Levels["EnforcementLevel"],
): RunConfiguration {
  const found = new Map<string, ConfiguredRule>();
  const entries = request.getPolicyconfigMap().entries();
  for (let next = entries.next(); next.done !== true; next = entries.next()) {
    const [name, config] = next.value;
    const number = config.getEnforcementlevel();
    const level = number === DISABLED ? "disabled" : number === ADVISORY ? "advisory" : "mandatory";
    const levels = read(config.getProperties()?.toJavaScript() ?? {}, "levels");
    found.set(name, { level, levels: isObject(levels) ? (levels as ConfiguredRule["levels"]) : {} });
  }
  return found;
}

/** One sentence where rules are switched off: a run that judges nothing must not look like one that has judged. */
export function switchedOff(names: readonly string[], configuration: RunConfiguration): string[] {
  const off = names.filter((name) => configuration.get(name)?.level === "disabled");
  if (off.length === 0) return [];
  return off.length === names.length
    ? ["NOTHING IS JUDGED: the configuration of the policy pack switches every rule off."]
    : [`The configuration of the policy pack switches off: ${off.join(", ")}.`];
}

/**
 * The rule that says of the whole fleet what several of them meet: the first that refuses for it, else the first that
 * warns. So it is said once, and as strictly as any of them does.
 */
export function spokesman(
  rules: readonly string[],
  kind: string,
  configuration: RunConfiguration,
): string | undefined {
  const levelOf = (rule: string): Level => {
    const { level = "mandatory", levels = {} } = configuration.get(rule) ?? {};
    return milderOf(level, levels[kind] ?? "mandatory");
  };
  return (
    rules.find((rule) => levelOf(rule) === "mandatory") ?? rules.find((rule) => levelOf(rule) === "advisory")
  );
}

const strictness: readonly Level[] = ["disabled", "advisory", "mandatory"];

function milderOf(one: Level, other: Level): Level {
  return strictness.indexOf(one) < strictness.indexOf(other) ? one : other;
}
