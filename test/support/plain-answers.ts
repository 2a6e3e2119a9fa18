import type { Answers } from "./asked-gateway.ts";

/** A turn tells all of the prompt that it was asked with, pages of it. */
const bulky = new Set(["systemPromptReport", "finalPromptText", "toolSummary"]);

/** Without what names this machine or this run, or could be a secret, and without pages that no check reads. */
export function plainAnswers(answers: Answers, secrets: Readonly<Record<string, string>>): Answers {
  const plain = (text: string) => withoutSecrets(withoutBulk(text), secrets);
  return {
    ...(answers.version !== undefined && { version: answers.version }),
    commands: Object.fromEntries(
      Object.entries(answers.commands)
        .toSorted(([one], [other]) => one.localeCompare(other))
        .map(([asked, { exitCode, stdout, stderr }]) => [
          asked,
          { exitCode, stdout: plain(stdout), stderr: plain(stderr) },
        ]),
    ),
    http: Object.fromEntries(
      Object.entries(answers.http).map(([path, { status, body }]) => [
        path,
        { status, body: plain(body.slice(0, 4000)) },
      ]),
    ),
    log: answers.log.map(plain),
  };
}

function withoutSecrets(text: string, secrets: Readonly<Record<string, string>>): string {
  return Object.entries(secrets)
    .reduce((rest, [name, secret]) => rest.replaceAll(secret, name), text)
    .replace(/\b[\da-f]{40,}\b/g, (hash) => "0".repeat(hash.length))
    .replace(/\b[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b/g, "00000000-0000-4000-8000-000000000000")
    .replace(/\b(10|172|192)(\.\d{1,3}){3}\b/g, "192.0.2.1")
    .replace(/\b[A-Za-z\d_-]{43}\b/g, (key) => "A".repeat(key.length));
}

function withoutBulk(text: string): string {
  const begin = text.search(/^\{/m);
  if (begin === -1) return text;
  try {
    const document = JSON.parse(text.slice(begin), (key, value) => (bulky.has(key) ? undefined : value));
    return `${text.slice(0, begin)}${JSON.stringify(document, undefined, 1)}\n`;
  } catch {
    return text;
  }
}
