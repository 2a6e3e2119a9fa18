import { fieldOf, isMapping } from "./json.ts";
import { type Path, type Problem, pathText } from "./problem.ts";
import { secretKeys } from "./schema.ts";
import { SecretMark } from "./secret-mark.ts";

/** The command that sets a gateway's token, where no single instance is meant. */
export const tokenCommand = "`pulumi config set --secret --path 'clawforce:gatewayTokens.<instance>'`";

/** The command that sets a secret, for messages. */
function secretCommand(path: Path): string {
  return path.length === 1
    ? `\`pulumi config set --secret ${pathText(path)}\``
    : `\`pulumi config set --secret --path '${pathText(path)}'\``;
}

/** Where a value is set as a secret. */
export function secretPaths(value: unknown, path: Path = []): Path[] {
  if (value instanceof SecretMark) return [path];
  if (Array.isArray(value)) return value.flatMap((entry, index) => secretPaths(entry, [...path, index]));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, entry]) => secretPaths(entry, [...path, key]));
}

export function misplacedSecrets(marked: Path[]): Problem[] {
  return marked.map((path) => ({
    path,
    message: `a secret is set here, but this part of the configuration is stored and shown in plain text. ${placeFor(path)}`,
  }));
}

function placeFor(path: Path): string {
  const at = path.indexOf("environment");
  if (at === -1) return `Set it without --secret; only ${keyList()} may be secrets.`;
  return (
    "Take it out, and set it with `pulumi config set --secret --path 'clawforce:secrets.<name>'`. " +
    `Then write \`${path[at + 1] ?? "VARIABLE"}: <name>\` under \`container.secrets\`.`
  );
}

function keyList(): string {
  const keys = secretKeys.map((key) => `\`${key}\``);
  return `${keys.slice(0, -1).join(", ")} and ${keys.at(-1)}`;
}

/** The plain value may have been committed or logged: the way out is a new secret, not the same one hidden. */
export function plainSecrets(raw: Record<string, unknown>): Problem[] {
  return secretKeys.flatMap((key) =>
    plainPaths(raw[key], [key]).map((path) => ({
      path,
      message: `a secret stands here in plain text. Make a new one and run ${path.length === 1 && key === "gatewayTokens" ? tokenCommand : secretCommand(path)}.`,
    })),
  );
}

function plainPaths(value: unknown, path: Path): Path[] {
  if (value === undefined || value === null || value instanceof SecretMark) return [];
  if (typeof value !== "object" || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, entry]) => plainPaths(entry, [...path, key]));
}

/** Each gateway's token, the password of the snapshots' repositories, and that of the control plane's account. */
export function missingSecrets(raw: Record<string, unknown>): Problem[] {
  const tokens = raw.gatewayTokens;
  const paths: Path[] = instanceNames(raw)
    .filter((name) => !(tokens instanceof SecretMark) && isUnset(fieldOf(tokens, name)))
    .map((name) => ["gatewayTokens", name]);
  paths.push(
    ...namesWanted(raw)
      .filter((name) => !(raw.secrets instanceof SecretMark) && isUnset(fieldOf(raw.secrets, name)))
      .map((name): Path => ["secrets", name]),
  );
  if (isUnset(raw.snapshotPassword)) paths.push(["snapshotPassword"]);
  if (!isUnset(raw.controlPlane) && isUnset(raw.controlPlanePassword)) paths.push(["controlPlanePassword"]);
  return paths.map((path) => ({ path, message: `the secret is not set. Run ${secretCommand(path)}.` }));
}

function isUnset(value: unknown): boolean {
  return value === undefined || value === null;
}

/** The secrets that containers are to get, each once. */
function namesWanted(raw: Record<string, unknown>): string[] {
  const groups = Object.values(isMapping(raw.instanceGroups) ? raw.instanceGroups : {});
  const all = [...groups, raw.controlPlane].flatMap((each) => {
    const instances = fieldOf(each, "instances");
    const own = Array.isArray(instances) ? instances.map((instance) => fieldOf(instance, "secrets")) : [];
    return [fieldOf(fieldOf(each, "container"), "secrets"), ...own].flatMap((secrets) =>
      isMapping(secrets) ? Object.values(secrets) : [],
    );
  });
  return [...new Set(all.filter((name) => typeof name === "string"))];
}

function instanceNames(raw: Record<string, unknown>): string[] {
  const groups = raw.instanceGroups;
  if (typeof groups !== "object" || groups === null) return [];
  const own = Object.values(groups).filter((group) => fieldOf(group, "managed") !== true);
  const entries = own.flatMap((group) => fieldOf(group, "instances") ?? []);
  const names = entries.map((entry) => (typeof entry === "string" ? entry : fieldOf(entry, "name")));
  return [...new Set(names.filter((name) => typeof name === "string"))];
}
