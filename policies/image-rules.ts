import type {
  Policy,
  PolicyConfigSchema,
  ReportViolation,
  ResourceValidationArgs,
  ResourceValidationPolicy,
} from "@pulumi/policy";
import { type Exemption, exemptionFor, exemptionProblem, exemptionsSchema } from "./exemptions.ts";
import { isObject, read } from "./guarded-read.ts";
import {
  digestFindings,
  type Finding,
  type FindingKind,
  tagFindings,
  unjudgeable,
} from "./image-findings.ts";
import { type ImagePlace, imagePlacesOf } from "./image-places.ts";
import { repositoryOf } from "./image-reference.ts";

/** `mandatory` is as strict as the rule itself; `advisory` only warns. */
type Level = "mandatory" | "advisory" | "disabled";

interface ImageRuleConfig {
  levels: Readonly<Partial<Record<FindingKind, Level>>>;
  exemptions: readonly Exemption[];
  floatingTags: readonly string[];
  registries: readonly string[];
}

/** Findings that only warn unless the configuration says more; all others refuse. */
export const milder: Readonly<Partial<Record<FindingKind, Level>>> = {
  unknownEntry: "advisory",
  opaque: "advisory",
  latestBesideDigest: "advisory",
};

/** What an exemption lets be: the choice of a tag, a digest or a registry; never what nobody can read or know. */
const exemptible: readonly FindingKind[] = [
  "untagged",
  "latest",
  "floating",
  "partial",
  "latestBesideDigest",
  "registry",
  "noDigest",
  "otherDigest",
];

const defaultFloatingTags = [
  "stable",
  "edge",
  "main",
  "master",
  "trunk",
  "develop",
  "dev",
  "nightly",
  "canary",
  "alpha",
  "beta",
  "rc",
  "next",
  "current",
  "lts",
  "prod",
  "production",
  "staging",
  "release",
  "test",
];

/** Findings of which each rule can speak, in the order in which its table in the documentation has them. */
export const tagFindingKinds: readonly FindingKind[] = [
  "unknown",
  "unknownEntry",
  "unreadable",
  "opaque",
  "frozen",
  "untagged",
  "latest",
  "floating",
  "partial",
  "latestBesideDigest",
  "registry",
];
export const digestFindingKinds: readonly FindingKind[] = [
  "unknown",
  "unknownEntry",
  "unreadable",
  "opaque",
  "built",
  "noDigest",
  "otherDigest",
  "placeholder",
];

export const noMutableImage: ResourceValidationPolicy = {
  name: "no-mutable-image",
  description: "What runs is changed by a review, never by a tag that moves",
  enforcementLevel: "mandatory",
  severity: "high",
  remediationSteps:
    "Write the tag of one version and its digest. `docker buildx imagetools inspect <repository>:<version>` prints the digest.",
  configSchema: {
    properties: {
      levels: levelsSchema(tagFindingKinds),
      floatingTags: {
        type: "array",
        items: { type: "string", minLength: 1 },
        description: "Tags that move from release to release, in any case; `latest` always is one",
        default: defaultFloatingTags,
      },
      registries: {
        type: "array",
        items: { type: "string", minLength: 1 },
        description: "The registries that images may come from; none: any",
        default: [],
      },
      exemptions: exemptionsSchema,
    },
  },
  validateResource: (args, report) =>
    validate(noMutableImage, args, report, (place, { floatingTags, registries }) =>
      tagFindings(place, floatingTags, registries),
    ),
};

export const digestPinned: ResourceValidationPolicy = {
  name: "digest-pinned",
  description: "Every image is named by the digest of the bytes that were reviewed",
  enforcementLevel: "mandatory",
  severity: "critical",
  remediationSteps:
    "Write the digest behind the tag, as @sha256:…. `docker buildx imagetools inspect <repository>:<version>` prints it; take that of the index, not of one platform.",
  configSchema: { properties: { levels: levelsSchema(digestFindingKinds), exemptions: exemptionsSchema } },
  validateResource: (args, report) => validate(digestPinned, args, report, digestFindings),
};

function levelsSchema(kinds: readonly FindingKind[]): PolicyConfigSchema["properties"][string] {
  return {
    type: "object",
    description:
      "How strict the rule is with each finding: mandatory (as the rule itself), advisory or disabled",
    properties: Object.fromEntries(
      kinds.map((kind) => [kind, { type: "string" as const, enum: ["mandatory", "advisory", "disabled"] }]),
    ),
    additionalProperties: false,
    default: {},
  };
}

type Judge = (place: ImagePlace, config: ImageRuleConfig) => Finding[];

/** Judges each place of a resource: one violation a place at most, the heaviest. */
function validate(policy: Policy, args: ResourceValidationArgs, report: ReportViolation, judge: Judge): void {
  const config = configOf(args);
  if (args.type === "pulumi:pulumi:Stack") reportConfigProblems(policy.name, config, report);
  const today = new Date().toISOString().slice(0, 10);
  const { type, name, props, opts } = args;
  for (const place of imagePlacesOf({ type, props, ignoreChanges: opts.ignoreChanges })) {
    const unjudged = unjudgeable(place);
    const findings = unjudged === undefined ? judge(place, config) : [unjudged];
    const judged = findings
      .map((finding) => ({
        finding,
        level: levelOf(finding.kind, config),
        note: noteOf(finding, config, today),
      }))
      .filter(({ level, note }) => level !== "disabled" && note !== "exempt");
    const heaviest = judged.find(({ level }) => level === "mandatory") ?? judged[0];
    if (heaviest === undefined) continue;
    const { finding, level, note } = heaviest;
    const message = `[${policy.name}] ${name} ${finding.path}: ${finding.what}. Why: ${finding.why}. Write: ${finding.write}.${note}`;
    if (level === "advisory") warn(policy, message, report);
    else report(message);
  }
}

/** A warning of a rule that refuses otherwise. The SDK takes it as an object, which its types do not say. */
function warn({ description }: Policy, message: string, report: ReportViolation): void {
  const warning = { message: `${description}\n${message}`, enforcementLevel: "advisory" };
  (report as unknown as (violation: object) => void)(warning);
}

function levelOf(kind: FindingKind, { levels }: ImageRuleConfig): Level {
  return levels[kind] ?? milder[kind] ?? "mandatory";
}

/** What the exemptions add to a message; `exempt` when there is to be none. */
function noteOf({ kind, reference }: Finding, { exemptions }: ImageRuleConfig, today: string): string {
  if (reference === undefined || !exemptible.includes(kind)) return "";
  const verdict = exemptionFor(repositoryOf(reference), exemptions, today);
  if (verdict.state === "exempt") return "exempt";
  if (verdict.state === "none") return "";
  return ` Its exemption (${JSON.stringify(verdict.exemption.reason)}) ended on ${verdict.exemption.expires}.`;
}

function reportConfigProblems(rule: string, { exemptions }: ImageRuleConfig, report: ReportViolation): void {
  for (const [index, exemption] of exemptions.entries()) {
    const problem = exemptionProblem(exemption);
    if (problem === undefined) continue;
    report(`[${rule}] policy config exemptions[${index}]: ${problem}. Until then it counts for nothing.`);
  }
}

/** The engine has checked it against the schema and filled in the defaults; without an engine they are filled in here. */
function configOf(args: ResourceValidationArgs): ImageRuleConfig {
  const config: unknown = args.getConfig();
  const field = (key: string) => (isObject(config) ? read(config, key) : undefined);
  const list = <Item>(key: string, otherwise: readonly Item[]) => {
    const value = field(key);
    return Array.isArray(value) ? (value as Item[]) : otherwise;
  };
  const levels = field("levels");
  return {
    levels: isObject(levels) ? (levels as ImageRuleConfig["levels"]) : {},
    exemptions: list<Exemption>("exemptions", []),
    floatingTags: list("floatingTags", defaultFloatingTags),
    registries: list<string>("registries", []),
  };
}
