import { isObject, itemsOf, notKnown, propertiesOf, type Reached, read } from "./guarded-read.ts";
import type { EnvironmentPath } from "./image-paths.ts";
import { below, type Inspection } from "./privilege.ts";
import { secretFormIn } from "./secret-forms.ts";
import { isSettingOfSecret, namesSecret, namesSecretInManifest } from "./secret-names.ts";
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

/** A text that can be a secret: no flag, nothing that stands for another value, no place where one is kept. */
export function isLiteral(text: string): boolean {
  const bare = text.trim();
  return (
    bare !== "" &&
    !/^(true|false|yes|no|on|off|0|1|null|none|enabled|disabled)$/i.test(bare) &&
    !/^\$(\([^()]*\)|\{[^{}]*\}|[A-Z_][A-Z0-9_]*)$/.test(bare) &&
    !/^(\{\{[^{}]*\}\}|%[A-Z_][A-Z0-9_]*%)$/.test(bare) &&
    !/^(\/var)?\/run\/secrets\//.test(bare) &&
    !/^(arn:[a-z-]+:|op:\/\/|ref\+[a-z0-9]+:\/\/)/.test(bare)
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
  if (typeof value !== "string") return namesSecret(name) ? "secret" : undefined;
  if (namesSecret(name) && isLiteral(value) && !isSettingOfSecret(name, value)) return "secret";
  return hasPasswordInUrl(value) ? "password in its URL" : secretFormIn(value);
}

/** A line that has something in plain. */
export interface PlainLine {
  line: number;
  /** Its key; of a line without one what the secret is. */
  key: string;
}

/** The same of a text with settings in its lines, `KEY=value` or `key: value`: the keys whose values are plain. */
export function plainLines(text: string): PlainLine[] {
  return text.split("\n").flatMap((each, index) => {
    const [, key = "", value = ""] =
      /^[\s-]*(?:export )?["']?([A-Za-z_][\w.-]*)["']?\s*[=:]\s*(.*)$/.exec(each) ?? [];
    const bare = value.trim().replace(/^(["'])(.*)\1[,;]?$/, "$2");
    if (namesSecretInManifest(key) && isLiteral(bare) && !isSettingOfSecret(key, bare))
      return [{ line: index + 1, key }];
    const form = secretFormIn(each);
    return form === undefined ? [] : [{ line: index + 1, key: key === "" ? form : key }];
  });
}

/** What is in plain in a setting with lines, as far as no line of it says the same. */
export function plainInWhole(
  setting: Pick<Variable, "name" | "value">,
  lines: readonly PlainLine[],
): string | undefined {
  const part = plainIn(setting);
  const isForm = typeof setting.value === "string" && part === secretFormIn(setting.value);
  return isForm && lines.length > 0 ? undefined : part;
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
