/** Comments, texts in either quotes, and what lies between them. */
const tokens = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|[^"'/]+|\//g;

/** OpenClaw's configuration may be JSON5: comments, trailing commas, single quotes, bare keys. Undefined when it is no such text. */
export function parsedJson5(text: string): unknown {
  try {
    return JSON.parse(asJson(text));
  } catch {
    return undefined;
  }
}

function asJson(text: string): string {
  const texts: string[] = [];
  // Texts are put aside, so that what is done to the rest can't reach into them.
  const bare = (text.match(tokens) ?? [])
    .map((token) => {
      if (token.startsWith("//") || token.startsWith("/*")) return " ";
      if (!/^["']/.test(token)) return token;
      texts.push(token.startsWith("'") ? doubleQuoted(token) : token.replace(/\\\r?\n/g, ""));
      return `"${texts.length - 1}"`;
    })
    .join("");
  return bare
    .replace(/([{,]\s*)([A-Za-z_$][\w$]*)(\s*:)/g, (_, before, key, after) => {
      texts.push(JSON.stringify(key));
      return `${before}"${texts.length - 1}"${after}`;
    })
    .replace(/,(\s*[}\]])/g, "$1")
    .replace(/"(\d+)"/g, (_, index) => texts[Number(index)] ?? '""');
}

function doubleQuoted(token: string): string {
  const inner = token
    .slice(1, -1)
    .replace(/\\\r?\n/g, "")
    .replace(/\\'|"/g, (each) => (each === '"' ? '\\"' : "'"));
  return `"${inner}"`;
}
