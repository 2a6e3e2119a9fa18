import { z } from "zod";
import { crossFieldProblems } from "./cross-field.ts";
import { ConfigError, type Path, type Problem } from "./problem.ts";
import { type StackConfig, secretKeys, stackSchema } from "./schema.ts";
import { schemaProblems } from "./schema-problems.ts";
import { misplacedSecrets, missingSecrets, plainSecrets, secretPaths } from "./secrets.ts";

export { ConfigError } from "./problem.ts";

/** Judges names only: what a secret's key holds is judged by `secrets.ts`. */
const schemaWithSecrets = stackSchema.extend({
  controlPlanePassword: z.unknown().optional(),
  gatewayTokens: z.unknown().optional(),
  snapshotPassword: z.unknown().optional(),
} satisfies Record<(typeof secretKeys)[number], z.ZodType>);

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
  const marked = secretPaths(settings);
  const ofSchema = schemaProblems(schemaWithSecrets, raw);
  const unknown = ofSchema.filter(({ unknownKey }) => unknownKey === true);
  const problems = [
    ...ofSchema.filter(
      (problem) => unknown.includes(problem) || !marked.some((mark) => isWithin(problem.path, mark)),
    ),
    ...crossFieldProblems(settings),
    ...misplacedSecrets(marked.filter((mark) => !unknown.some(({ path }) => isWithin(mark, path)))),
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

function isWithin(path: Path, outer: Path): boolean {
  return outer.every((part, index) => path[index] === part);
}
