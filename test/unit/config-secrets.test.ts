import { describe, expect, test } from "vitest";
import { SecretMark } from "../../config/secret-mark.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { rawConfig, refusal, type Wrong, whole } from "./config-fixture.ts";

const group = "instanceGroups.support";

const wrong: Wrong[] = [
  [
    "secrets in plain text, without showing them",
    { gatewayTokens: { canary: "hunter2", "support-1": new SecretMark() }, snapshotPassword: "hunter2" },
    "gatewayTokens.canary: a secret stands here in plain text. Make a new one and run `pulumi config set --secret --path 'clawforce:gatewayTokens.canary'`.",
    "snapshotPassword: a secret stands here in plain text. Make a new one and run `pulumi config set --secret clawforce:snapshotPassword`.",
  ],
  [
    "tokens that are one plain text",
    { gatewayTokens: "hunter2" },
    "gatewayTokens: a secret stands here in plain text. Make a new one and run `pulumi config set --secret --path 'clawforce:gatewayTokens.<instance>'`.",
  ],
  [
    "a token in the plain environment",
    { [`${group}.container`]: { environment: { OPENCLAW_GATEWAY_TOKEN: "hunter2" } } },
    `${group}.container.environment.OPENCLAW_GATEWAY_TOKEN: a gateway's token stands here in plain text. Remove it and run \`pulumi config set --secret --path 'clawforce:gatewayTokens.<instance>'\`, with a new token.`,
  ],
  [
    "a secret where everything is shown",
    {
      [`${group}.container`]: { environment: { API_KEY: new SecretMark() } },
      "evidence.directory": new SecretMark(),
    },
    `${group}.container.environment.API_KEY: a secret is set here, but this part of the configuration is stored and shown in plain text. Take it out, and set it with \`pulumi config set --secret --path 'clawforce:secrets.<name>'\`. Then write \`API_KEY: <name>\` under \`container.secrets\`.`,
    "evidence.directory: a secret is set here, but this part of the configuration is stored and shown in plain text. Set it without --secret; only `controlPlanePassword`, `gatewayTokens`, `secrets` and `snapshotPassword` may be secrets.",
  ],
  [
    "a misspelt secret, set as one or not",
    { gatewayToken: { canary: new SecretMark() }, snapshotPasword: "hunter2" },
    'gatewayToken: unknown key. Remove it, or did you mean "gatewayTokens"?',
    'snapshotPasword: unknown key. Remove it, or did you mean "snapshotPassword"?',
  ],
];

describe("refuses", () => {
  test.each(wrong)("%s", (_title, changes, ...lines) => {
    const message = refusal(changes);
    expect(message).toBe(whole(...lines));
    expect(message).not.toContain("hunter2");
  });

  test("missing secrets only where they are needed", () => {
    const changes = {
      gatewayTokens: { canary: new SecretMark(), "support-2": new SecretMark(), "support-3": null },
    };
    expect(parseStackConfig(rawConfig(changes))).toEqual(parseStackConfig(rawConfig()));
    expect(refusal(changes, true)).toBe(
      whole(
        "gatewayTokens.support-1: the secret is not set. Run `pulumi config set --secret --path 'clawforce:gatewayTokens.support-1'`.",
        "gatewayTokens.support-3: the secret is not set. Run `pulumi config set --secret --path 'clawforce:gatewayTokens.support-3'`.",
        "snapshotPassword: the secret is not set. Run `pulumi config set --secret clawforce:snapshotPassword`.",
      ),
    );
  });
});

describe("accepts", () => {
  const secrets = { gatewayTokens: new SecretMark(), snapshotPassword: new SecretMark() };

  test("a configuration with every secret set, and keeps secrets out of the result", () => {
    const config = parseStackConfig(rawConfig(secrets), { demandSecrets: true });
    expect(Object.keys(config)).toEqual([
      "environment",
      "window",
      "maintenance",
      "deadlines",
      "onFailure",
      "platform",
      "agentImages",
      "instanceGroups",
      "snapshots",
      "rehearsal",
      "evidence",
    ]);
  });
});
