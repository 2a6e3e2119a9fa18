import { wordsOf } from "./name-words.ts";

/** Anywhere in a name, alone or at the end of a longer word: `GATEWAY_TOKEN`, `PGPASSWORD`. */
const secretWords = [
  "apikey",
  "credential",
  "credentials",
  "passphrase",
  "passwd",
  "password",
  "privatekey",
  "secret",
  "secretkey",
  "token",
];
/** Only at the end of a name, and behind another word: `DB_PASS`, `GITHUB_PAT`, `REDIS_AUTH`. */
const lastSecretWords = new Set(["auth", "pass", "pat", "pwd"]);
/** Behind one of the others they say where it is used, not what it is: `DB_PASS_PROD`. */
const places = new Set(["dev", "main", "new", "old", "prod", "production", "stage", "staging", "test"]);
/** Before `key`, wherever the name stands. */
const secretKeys = new Set(["access", "api", "auth", "encryption", "master", "private", "secret", "signing"]);
/** Before `key`, it is no secret: it is published, or finds something. */
const otherKeys = new Set([
  "cache",
  "column",
  "config",
  "foreign",
  "group",
  "hash",
  "host",
  "id",
  "idempotency",
  "index",
  "label",
  "lookup",
  "map",
  "object",
  "partition",
  "primary",
  "public",
  "range",
  "registry",
  "routing",
  "shard",
  "sort",
  "topology",
  "unique",
]);
/** A name that ends in one of these says where, how or how long, not what. */
const otherWords = new Set([
  "age",
  "algorithm",
  "arn",
  "attempts",
  "audience",
  "backend",
  "budget",
  "class",
  "count",
  "days",
  "dir",
  "directory",
  "driver",
  "enabled",
  "endpoint",
  "engine",
  "expiration",
  "expires",
  "expiry",
  "file",
  "folder",
  "format",
  "header",
  "hours",
  "id",
  "interval",
  "issuer",
  "length",
  "lifetime",
  "limit",
  "manager",
  "max",
  "method",
  "min",
  "minutes",
  "mode",
  "name",
  "path",
  "policy",
  "prefix",
  "provider",
  "quota",
  "rate",
  "ref",
  "required",
  "retries",
  "rotation",
  "scope",
  "scopes",
  "seconds",
  "service",
  "size",
  "source",
  "store",
  "strategy",
  "suffix",
  "timeout",
  "ttl",
  "type",
  "uri",
  "url",
  "usage",
  "validity",
  "version",
  "window",
]);
/** At the beginning of a name: its value is a number of them. */
const counting = new Set(["max", "maximum", "min", "minimum", "num", "number"]);

/** How one proves who one is, where a name such as `SMTP_AUTH` asks for that and not for a secret. */
const methods = new Set([
  "anonymous",
  "basic",
  "bearer",
  "cram-md5",
  "digest",
  "external",
  "gssapi",
  "header",
  "iam",
  "jwt",
  "kerberos",
  "ldap",
  "login",
  "md5",
  "mtls",
  "ntlm",
  "oauth",
  "oauth2",
  "oidc",
  "optional",
  "password",
  "peer",
  "plain",
  "proxy",
  "required",
  "saml",
  "scram-sha-256",
  "token",
  "trust",
  "xoauth2",
]);

/** Whether the name of a variable says that its value is a secret: `GATEWAY_TOKEN`, `apiKey`; not `TOKEN_FILE`. */
export function namesSecret(name: string): boolean {
  // A shell keeps its folders there.
  if (name === "PWD" || name === "OLDPWD") return false;
  const words = wordsOf(name);
  const last = words.at(-1) ?? "";
  if (otherWords.has(last)) return last === "id" && words.at(-2) === "secret";
  return words.some((word, index) => isSecretWord(word) || isSecretKey(words, index)) || endsInSecret(words);
}

/** Charts and manifests call the *name* of a secret `existingSecret` or `secretKey`: there only the end of a name counts. */
export function namesSecretInManifest(name: string): boolean {
  if (/^[A-Z][A-Z0-9]*_[A-Z0-9_]*$/.test(name)) return namesSecret(name);
  const words = wordsOf(name);
  const last = words.at(-1) ?? "";
  if (last.endsWith("secret") || last.startsWith("credential")) return false;
  if (last === "key" && words.at(-2) === "secret") return false;
  return isSecretWord(last) || isSecretKey(words, words.length - 1) || last === "pass" || last === "pwd";
}

/** Whether a value is a number, a file, a structure or a method, where the name speaks of a secret and asks for one of these. */
export function isSettingOfSecret(name: string, value: string): boolean {
  const words = wordsOf(name);
  const bare = value.trim().toLowerCase();
  const isSure = words.some((word, index) => isSecretWord(word) || isSecretKey(words, index));
  if (!isSure && /^[[{]|^(~|\.{1,2})?(\/[\w.@-]+)+$|^[\w.-]+\.(pem|key|crt|p12|pub)$/.test(bare)) return true;
  if (/^\d{1,9}(\.\d{1,3})?\s?(ms|s|m|h|d|w|%|[kmg]i?b?)?$/.test(bare))
    return counting.has(words[0] ?? "") || !isNameOfSecret(words);
  return words.at(-1) === "auth" && methods.has(bare);
}

function isNameOfSecret(words: readonly string[]): boolean {
  const last = words.length - 1;
  return isSecretWord(words[last] ?? "") || isSecretKey(words, last) || endsInSecret(words);
}

function isSecretWord(word: string): boolean {
  return secretWords.some((each) => word.endsWith(each));
}

function isSecretKey(words: readonly string[], index: number): boolean {
  return words[index] === "key" && secretKeys.has(words[index - 1] ?? "");
}

/** The words that mean a secret only where a name ends in them. */
function endsInSecret(words: readonly string[]): boolean {
  const end = words.findLastIndex((word) => !places.has(word) && !/^\d+$/.test(word));
  const [before, last = ""] = [words[end - 1], words[end]];
  if (last === "pwd") return true;
  if (before === undefined) return false;
  return lastSecretWords.has(last) || (last === "key" && !otherKeys.has(before));
}
