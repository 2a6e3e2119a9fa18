import { z } from "zod";
import type { CheckDeclaration } from "./check-kind.ts";
import { crossFieldProblems } from "./cross-field.ts";
import { envFileProblems, type ReadEnvFile, readEnvFile, withEnvFiles } from "./env-file.ts";
import { type PlatformDeclaration, platformNamed } from "./platform-kind.ts";
import { ConfigError, type Path, type Problem } from "./problem.ts";
import { type StackConfig, type StackSchema, secretKeys } from "./schema.ts";
import { schemaProblems } from "./schema-problems.ts";
import { misplacedSecrets, missingSecrets, plainSecrets, secretPaths } from "./secrets.ts";

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
export type ParseStackConfig = (raw: Record<string, unknown>, options?: ParseOptions) => StackConfig;

/**
 * @param kinds the kinds of check that the schema was made with
 * @param platforms the kinds of platform that it was made with
 * @param read how the files of `envFile` are read
 */
export function stackParser(
  schema: StackSchema,
  kinds: readonly CheckDeclaration[],
  platforms: readonly PlatformDeclaration[],
  read: ReadEnvFile = readEnvFile,
): ParseStackConfig {
  // Judges names only: what a secret's key holds is judged by `secrets.ts`.
  const withSecrets = schema.extend({
    controlPlanePassword: z.unknown().optional(),
    gatewayTokens: z.unknown().optional(),
    secrets: z.unknown().optional(),
    snapshotPassword: z.unknown().optional(),
  } satisfies Record<(typeof secretKeys)[number], z.ZodType>);
  return (raw, { demandSecrets = false } = {}) => {
    const settings = Object.fromEntries(Object.entries(raw).filter(([key]) => !isSecretKey(key)));
    const marked = secretPaths(settings);
    const platform = platformNamed(platforms, settings);
    const ofSchema = schemaProblems(withSecrets, raw);
    const unknown = ofSchema.filter(({ unknownKey }) => unknownKey === true);
    const problems = [
      ...ofSchema.filter(
        (problem) => unknown.includes(problem) || !marked.some((mark) => isWithin(problem.path, mark)),
      ),
      ...crossFieldProblems(settings, kinds),
      ...(platform?.problems?.(settings) ?? []),
      ...envFileProblems(settings, read),
      ...misplacedSecrets(marked.filter((mark) => !unknown.some(({ path }) => isWithin(mark, path)))),
      ...plainSecrets(raw),
      ...(demandSecrets ? missingSecrets(raw) : []),
    ];
    if (problems.length > 0) throw new ConfigError(inOrder(problems, Object.keys(withSecrets.shape)));
    const parsed = withEnvFiles(schema.parse(settings), read);
    return platform?.memoryMakesAnew === true ? { ...parsed, memoryMakesAnew: true } : parsed;
  };
}

function isSecretKey(key: string): boolean {
  return (secretKeys as readonly string[]).includes(key);
}

/** By the keys of the schema, then as found; so that the same configuration always gives the same text. */
function inOrder(problems: Problem[], keys: readonly string[]): Problem[] {
  return problems.toSorted((a, b) => keys.indexOf(String(a.path[0])) - keys.indexOf(String(b.path[0])));
}

function isWithin(path: Path, outer: Path): boolean {
  return outer.every((part, index) => path[index] === part);
}
