import { join, resolve } from "node:path";
import type { StackConfig } from "../config/schema.ts";
import { readStackFile } from "../config/stack-file.ts";
import { parseStackConfig } from "../lifecycle/stack-config.ts";
import { projectFolder } from "./project.ts";

export interface NamedStack {
  stack: string;
  /** The stack file that was named; undefined: Pulumi.<stack>.yaml in the project's folder. */
  configFile: string | undefined;
}

/**
 * The configuration of a stack, read without the engine. A relative evidence directory counts from the project's
 * folder, as it does for the programs that the engine starts there; a relative stack file counts from where the
 * command was typed.
 *
 * @throws StackFileError, ConfigError
 */
export function configOf(named: NamedStack): StackConfig {
  return fromProjectFolder(parseStackConfig(readStackFile(stackFileOf(named))));
}

export function stackFileOf({ stack, configFile }: NamedStack): string {
  return configFile === undefined ? join(projectFolder, `Pulumi.${stack}.yaml`) : resolve(configFile);
}

/** With the places of the evidence as the programs see them that the engine starts in the project's folder. */
export function fromProjectFolder(config: StackConfig): StackConfig {
  const { evidence } = config;
  const { directory, signingKey } = evidence;
  return {
    ...config,
    evidence: {
      ...evidence,
      directory: resolve(projectFolder, directory),
      ...(signingKey !== undefined && { signingKey: resolve(projectFolder, signingKey) }),
    },
  };
}
