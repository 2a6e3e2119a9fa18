/** What a value is by its own form, whatever its name. */
interface SecretForm {
  /** As a message says it: "its private key". */
  what: string;
  /** What each of them has in it, in any case: most texts have none of these, and are looked at only once. */
  sign: string;
  /** Linear in the length of a text. */
  form: RegExp;
  /** Whether what it has found is one indeed; default: it is. */
  isMeant?: (found: string) => boolean;
}

const forms: readonly SecretForm[] = [
  {
    what: "private key",
    sign: "PRIVATE KEY",
    form: /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----/,
  },
  { what: "private key", sign: "AGE-SECRET-KEY", form: /\bAGE-SECRET-KEY-1[A-Z0-9]{20}/ },
  { what: "AWS access key", sign: "AKIA|ASIA", form: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/ },
  {
    what: "GitHub token",
    sign: "gh[pousr]_|github_pat_",
    form: /\b(?:gh[pousr]_[A-Za-z0-9]{30}|github_pat_[A-Za-z0-9_]{22})/,
  },
  { what: "GitLab token", sign: "glpat-", form: /\bglpat-[\w-]{20}/ },
  { what: "Slack token", sign: "xox|xapp-", form: /\bxox[a-z]-[\w-]{10}|\bxapp-\d-[\w-]{10}/ },
  {
    what: "Slack address",
    sign: "hooks\\.slack",
    form: /\bhooks\.slack\.com\/services\/\w{8,12}\/\w{8,12}\/\w{10}/,
  },
  { what: "API key", sign: "sk-", form: /\bsk-(?:[a-z]{2,8}\d{0,2}-){0,2}(?=\w{0,40}\d)\w{20}/ },
  { what: "API key", sign: "k_live_", form: /\b[sr]k_live_[A-Za-z0-9]{16}/ },
  { what: "API key", sign: "AIza", form: /\bAIza[\w-]{35}/ },
  { what: "API key", sign: "SG\\.", form: /\bSG\.[\w-]{16,64}\.[\w-]{16}/ },
  {
    what: "access token",
    sign: "npm_|dckr_pat_|hf_",
    form: /\b(?:npm_[A-Za-z0-9]{36}|dckr_pat_[\w-]{20}|hf_[A-Za-z0-9]{30})/,
  },
  { what: "bot token", sign: "\\d:[\\w-]{35}", form: /\b\d{8,10}:[A-Za-z0-9_-]{35}\b/ },
  { what: "signed token", sign: "eyJ", form: /(?<![\w-])eyJ[\w-]{10,2000}\.eyJ[\w-]{10}/ },
  { what: "bearer token", sign: "bearer\\s", form: /\bbearer\s{1,4}(?=[a-z.~+/_-]{0,200}\d)[\w.~+/-]{12}/i },
  {
    what: "password",
    sign: "basic\\s",
    form: /\bbasic\s{1,4}[A-Za-z0-9+/]{8,512}={0,2}/i,
    isMeant: (found) => /^[\x20-\x7e]+:[\x20-\x7e]+$/.test(decoded(found.slice("basic".length))),
  },
];

/** In characters: a secret stands at the beginning of a value, or in a file of which the first part is enough. */
const lengthLimit = 20_000;

const anySign = new RegExp(forms.map(({ sign }) => sign).join("|"), "i");

/** Whether a text is to be looked at: most are not. */
export function hasSign(text: string): boolean {
  return anySign.test(text);
}

/** What in a text is a secret by its form; undefined: nothing. */
export function secretFormIn(text: string): string | undefined {
  const looked = text.length > lengthLimit ? text.slice(0, lengthLimit) : text;
  if (!hasSign(looked)) return undefined;
  const found = forms.find(({ form, isMeant }) => {
    const [match] = form.exec(looked) ?? [];
    return match !== undefined && (isMeant === undefined || isMeant(match));
  });
  return found?.what;
}

function decoded(base64: string): string {
  return Buffer.from(base64.trim(), "base64").toString("latin1");
}
