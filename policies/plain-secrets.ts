import { isObject, itemsOf, notKnown, propertiesOf, type Reached, read } from "./guarded-read.ts";
import type { EnvironmentPath } from "./image-paths.ts";
import { below, type Inspection } from "./privilege.ts";
import { quoted } from "./verdict.ts";

/** One environment variable; its value may be `notKnown`. */
export interface Variable {
  name: string;
  value: unknown;
  /** Where its value stands. */
  path: string;
}

/** The variables at a place. What can't be read is said, never passed over. */
export function variablesAt(
  inspection: Inspection,
  from: Reached,
  { path, form }: EnvironmentPath,
): Variable[] {
  return below(from, path).flatMap((reached) => {
    if (reached.value === notKnown) inspection.reportUnknownEntry(reached.path);
    else if (form === "map") return mapVariables(inspection, reached);
    else if (!Array.isArray(reached.value)) inspection.reportMalformed(reached.path, "list");
    else
      return itemsOf(reached.value, reached.path).flatMap((item) =>
        form === "entries" ? entryVariables(inspection, item) : assignedVariables(inspection, item),
      );
    return [];
  });
}

function mapVariables(inspection: Inspection, { path, value }: Reached): Variable[] {
  if (isObject(value) && !Array.isArray(value))
    return propertiesOf(value, path).map(({ key, ...each }) => ({ name: key, ...each }));
  inspection.reportMalformed(path, "object");
  return [];
}

function entryVariables(inspection: Inspection, { path, value }: Reached): Variable[] {
  if (value === notKnown) inspection.reportUnknownEntry(path);
  else if (!isObject(value)) inspection.reportMalformed(path, "object");
  else {
    const name = read(value, "name");
    if (typeof name === "string") return [{ name, value: read(value, "value"), path: `${path}.value` }];
    if (name === notKnown) inspection.reportUnknownEntry(`${path}.name`);
    else inspection.reportMalformed(`${path}.name`, "text");
  }
  return [];
}

function assignedVariables(inspection: Inspection, { path, value }: Reached): Variable[] {
  if (value === notKnown) inspection.reportUnknownEntry(path);
  else if (typeof value !== "string") inspection.reportMalformed(path, "text");
  else {
    const equals = value.indexOf("=");
    // Without a value it is taken from where the engine's client runs.
    if (equals >= 0) return [{ name: value.slice(0, equals), value: value.slice(equals + 1), path }];
  }
  return [];
}

const secretWords = new Set([
  "apikey",
  "credential",
  "credentials",
  "passphrase",
  "passwd",
  "password",
  "privatekey",
  "secret",
  "token",
]);
/** Before `key`. */
const secretKeys = new Set(["access", "api", "auth", "encryption", "master", "private", "secret", "signing"]);
/** A name that ends in one of these says where or how, not what. */
const otherWords = new Set([
  "algorithm",
  "arn",
  "audience",
  "count",
  "dir",
  "directory",
  "enabled",
  "endpoint",
  "expiry",
  "file",
  "folder",
  "header",
  "id",
  "issuer",
  "length",
  "limit",
  "name",
  "path",
  "ref",
  "timeout",
  "ttl",
  "type",
  "uri",
  "url",
]);

/** Whether the name of a variable says that its value is a secret: `GATEWAY_TOKEN`, `apiKey`; not `TOKEN_FILE`. */
export function namesSecret(name: string): boolean {
  const words = wordsOf(name);
  const last = words.at(-1) ?? "";
  if (otherWords.has(last)) return last === "id" && words.at(-2) === "secret";
  return words.some((_, index) => isSecretAt(words, index));
}

/** Charts and manifests call the *name* of a secret `existingSecret` or `secretKey`: there only the end of a name counts. */
export function namesSecretInManifest(name: string): boolean {
  const words = wordsOf(name);
  const namesOther = ["secret", "credential", "credentials"].includes(words.at(-1) ?? "");
  const isKeyInSecret = words.at(-1) === "key" && words.at(-2) === "secret";
  return !namesOther && !isKeyInSecret && isSecretAt(words, words.length - 1);
}

function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]/)
    .filter((word) => word !== "");
}

function isSecretAt(words: readonly string[], index: number): boolean {
  const word = words[index] ?? "";
  return secretWords.has(word) || (word === "key" && secretKeys.has(words[index - 1] ?? ""));
}

/** A text that can be a secret: no flag, no name of a variable that stands for it, no file of mounted secrets. */
export function isLiteral(text: string): boolean {
  const bare = text.trim();
  return (
    bare !== "" &&
    !/^(true|false|null|none)$/i.test(bare) &&
    !/^\$(\([^()]*\)|\{[^{}]*\}|[A-Z_][A-Z0-9_]*)$/.test(bare) &&
    !/^(\/var)?\/run\/secrets\//.test(bare)
  );
}

/** `postgres://user:password@host`, whatever the name of the setting. */
function hasPasswordInUrl(text: string): boolean {
  const scheme = text.indexOf("://");
  if (scheme <= 0) return false;
  const [authority = ""] = text.slice(scheme + 3).split(/[/?#\s]/, 1);
  const userinfo = authority.slice(0, Math.max(authority.lastIndexOf("@"), 0));
  const colon = userinfo.indexOf(":");
  return colon >= 0 && isLiteral(userinfo.slice(colon + 1));
}

/** What is in plain in a setting. Its value is never said. */
export function plainIn({ name, value }: Pick<Variable, "name" | "value">): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (namesSecret(name)) return typeof value !== "string" || isLiteral(value) ? "secret" : undefined;
  return typeof value === "string" && hasPasswordInUrl(value) ? "password in its URL" : undefined;
}

/** The same of a text with settings in its lines, `KEY=value` or `key: value`: the keys whose values are plain. */
export function plainLines(text: string): { line: number; key: string }[] {
  return text.split("\n").flatMap((each, index) => {
    const [, key = "", value = ""] =
      /^[\s-]*(?:export )?["']?([A-Za-z_][\w.-]*)["']?\s*[=:]\s*(.*)$/.exec(each) ?? [];
    const bare = value.trim().replace(/^(["'])(.*)\1[,;]?$/, "$2");
    return namesSecretInManifest(key) && isLiteral(bare) ? [{ line: index + 1, key }] : [];
  });
}

/** Says that a setting has something in plain. @param write - where it belongs instead. */
export function reportPlain(
  inspection: Inspection,
  path: string,
  { name, part, write }: { name: string; part: string; write: string },
): void {
  inspection.report("plainSecret", path, {
    what: `${quoted(name)} has its ${part} in plain (not shown here)`,
    why: "it stands unencrypted where many can read it, and stays there",
    write,
  });
}
