import { plainIn } from "../policies/plain-values.ts";
import { type Finding, quoted } from "./finding.ts";
import { isMapping, textOf } from "./plain-json.ts";
import type { Step } from "./preview.ts";

/** How the engine prints what is marked as secret. */
const secretText = "[secret]";
const secretSignature = "4dabf18193072939515e22adb298388d";

/** Inputs that are environment variables, wherever they stand: of containers, services, pods and commands. */
const environments: readonly string[] = ["env", "envs", "environment"];

/** Whether each environment variable that is a secret, by its name or its form, is marked as one. Its value is never said. */
export function secretMarked(steps: readonly Step[]): Finding[] {
  return steps.flatMap(({ name, after }) =>
    after === undefined
      ? []
      : plainSecrets(after.inputs, "").map((what) => ({
          check: "secret-marked" as const,
          level: "refusal" as const,
          resource: name,
          what: `${what} and is not marked as one`,
          why: "its value is readable in the engine's state, in every preview and in the logs of CI",
          write: "the value as a secret: `pulumi config set --secret`, `pulumi.secret`",
        })),
  );
}

function plainSecrets(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => plainSecrets(item, `${path}[${index}]`));
  if (!isMapping(value) || isMarked(value)) return [];
  return Object.entries(value)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([key, item]) => {
      const at = path === "" ? key : `${path}.${key}`;
      return environments.includes(key)
        ? variablesOf(item)
            .filter(({ text }) => text !== secretText)
            .flatMap(({ name, text }) => {
              const part = plainIn({ name, value: text });
              return part === undefined ? [] : [`${at} ${quoted(name)} ${saidOf(part)}`];
            })
        : plainSecrets(item, at);
    });
}

/** `{NAME: value}`, `["NAME=value"]` and `[{name, value}]`. What is marked as secret is no text, or the text of the mark. */
function variablesOf(value: unknown): { name: string; text: string }[] {
  if (Array.isArray(value)) {
    return value.flatMap((item) => {
      if (isMapping(item)) return [{ name: textOf(item.name), text: textOf(item.value) }];
      const [, name = "", text = ""] = /^([^=]*)=(.*)$/s.exec(textOf(item)) ?? [];
      return [{ name, text }];
    });
  }
  return isMapping(value) && !isMarked(value)
    ? Object.entries(value).map(([name, item]) => ({ name, text: textOf(item) }))
    : [];
}

function isMarked(value: Readonly<Record<string, unknown>>): boolean {
  return Object.hasOwn(value, secretSignature);
}

/** The judges of this project call a secret by the same names. */
function saidOf(part: string): string {
  return part === "secret" ? "is named like a secret" : `has its ${part} in plain, is a secret`;
}
