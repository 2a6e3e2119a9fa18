import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { ContainerConfig } from "./container-schema.ts";
import { fieldOf, isMapping } from "./json.ts";
import type { Path, Problem } from "./problem.ts";
import type { StackConfig } from "./schema.ts";

/** The bytes of a file with variables, by what the stack file calls it. */
export type ReadEnvFile = (written: string) => Buffer;

/** The project's folder, where the stack files are. */
const folder = fileURLToPath(new URL("..", import.meta.url));

export function envFilePath(written: string): string {
  return resolve(folder, written);
}

export const readEnvFile: ReadEnvFile = (written) => readFileSync(envFilePath(written));

interface Content {
  /** The last one of a name counts. */
  variables: Readonly<Record<string, string>>;
  /** Without the lines themselves, which may hold a secret. */
  problems: readonly { line: number; what: string }[];
}

/** As `docker run --env-file` reads it, but for a name without `=`, which there takes the value of whoever types. */
export function parseEnvFile(bytes: Buffer): Content {
  const problems: { line: number; what: string }[] = [];
  const variables: [string, string][] = [];
  // Each byte is a character at first, so that a line which is no UTF-8 is told by its number.
  bytes
    .toString("latin1")
    .split("\n")
    .forEach((raw, index) => {
      const read = readLine(Buffer.from(raw.replace(/\r$/, ""), "latin1"), index === 0);
      if (typeof read === "string") problems.push({ line: index + 1, what: read });
      else if (read !== undefined) variables.push(read);
    });
  return { variables: Object.fromEntries(variables), problems };
}

/** @returns the variable, undefined for a line without one, or what is wrong with it. */
function readLine(bytes: Buffer, isFirst: boolean): [string, string] | string | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: !isFirst }).decode(bytes);
  } catch {
    return "the line is no UTF-8. Save the file as UTF-8";
  }
  const line = text.trimStart();
  if (line === "" || line.startsWith("#")) return undefined;
  const at = line.indexOf("=");
  if (at < 0) return "there is no `=`. Write NAME=value";
  const name = line.slice(0, at);
  if (name === "") return "no name stands before `=`. Write NAME=value";
  if (/\s/.test(name)) return "the name before `=` has a blank in it. Write NAME=value, without `export`";
  if (line.includes("\0")) return "there is a zero byte in it. No variable can hold one";
  return [name, line.slice(at + 1)];
}

/** What is wrong with the files that containers get variables from, by file and line. */
export function envFileProblems(raw: unknown, read: ReadEnvFile): Problem[] {
  const groups = fieldOf(raw, "instanceGroups");
  const places: { path: Path; container: unknown }[] = [
    { path: ["controlPlane"], container: fieldOf(fieldOf(raw, "controlPlane"), "container") },
    ...Object.entries(isMapping(groups) ? groups : {}).map(([name, group]) => ({
      path: ["instanceGroups", name],
      container: fieldOf(group, "container"),
    })),
  ];
  return places.flatMap(({ path, container }) => {
    const written = fieldOf(container, "envFile");
    if (typeof written !== "string" || written === "") return [];
    return messagesOf(written, read).map((message) => ({ path: [...path, "container", "envFile"], message }));
  });
}

function messagesOf(written: string, read: ReadEnvFile): string[] {
  let bytes: Buffer;
  try {
    bytes = read(written);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    return [
      `${envFilePath(written)} can't be read (${code}). Write its path from the folder of the stack files.`,
    ];
  }
  return parseEnvFile(bytes).problems.map(({ line, what }) => `${written}, line ${line}: ${what}.`);
}

/**
 * With each variable of a file as a secret of the container, under a name that no secret of the stack can have. What the
 * stack file says itself goes before it.
 */
export function withEnvFiles(config: StackConfig, read: ReadEnvFile): StackConfig {
  const { controlPlane, instanceGroups } = config;
  return {
    ...config,
    ...(controlPlane !== undefined && {
      controlPlane: {
        ...controlPlane,
        container: withEnvFile(controlPlane.container, controlPlane.account.passwordVariable, read),
      },
    }),
    instanceGroups: Object.fromEntries(
      Object.entries(instanceGroups).map(([name, group]) => [
        name,
        { ...group, container: withEnvFile(group.container, group.container.tokenVariable, read) },
      ]),
    ),
  };
}

function withEnvFile<Container extends Omit<ContainerConfig, "tokenVariable">>(
  container: Container,
  tokenVariable: string | undefined,
  read: ReadEnvFile,
): Container {
  const { envFile, environment, secrets = {} } = container;
  if (envFile === undefined) return container;
  const names = Object.keys(parseEnvFile(read(envFile)).variables).filter(
    (variable) => variable !== tokenVariable && !Object.hasOwn(environment, variable),
  );
  const ofFile = Object.fromEntries(names.map((variable) => [variable, secretNameOf(envFile, variable)]));
  return { ...container, secrets: { ...ofFile, ...secrets } };
}

function secretNameOf(envFile: string, variable: string): string {
  return `${envFile}#${variable}`;
}

/** The values of all such files, by the names of `withEnvFiles`. */
export function envFileValues(config: StackConfig, read: ReadEnvFile = readEnvFile): Record<string, string> {
  const containers = [config.controlPlane, ...Object.values(config.instanceGroups)].map(
    (each) => each?.container,
  );
  const files = new Set(containers.flatMap((container) => container?.envFile ?? []));
  return Object.fromEntries(
    [...files].flatMap((file) =>
      Object.entries(parseEnvFile(read(file)).variables).map(([variable, value]) => [
        secretNameOf(file, variable),
        value,
      ]),
    ),
  );
}
