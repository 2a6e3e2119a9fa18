import { type Finding, quoted } from "./finding.ts";
import { isMapping, textOf } from "./plain-json.ts";
import type { Step } from "./preview.ts";

/** How the engine prints what is marked as secret. */
const secretText = "[secret]";
const secretSignature = "4dabf18193072939515e22adb298388d";

/** Inputs that are environment variables, wherever they stand: of containers, services, pods and commands. */
const environments: readonly string[] = ["env", "envs", "environment"];

/** Words of a name that mean a secret; `key` only behind one of its own. */
const words: readonly string[] = [
  "apikey",
  "credential",
  "credentials",
  "passphrase",
  "passwd",
  "password",
  "pwd",
  "secret",
  "secrets",
  "token",
  "tokens",
];
const keyWords: readonly string[] = ["access", "api", "encryption", "master", "private", "secret", "signing"];

/** At the end of a name these say where a secret is, or how it is used. */
const harmlessEnds: readonly string[] = [
  "dir",
  "endpoint",
  "file",
  "name",
  "path",
  "ttl",
  "uri",
  "url",
  "variable",
];

/** Whether each environment variable that is named like a secret is marked as one. Its value is never said. */
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
            .filter(({ text }) => !isHarmless(text))
            .flatMap(({ name, text }) => {
              if (isSecretName(name)) return [`${at} ${quoted(name)} is named like a secret`];
              return hasPassword(text)
                ? [`${at} ${quoted(name)} has a password in its address, is a secret`]
                : [];
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

function isHarmless(text: string): boolean {
  return text === "" || text === secretText || /^(\d{1,9}|true|false)$/i.test(text);
}

function hasPassword(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:[^\s/@]+@/i.test(text);
}

function isSecretName(name: string): boolean {
  const parts = name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part !== "");
  if (harmlessEnds.includes(parts.at(-1) ?? "")) return false;
  return parts.some(
    (part, index) => words.includes(part) || (part === "key" && keyWords.includes(parts[index - 1] ?? "")),
  );
}
