import { isSecret, type Output, RunError, runtime } from "@pulumi/pulumi";
import { beforeEach, describe, expect, test } from "vitest";
import { loadStackConfig } from "../../config/load.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { rawConfig } from "./config-fixture.ts";

const tokens = { canary: "t0", "support-1": "t1", "support-2": "t2", "support-3": "t3" };

/** As the engine hands the configuration to the program: one text per key. */
function engineSets(keys: Record<string, unknown>, secretKeys: string[]): void {
  const texts = Object.entries(keys).map(([key, value]) => [
    `clawforce:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  runtime.setAllConfig(
    { ...Object.fromEntries(texts), "docker:host": "unix:///elsewhere" },
    secretKeys.map((key) => `clawforce:${key}`),
  );
}

function settled<T>(output: Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

function refusal(): RunError {
  try {
    loadStackConfig(parseStackConfig);
  } catch (error) {
    if (RunError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("The configuration was accepted.");
}

beforeEach(() => runtime.setAllConfig({}, []));

describe("the configuration of a running program", () => {
  test("is the parsed one, and knows no other namespace", () => {
    engineSets({ ...rawConfig(), gatewayTokens: tokens, snapshotPassword: "p" }, [
      "gatewayTokens",
      "snapshotPassword",
    ]);
    const { secretPrints, ...config } = loadStackConfig(parseStackConfig).config;
    expect(config).toEqual(parseStackConfig(rawConfig()));
    expect(Object.keys(secretPrints ?? {})).toEqual(
      Object.keys(tokens).map((name) => `gatewayTokens.${name}`),
    );
  });

  test.each(["p", '{"looks": "like JSON"}', "[", "1234"])(
    "has its secrets as secret outputs (%s)",
    async (password) => {
      engineSets({ ...rawConfig(), gatewayTokens: tokens, snapshotPassword: password }, [
        "gatewayTokens",
        "snapshotPassword",
      ]);
      const { secrets } = loadStackConfig(parseStackConfig);
      expect(await isSecret(secrets.gatewayTokens)).toBe(true);
      expect(await isSecret(secrets.snapshotPassword)).toBe(true);
      expect(await settled(secrets.gatewayTokens)).toEqual(tokens);
      expect(await settled(secrets.snapshotPassword)).toBe(password);
    },
  );
});

describe("a program refuses to run", () => {
  test("without its secrets, and says so beside everything else", () => {
    const { "support-2": _, ...incomplete } = tokens;
    engineSets(
      {
        ...rawConfig({ "instanceGroups.support.waev": 1 }),
        gatewayTokens: { ...incomplete, "support-3": "" },
      },
      ["gatewayTokens"],
    );
    expect(refusal().message).toBe(
      [
        "The stack configuration has 4 problems; nothing was touched.",
        '  clawforce:instanceGroups.support.waev: unknown key. Remove it, or did you mean "wave"?',
        "  clawforce:gatewayTokens.support-2: the secret is not set. Run `pulumi config set --secret --path 'clawforce:gatewayTokens.support-2'`.",
        "  clawforce:gatewayTokens.support-3: the secret is not set. Run `pulumi config set --secret --path 'clawforce:gatewayTokens.support-3'`.",
        "  clawforce:snapshotPassword: the secret is not set. Run `pulumi config set --secret clawforce:snapshotPassword`.",
      ].join("\n"),
    );
  });

  test("with a secret that was set in plain text, and does not show it", () => {
    engineSets({ ...rawConfig(), gatewayTokens: tokens, snapshotPassword: "hunter2" }, ["gatewayTokens"]);
    expect(refusal().message).toBe(
      [
        "The stack configuration has 1 problem; nothing was touched.",
        "  clawforce:snapshotPassword: a secret stands here in plain text. Make a new one and run `pulumi config set --secret clawforce:snapshotPassword`.",
      ].join("\n"),
    );
  });

  test("with tokens that are one secret text, and does not show it", () => {
    engineSets({ ...rawConfig(), gatewayTokens: "hunter2", snapshotPassword: "p" }, [
      "gatewayTokens",
      "snapshotPassword",
    ]);
    const { message } = refusal();
    expect(message).toContain("clawforce:gatewayTokens.canary: the secret is not set.");
    expect(message).not.toContain("hunter2");
  });

  test("with a secret in a part that is shown, and does not show it", () => {
    const raw = rawConfig({
      "instanceGroups.support.container": { environment: { API_KEY: "hunter2", "A-B": "hunter2" } },
    });
    engineSets({ ...raw, gatewayTokens: tokens, snapshotPassword: "p" }, [
      "gatewayTokens",
      "snapshotPassword",
      "instanceGroups",
    ]);
    const { message } = refusal();
    expect(message).toContain("clawforce:instanceGroups: a secret is set here, but");
    expect(message).not.toContain("hunter2");
  });

  test("has of its secrets what tells their values apart, and the values nowhere", () => {
    const used = rawConfig({ "instanceGroups.support.container": { secrets: { KEY: "model" } } });
    const printOf = (value: string) => {
      engineSets({ ...used, gatewayTokens: tokens, snapshotPassword: "p", secrets: { model: value } }, [
        ...["gatewayTokens", "snapshotPassword", "secrets"],
      ]);
      const { config } = loadStackConfig(parseStackConfig);
      expect(JSON.stringify(config)).not.toContain(value);
      return config.secretPrints?.model;
    };
    expect(printOf("first-value")).toMatch(/^[0-9a-f]{24}$/);
    expect(printOf("first-value")).not.toBe(printOf("second-value"));
  });
});
