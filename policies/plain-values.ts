import { lineEnds } from "./line-ends.ts";
import { secretFormIn } from "./secret-forms.ts";
import { isSettingOfSecret, namesSecret, namesSecretInManifest } from "./secret-names.ts";

/** A setting; its value may be anything. */
interface Named {
  name: string;
  value: unknown;
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
export function plainIn({ name, value }: Named): string | undefined {
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
  return text.split(lineEnds).flatMap((each, index) => {
    const keys = [each, ...flowParts(each)].flatMap((part) => plainKey(part) ?? []);
    const form = keys.length === 0 ? secretFormIn(each) : undefined;
    const found = form === undefined ? keys : [keyOf(each) ?? form];
    return [...new Set(found)].map((key) => ({ line: index + 1, key }));
  });
}

/** What stands between braces. What a template or a shell puts in later is no value. */
function flowParts(line: string): string[] {
  if (!line.includes("{")) return [];
  const [, ...parts] = line.replaceAll(/\{\{[^{}]*\}\}|\$\{[^{}]*\}/g, "").split(/[{},]/);
  return parts;
}

const setting = /^[\s-]*(?:export )?["']?([A-Za-z_][\w.-]*)["']?\s*[=:]\s*(.*)$/s;

function keyOf(text: string): string | undefined {
  return setting.exec(text)?.[1];
}

/** The key of a setting that has a secret in plain by its name. */
function plainKey(text: string): string | undefined {
  const [, key = "", value = ""] = setting.exec(text) ?? [];
  if (!namesSecretInManifest(key)) return undefined;
  const bare = value.trim().replace(/^(["'])(.*)\1[,;]?$/, "$2");
  return isLiteral(bare) && !isSettingOfSecret(key, bare) ? key : undefined;
}

/** What is in plain in a setting with lines, as far as no line of it says the same. */
export function plainInWhole(setting: Named, lines: readonly PlainLine[]): string | undefined {
  const part = plainIn(setting);
  const isForm = typeof setting.value === "string" && part === secretFormIn(setting.value);
  return isForm && lines.length > 0 ? undefined : part;
}
