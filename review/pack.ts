import { type Finding, quoted } from "./finding.ts";
import { mappingOf } from "./plain-json.ts";
import type { PolicyVerdict, Preview } from "./preview.ts";

/** The policy pack that has to judge every change. */
export const packName = "clawforce-fleet";

/** Whether the pack has judged all of it, by rules that could run. */
export function packHasJudged(preview: Preview): Finding[] {
  const judged = preview.judged.get(packName);
  if (judged === undefined || judged.rules.size === 0) {
    return [
      refusal(`the policy pack ${packName}`, {
        what: judged === undefined ? "the pack did not run" : "no rule of the pack ran",
        why: "what is not judged is not safe",
        write:
          "nothing into the program; the messages of the preview, and `--policy-config`, say why it did not",
      }),
    ];
  }
  const unjudged = preview.steps.filter(
    ({ urn, after }) => after !== undefined && !judged.resources.has(urn),
  );
  return [
    ...unjudged.map(({ name }) =>
      refusal(name, {
        what: "no rule of the pack has judged it",
        why: "what is not judged is not safe",
        write: "nothing; find out with `pulumi preview --policy-pack policies` why it was left out",
      }),
    ),
    ...(judged.stack
      ? []
      : [
          refusal(`the policy pack ${packName}`, {
            what: "its rules about the whole stack did not run",
            why: "canary order, snapshots and tracks were not judged",
            write: "what lets the preview come to its end: its own errors stand here too",
          }),
        ]),
    ...preview.verdicts.filter(couldNotRun).map(({ rule }) =>
      refusal(`the rule ${quoted(rule)}`, {
        what: "it could not run",
        why: "it met a value that is not known at preview, and the engine went on without it",
        write: "nothing into the program; report it to those who keep that pack",
      }),
    ),
  ];
}

/** The engine's own key: the level of each rule that has none of its own in the configuration. */
const everyRule = "all";

/**
 * What the pack's configuration leaves unjudged: whole rules, and single findings of one.
 *
 * @param environment - of the stack: production has its rules.
 */
export function switchedOff(policyConfig: unknown, environment: string): Finding[] {
  return Object.entries(mappingOf(policyConfig)).flatMap(([rule, settings]) => {
    const { enforcementLevel = settings, levels } = mappingOf(settings);
    const isOff = enforcementLevel === "disabled";
    if (rule === everyRule && isOff) return [everyRuleOff(environment)];
    const findings = Object.entries(mappingOf(levels)).filter(([, level]) => level === "disabled");
    const off = isOff ? [""] : findings.map(([finding]) => `: ${finding}`);
    return off.map((finding) => ({
      check: "pack" as const,
      level: "warning" as const,
      resource: `${rule}${finding}`,
      what: "the configuration of the pack switches it off",
      why: "what is not judged is not safe",
      write: "`advisory`, which at least says so",
    }));
  });
}

function everyRuleOff(environment: string): Finding {
  return {
    check: "pack",
    level: environment === "production" ? "refusal" : "warning",
    resource: everyRule,
    what: "the configuration of the pack switches every rule off that has no level of its own there",
    why: "what is not judged is not safe",
    write: "`advisory`, which at least says what each rule found",
  };
}

/** The engine turns a rule that fails into a remark: to pass it over would be to switch the rule off. */
function couldNotRun({ level, message }: PolicyVerdict): boolean {
  return level === "advisory" && message.startsWith("can't run ");
}

/** What the rules have said, refusals apart from warnings, each once and without the rule's description in front. */
export function verdictsOf({ verdicts }: Preview): { refusals: string[]; warnings: string[] } {
  const said = (refused: boolean) =>
    [
      ...new Set(
        verdicts
          .filter((verdict) => !couldNotRun(verdict) && (verdict.level !== "advisory") === refused)
          .map(({ rule, message }) => sentenceOf(rule, message)),
      ),
    ].toSorted();
  return { refusals: said(true), warnings: said(false) };
}

function sentenceOf(rule: string, message: string): string {
  const lines = message.trim().split("\n");
  const own = lines.findIndex((line) => line.startsWith(`[${rule}]`));
  return own === -1 ? `[${rule}] ${lines.join(" ")}` : lines.slice(own).join(" ");
}

function refusal(resource: string, told: Pick<Finding, "what" | "why" | "write">): Finding {
  return { check: "pack", level: "refusal", resource, ...told };
}
