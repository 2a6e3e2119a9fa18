import { resolve } from "node:path";
import { envFileValues } from "../config/env-file.ts";
import { isMapping } from "../config/json.ts";
import { workloadsOf } from "../config/rollout.ts";
import type { StackConfig } from "../config/schema.ts";
import { type SecretPrints, secretPrints, secretValues } from "../config/secret-values.ts";
import { CommandFailure } from "./command.ts";
import { reasonOf } from "./engine-access.ts";
import { runPulumi } from "./pulumi-command.ts";
import { fromProjectFolder, type NamedStack } from "./stack.ts";
import type { StackFileChange } from "./stack-file-change.ts";

/** Seconds: a backend may be far. */
const deadline = 120;

/**
 * With what tells the values of its secrets apart: without it an update could not see that one has changed. The values
 * themselves go no further than here.
 *
 * @throws CommandFailure when the stack's passphrase does not open them.
 */
export async function withSecretPrints(config: StackConfig, named: NamedStack): Promise<StackConfig> {
  const isUsed = workloadsOf(config).some(
    ({ managed, container: { secrets, tokenVariable }, secrets: own }) =>
      Boolean(secrets ?? own ?? (managed ? undefined : tokenVariable)),
  );
  if (!isUsed) return config;
  const { stack, configFile } = named;
  const file = configFile === undefined ? [] : ["--config-file", resolve(configFile)];
  const argv = ["config", "--show-secrets", "--json", "--non-interactive", "--stack", stack, ...file];
  const { code, stdout, stderr } = await runPulumi(argv, deadline);
  if (code !== 0) {
    throw new CommandFailure(`The secrets of the stack can't be read: ${reasonOf(new Error(stderr))}`);
  }
  const held = parsed(stdout) as Record<string, { value?: string }>;
  const textAt = (key: string) => held[`clawforce:${key}`]?.value;
  const namesIn = (key: string) => parsed(textAt(key) ?? "{}") as Record<string, string>;
  const password = textAt("snapshotPassword");
  if (password === undefined) return config;
  const values = secretValues({
    named: { ...envFileValues(config), ...namesIn("secrets") },
    gatewayTokens: namesIn("gatewayTokens"),
    controlPlanePassword: textAt("controlPlanePassword"),
  });
  return { ...config, secretPrints: secretPrints(values, password) };
}

/** The configuration that a change of the stack file leads to, with what is known of the values of its secrets. */
export function changedConfig(change: StackFileChange, secretPrints: SecretPrints | undefined): StackConfig {
  return { ...fromProjectFolder(change.config()), ...(secretPrints && { secretPrints }) };
}

/** What can't be read is not shown: it is full of secrets. */
function parsed(text: string): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(text);
    if (isMapping(content)) return content;
  } catch {
    // Said below.
  }
  throw new CommandFailure("The secrets of the stack can't be read: Pulumi's answer is no JSON object.");
}
