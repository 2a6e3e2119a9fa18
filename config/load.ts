import { Config, type Output, RunError, runtime, secret } from "@pulumi/pulumi";
import { envFileValues } from "./env-file.ts";
import { isMapping } from "./json.ts";
import type { ParseStackConfig } from "./parse.ts";
import { ConfigError } from "./problem.ts";
import type { StackConfig } from "./schema.ts";
import { SecretMark } from "./secret-mark.ts";
import { secretPrints, secretValues } from "./secret-values.ts";

export interface LoadedConfig {
  config: StackConfig;
  secrets: {
    /** Instance name -> token of its gateway. */
    gatewayTokens: Output<Record<string, string>>;
    /** By the names that `container.secrets` has. */
    named: Output<Record<string, string>>;
    /** Password of the snapshots' repositories. */
    snapshotPassword: Output<string>;
    /** Of the control plane's account; empty without a control plane. */
    controlPlanePassword: Output<string>;
  };
}

const namespace = "clawforce";

/**
 * Reads the stack's configuration inside a Pulumi program.
 *
 * @throws RunError (no stack trace) that lists every problem, a missing secret among them.
 */
export function loadStackConfig(parse: ParseStackConfig): LoadedConfig {
  try {
    const config = parse(rawConfig(), { demandSecrets: true });
    const keys = new Config(namespace);
    const named =
      keys.getSecretObject<Record<string, string>>("secrets") ?? secret<Record<string, string>>({});
    const ofFiles = envFileValues(config);
    return {
      config: withPrints(config, ofFiles),
      secrets: {
        gatewayTokens:
          keys.getSecretObject<Record<string, string>>("gatewayTokens") ?? secret<Record<string, string>>({}),
        named: named.apply((values) => ({ ...ofFiles, ...values })),
        snapshotPassword: keys.requireSecret("snapshotPassword"),
        controlPlanePassword: keys.getSecret("controlPlanePassword") ?? secret(""),
      },
    };
  } catch (error) {
    if (error instanceof ConfigError) throw new RunError(error.message);
    throw error;
  }
}

/** Only where there are secrets to tell apart: the key for it takes its time. */
function withPrints(config: StackConfig, ofFiles: Record<string, string>): StackConfig {
  const {
    [`${namespace}:secrets`]: texts,
    [`${namespace}:gatewayTokens`]: tokens,
    [`${namespace}:controlPlanePassword`]: controlPlanePassword,
    [`${namespace}:snapshotPassword`]: password,
  } = runtime.allConfig();
  const values = secretValues({
    named: { ...ofFiles, ...namesIn(texts) },
    gatewayTokens: namesIn(tokens),
    controlPlanePassword,
  });
  if (password === undefined || Object.keys(values).length === 0) return config;
  return { ...config, secretPrints: secretPrints(values, password) };
}

function namesIn(text = "{}"): Record<string, string> {
  const values = decoded(text);
  return isMapping(values) ? (values as Record<string, string>) : {};
}

function rawConfig(): Record<string, unknown> {
  const prefix = `${namespace}:`;
  return Object.fromEntries(
    Object.entries(runtime.allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, text]) => [key.slice(prefix.length), settingOf(key, text)]),
  );
}

/** The engine tells which whole keys hold a secret, not which parts of them. */
function settingOf(key: string, text: string): unknown {
  const value = decoded(text);
  if (!isSecret(key)) return value;
  const hasNames = key === `${namespace}:gatewayTokens` || key === `${namespace}:secrets`;
  return hasNames ? markedEntries(value) : markedText(value);
}

/** The names stay, for the check that none is missing. */
function markedEntries(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, token]) => [name, markedText(token)]));
}

/** An empty secret counts as one that is not set. */
function markedText(value: unknown): SecretMark | undefined {
  return value === "" || value === null ? undefined : new SecretMark();
}

/** Objects and lists arrive as JSON, everything else as text. */
function decoded(text: string): unknown {
  if (!/^[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** `isConfigSecret` is part of the SDK's runtime, but not of its types. */
function isSecret(key: string): boolean {
  const sdk: object & { isConfigSecret?: (key: string) => boolean } = runtime;
  return sdk.isConfigSecret?.(key) ?? true;
}
