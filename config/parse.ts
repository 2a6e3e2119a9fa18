import { crossFieldProblems, secretCommand } from "./cross-field.ts";
import { ConfigError, type Path, type Problem } from "./problem.ts";
import { type StackConfig, secretKeys, stackSchema } from "./schema.ts";
import { fieldOf, schemaProblems } from "./schema-problems.ts";
import { SecretMark } from "./secret-mark.ts";

export { ConfigError } from "./problem.ts";

export interface ParseOptions {
  /** Refuse the configuration when a secret that it needs is not set. Default: false. */
  demandSecrets?: boolean;
}

/**
 * Reads the keys of the namespace `clawforce`, without prefix. A `SecretMark` stands for each value that is set
 * as a secret.
 *
 * @throws ConfigError that lists every problem.
 */
export function parseStackConfig(raw: Record<string, unknown>, options: ParseOptions = {}): StackConfig {
  const settings = Object.fromEntries(Object.entries(raw).filter(([key]) => !isSecretKey(key)));
  const marked = secretPaths(settings, []);
  const problems = [
    ...schemaProblems(stackSchema, settings).filter(
      ({ path }) => !marked.some((mark) => isWithin(path, mark)),
    ),
    ...crossFieldProblems(settings),
    ...misplacedSecrets(marked),
    ...plainSecrets(raw),
    ...(options.demandSecrets === true ? missingSecrets(raw) : []),
  ];
  if (problems.length > 0) throw new ConfigError(inOrder(problems));
  return stackSchema.parse(settings);
}

function isSecretKey(key: string): boolean {
  return (secretKeys as readonly string[]).includes(key);
}

/** By the keys of the schema, then as found; so that the same configuration always gives the same text. */
function inOrder(problems: Problem[]): Problem[] {
  const keys: readonly string[] = [...Object.keys(stackSchema.shape), ...secretKeys];
  return problems.toSorted((a, b) => keys.indexOf(String(a.path[0])) - keys.indexOf(String(b.path[0])));
}

function secretPaths(value: unknown, path: Path): Path[] {
  if (value instanceof SecretMark) return [path];
  if (Array.isArray(value)) return value.flatMap((entry, index) => secretPaths(entry, [...path, index]));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, entry]) => secretPaths(entry, [...path, key]));
}

function isWithin(path: Path, outer: Path): boolean {
  return outer.every((part, index) => path[index] === part);
}

function misplacedSecrets(marked: Path[]): Problem[] {
  return marked.map((path) => ({
    path,
    message: `a secret is set here, but this part of the configuration is stored and shown in plain text. Set it without --secret; only ${secretKeys.map((key) => `\`${key}\``).join(" and ")} may be secrets.`,
  }));
}

/** The plain value may have been committed or logged: the way out is a new secret, not the same one hidden. */
function plainSecrets(raw: Record<string, unknown>): Problem[] {
  return secretKeys.flatMap((key) =>
    plainPaths(raw[key], [key]).map((path) => ({
      path,
      message: `a secret stands here in plain text. Make a new one and run ${secretCommand(path.length === 1 && key === "gatewayTokens" ? [key, "<instance>"] : path)}.`,
    })),
  );
}

function plainPaths(value: unknown, path: Path): Path[] {
  if (value === undefined || value === null || value instanceof SecretMark) return [];
  if (typeof value !== "object" || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, entry]) => plainPaths(entry, [...path, key]));
}

function missingSecrets(raw: Record<string, unknown>): Problem[] {
  const tokens = raw.gatewayTokens;
  const paths: Path[] = instanceNames(raw)
    .filter((name) => !(tokens instanceof SecretMark) && isUnset(fieldOf(tokens, name)))
    .map((name) => ["gatewayTokens", name]);
  if (isUnset(raw.snapshotPassword)) paths.push(["snapshotPassword"]);
  return paths.map((path) => ({ path, message: `the secret is not set. Run ${secretCommand(path)}.` }));
}

function isUnset(value: unknown): boolean {
  return value === undefined || value === null;
}

function instanceNames(raw: Record<string, unknown>): string[] {
  const groups = raw.instanceGroups;
  if (typeof groups !== "object" || groups === null) return [];
  const entries = Object.values(groups).flatMap((group) => fieldOf(group, "instances") ?? []);
  const names = entries.map((entry) => (typeof entry === "string" ? entry : fieldOf(entry, "name")));
  return [...new Set(names.filter((name) => typeof name === "string"))];
}
