import type {
  Policy,
  PolicyConfigSchema,
  PolicyResource,
  ReportViolation,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import {
  byResource,
  type Exemptions,
  exemptionNote,
  exemptionsSchema,
  readExemptions,
  today,
} from "./exemptions.ts";
import type { FactProblem } from "./fleet-facts.ts";
import { isObject, notKnown, read } from "./guarded-read.ts";
import { runConfiguration, spokesman } from "./run-configuration.ts";
import { StackGraph } from "./stack-graph.ts";
import { type Levels, levelsSchema, messageOf, type Place, reportAs, type Told } from "./verdict.ts";

/** What a rule has found against one place of one resource. */
export interface Finding<Kind extends string> extends Place, Told {
  /** Its name in the configuration of levels. */
  kind: Kind;
  /** Names of the others that have as much part in it: it is let be, too, when each of them is exempt. */
  beside?: readonly string[];
  /** Every rule about the fleet meets it. One of them says it for all. */
  ofFleet?: true;
}

interface RuleParts<Kind extends string> {
  name: string;
  description: string;
  severity: "low" | "medium" | "high" | "critical";
  remediationSteps: string;
  /** In the order in which its table in the documentation has them. */
  kinds: readonly Kind[];
  /** Those that only warn unless the configuration says more; all others refuse. */
  milder?: Levels<Kind>;
  /** Those that an exemption of the resource lets be; default: none, and then there is no such setting. */
  exemptible?: readonly Kind[];
  /** What the rule can be told beside levels and exemptions, as JSON schema with defaults. */
  settings?: PolicyConfigSchema["properties"];
}

/** One resource as a rule gets it before its own step: its inputs and no siblings. */
export interface JudgedInputs {
  type: string;
  name: string;
  urn: string;
  props: object;
  opts: PolicyResource["opts"] & { parent?: string };
  provider?: { props: object } | undefined;
}

/** A rule about one resource alone: it also holds where the preview is skipped. */
export function resourceRule<Kind extends string>(
  parts: RuleParts<Kind> & {
    judge: (resource: JudgedInputs, settings: Settings) => readonly Finding<Kind>[];
  },
): ResourceValidationPolicy {
  const policy: ResourceValidationPolicy = {
    ...metadataOf(parts),
    validateResource: (args, report) => {
      const settings = new Settings(args.getConfig());
      const verdict = new Verdict(policy, parts, settings, report);
      if (args.type === "pulumi:pulumi:Stack") verdict.reportConfigProblems();
      orUnjudged(policy, args.name, report, () => {
        verdict.report(parts.judge(inputsOf(args), settings));
      });
    },
  };
  return policy;
}

function inputsOf({ type, name, urn, props, provider, ...args }: ResourceValidationArgs): JudgedInputs {
  return { type, name, urn, props, provider, opts: args.opts as JudgedInputs["opts"] };
}

/**
 * A rule about all resources of a stack together. What it can tell of one resource alone it tells before that one's own
 * step: the rest comes after everything where the preview is skipped.
 */
export function stackRule<Kind extends string>(
  parts: RuleParts<Kind> & {
    judge: (graph: StackGraph, settings: Settings) => readonly Finding<Kind>[];
    /** What is wrong with one resource whatever the others are; `judge` does not say it again. */
    judgeAlone?: (resource: JudgedInputs, settings: Settings) => readonly Finding<Kind>[];
  },
): StackValidationPolicy & Partial<Pick<ResourceValidationPolicy, "validateResource">> {
  const { judgeAlone } = parts;
  const policy: StackValidationPolicy & Partial<Pick<ResourceValidationPolicy, "validateResource">> = {
    ...metadataOf(parts),
    ...(judgeAlone !== undefined && {
      validateResource: (args: ResourceValidationArgs, report: ReportViolation) => {
        const settings = new Settings(args.getConfig());
        const verdict = new Verdict(policy, parts, settings, report);
        orUnjudged(policy, args.name, report, () => {
          verdict.report(judgeAlone(inputsOf(args), settings));
        });
      },
    }),
    validateStack: (args, report) => {
      const settings = new Settings(args.getConfig());
      const verdict = new Verdict(policy, parts, settings, report);
      verdict.reportConfigProblems();
      orUnjudged(policy, "stack", report, () => {
        verdict.report(parts.judge(new StackGraph(args.resources), settings));
      });
    },
  };
  return policy;
}

function metadataOf<Kind extends string>(parts: RuleParts<Kind>) {
  const { name, description, severity, remediationSteps, kinds, exemptible = [], settings = {} } = parts;
  const levels = levelsSchema(kinds, (parts.milder ?? {}) as Levels<string>);
  return {
    name,
    description,
    severity,
    remediationSteps,
    enforcementLevel: "mandatory" as const,
    configSchema: {
      properties: {
        levels,
        ...settings,
        ...(exemptible.length > 0 && { exemptions: exemptionsSchema(byResource) }),
      },
    },
  };
}

/** Turns findings into violations: levels, exemptions, order. */
class Verdict<Kind extends string> {
  readonly #policy: Policy;
  readonly #parts: RuleParts<Kind>;
  readonly #report: ReportViolation;
  readonly #levels: Levels<Kind>;
  readonly #exemptions: Exemptions;

  constructor(policy: Policy, parts: RuleParts<Kind>, settings: Settings, report: ReportViolation) {
    this.#policy = policy;
    this.#parts = parts;
    this.#report = report;
    this.#levels = settings.mapping("levels") as Levels<Kind>;
    this.#exemptions = readExemptions(settings.list("exemptions"), byResource);
  }

  reportConfigProblems(): void {
    for (const problem of this.#exemptions.problems) {
      this.#report(`[${this.#policy.name}] policy config ${problem}`);
    }
  }

  report(findings: readonly Finding<Kind>[]): void {
    const day = today();
    for (const finding of this.#inOrder(findings)) this.#reportOne(finding, day);
  }

  #reportOne(finding: Finding<Kind>, day: string): void {
    const { exemptible = [] } = this.#parts;
    if (finding.ofFleet === true && !saysForAll(this.#policy.name, finding.kind)) return;
    const level = this.#levels[finding.kind] ?? this.#parts.milder?.[finding.kind] ?? "mandatory";
    const noteOf = (name: string) => exemptionNote(name, this.#exemptions.counting, day);
    const isExemptible = exemptible.includes(finding.kind);
    const note = isExemptible ? noteOf(finding.resource) : "";
    const { beside = [] } = finding;
    if (isExemptible && beside.length > 0 && beside.every((name) => noteOf(name) === "exempt")) return;
    if (level === "disabled" || note === "exempt") return;
    const message = messageOf(this.#policy.name, finding, finding, note);
    reportAs(level, this.#policy, message, this.#report, finding.urn);
  }

  /** The engine gives resources in no order; a reviewer compares one run with the next. */
  #inOrder(findings: readonly Finding<Kind>[]): Finding<Kind>[] {
    return findings
      .map((finding) => ({ finding, key: this.#keyOf(finding) }))
      .toSorted((one, other) => (one.key < other.key ? -1 : 1))
      .map(({ finding }) => finding);
  }

  #keyOf({ kind, resource, path, what }: Finding<Kind>): string {
    const place = String(this.#parts.kinds.indexOf(kind)).padStart(3, "0");
    return [resource, path, place, what].join("\u0000");
  }
}

/**
 * An error of our own must not switch a rule off: it is a refusal too. Its text is left out, because it could hold what
 * the resource holds.
 */
export function orUnjudged(
  { name }: Policy,
  resource: string,
  report: ReportViolation,
  judge: () => void,
): void {
  try {
    judge();
  } catch {
    report(messageOf(name, { resource, path: "as a whole" }, unjudged, ""));
  }
}

const unjudged: Told = {
  what: "the rule could not judge it",
  why: "what is not judged is not safe",
  write: "nothing yet: report it to those who keep these policies",
};

/** Those that judge by the facts of the whole fleet, in the order in which they may speak for each other. */
const fleetRules = [
  "canary-before-fleet",
  "snapshot-before-change",
  "rollback-ready",
  "one-track-per-window",
  "drain-budget",
];

function saysForAll(rule: string, kind: string): boolean {
  const configuration = runConfiguration();
  return configuration === undefined || spokesman(fleetRules, kind, configuration) === rule;
}

/** What a rule says of a fact of the fleet that it can't read. */
export function unreadableFact({ resource, path, problem }: FactProblem): Finding<FactProblem["problem"]> {
  return {
    ofFleet: true,
    ...{ kind: problem, resource: resource.name, urn: resource.urn, path },
    what:
      problem === "unknown" ? "the fact is not known at preview" : "the fact is missing or of another shape",
    why: "what rests on it can't be judged",
    write: "the components of this fleet as they are, with facts that are known at preview",
  };
}

/** A rule's own settings. The engine has checked them against the schema and filled in the defaults; without one they are given here. */
export class Settings {
  readonly #config: unknown;

  constructor(config: unknown) {
    this.#config = config;
  }

  has(key: string): boolean {
    return this.#value(key) !== undefined;
  }

  list(key: string): readonly unknown[] {
    const value = this.#value(key);
    return Array.isArray(value) ? value : [];
  }

  texts(key: string): string[] {
    return this.list(key).filter((each) => typeof each === "string");
  }

  /** Undefined where it is empty too. */
  text(key: string): string | undefined {
    const value = this.#value(key);
    return typeof value === "string" && value !== "" ? value : undefined;
  }

  mapping(key: string): object {
    const value = this.#value(key);
    return isObject(value) ? value : {};
  }

  number(key: string, otherwise: number): number {
    const value = this.#value(key);
    return typeof value === "number" ? value : otherwise;
  }

  /** A duration such as `12h`, in seconds. */
  seconds(key: string, otherwise: number): number {
    const value = this.#value(key);
    const [, count, unit] = (typeof value === "string" && /^(\d{1,6})([smhd])$/.exec(value)) || [];
    return count === undefined || unit === undefined ? otherwise : Number(count) * (secondsOf[unit] ?? 1);
  }

  #value(key: string): unknown {
    const value = isObject(this.#config) ? read(this.#config, key) : undefined;
    return value === notKnown ? undefined : value;
  }
}

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 };

/** For a setting that is a duration. */
export const durationSchema = { type: "string", pattern: "^[0-9]{1,6}[smhd]$" } as const;
