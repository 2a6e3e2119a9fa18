import type {
  Policy,
  ReportViolation,
  ResourceValidationArgs,
  ResourceValidationPolicy,
} from "@pulumi/policy";
import {
  byRepository,
  type Exemptions,
  exemptionNote,
  exemptionsSchema,
  readExemptions,
  today,
} from "./exemptions.ts";
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
import { orUnjudged } from "./rule.ts";
import { settingNameAt } from "./setting-name.ts";
import { type Level, type Levels, levelsSchema, messageOf, reportAs } from "./verdict.ts";

interface ImageRuleConfig {
  levels: Levels<FindingKind>;
  exemptions: Exemptions;
  floatingTags: readonly string[];
  registries: readonly string[];
}

/** Findings that only warn unless the configuration says more; all others refuse. */
const milder: Levels<FindingKind> = {
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
  "testing",
  "unstable",
  "rolling",
  "mainline",
  "snapshot",
];

/** Findings of which each rule can speak, in the order in which its table in the documentation has them. */
const tagFindingKinds: readonly FindingKind[] = [
  "unknown",
  "unknownEntry",
  "unreadable",
  "opaque",
  "frozen",
  "moved",
  "untagged",
  "latest",
  "floating",
  "partial",
  "latestBesideDigest",
  "registry",
];
const digestFindingKinds: readonly FindingKind[] = [
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
      levels: levelsSchema(tagFindingKinds, milder),
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
      exemptions: exemptionsSchema(byRepository),
    },
  },
  validateResource: (args, report) =>
    orUnjudged(noMutableImage, args.name, report, () => {
      validate(noMutableImage, args, report, (place, { floatingTags, registries }) =>
        tagFindings(place, floatingTags, registries),
      );
    }),
};

export const digestPinned: ResourceValidationPolicy = {
  name: "digest-pinned",
  description: "Every image is named by the digest of the bytes that were reviewed",
  enforcementLevel: "mandatory",
  severity: "critical",
  remediationSteps:
    "Write the digest behind the tag, as @sha256:…. `docker buildx imagetools inspect <repository>:<version>` prints it; take that of the index, not of one platform.",
  configSchema: {
    properties: {
      levels: levelsSchema(digestFindingKinds, milder),
      exemptions: exemptionsSchema(byRepository),
    },
  },
  validateResource: (args, report) =>
    orUnjudged(digestPinned, args.name, report, () => {
      validate(digestPinned, args, report, digestFindings);
    }),
};

type Judge = (place: ImagePlace, config: ImageRuleConfig) => Finding[];

/** Judges each place of a resource: one violation a place at most, the heaviest. */
function validate(policy: Policy, args: ResourceValidationArgs, report: ReportViolation, judge: Judge): void {
  const config = configOf(args);
  const { type, name, urn, props, opts } = args;
  if (type === "pulumi:pulumi:Stack") {
    for (const problem of config.exemptions.problems) report(`[${policy.name}] policy config ${problem}`);
  }
  const day = today();
  for (const place of imagePlacesOf({ type, props, urn, ignoreChanges: opts.ignoreChanges })) {
    const unjudged = unjudgeable(place, () => settingNameAt(props, place.path));
    const findings = unjudged === undefined ? judge(place, config) : [unjudged];
    const judged = findings
      .map((finding) => ({
        finding,
        level: levelOf(finding.kind, config),
        note: noteOf(finding, config, day),
      }))
      .filter(({ level, note }) => level !== "disabled" && note !== "exempt");
    const heaviest = judged.find(({ level }) => level === "mandatory") ?? judged[0];
    if (heaviest === undefined) continue;
    const { finding, level, note } = heaviest;
    const message = messageOf(policy.name, { resource: name, path: finding.path }, finding, note);
    reportAs(level as Exclude<Level, "disabled">, policy, message, report);
  }
}

function levelOf(kind: FindingKind, { levels }: ImageRuleConfig): Level {
  return levels[kind] ?? milder[kind] ?? "mandatory";
}

/** What the exemptions add to a message; `exempt` when there is to be none. */
function noteOf({ kind, reference }: Finding, { exemptions }: ImageRuleConfig, day: string): string {
  return reference === undefined || !exemptible.includes(kind)
    ? ""
    : exemptionNote(repositoryOf(reference), exemptions.counting, day);
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
    exemptions: readExemptions(field("exemptions"), byRepository),
    floatingTags: list("floatingTags", defaultFloatingTags),
    registries: list<string>("registries", []),
  };
}
