import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { settingsOf } from "../../config/container-settings.ts";
import { ConfigError, pathText } from "../../config/problem.ts";
import { workloadsOf } from "../../config/rollout.ts";
import { secretKeys } from "../../config/schema.ts";
import { readStackFile } from "../../config/stack-file.ts";
import { madeOf } from "../../lifecycle/evidence/settings.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";

const placeholder = `@sha256:${"0".repeat(64)}`;

function example(stack: string): Record<string, unknown> {
  return readStackFile(fileURLToPath(new URL(`../../Pulumi.${stack}.yaml`, import.meta.url)));
}

/** As an operator fills it in: each image with a digest of its own. */
function filled(stack: string): Record<string, unknown> {
  let count = 0;
  return JSON.parse(
    JSON.stringify(example(stack)).replaceAll(placeholder, () => {
      count += 1;
      return `@sha256:${count.toString(16).padStart(2, "0").repeat(32)}`;
    }),
  );
}

function problemPaths(raw: Record<string, unknown>): string[] {
  try {
    parseStackConfig(raw);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { message } of error.problems) {
      expect(message).toMatch(
        /^the placeholder digest of zeros stands here\. Run `fleet pin --stack <stack> --placeholders`: /,
      );
    }
    return error.problems.map(({ path }) => pathText(path));
  }
}

describe("the example", () => {
  test.each([
    [
      "prod",
      [
        "clawforce:ingress.image",
        "clawforce:controlPlane.image",
        "clawforce:controlPlane.previous",
        "clawforce:agentImages.chromium.stable",
        "clawforce:agentImages.chromium.previous",
        "clawforce:snapshots.image",
      ],
    ],
    [
      "staging",
      [
        "clawforce:controlPlane.image",
        "clawforce:controlPlane.previous",
        "clawforce:agentImages.openclaw.stable",
        "clawforce:agentImages.openclaw.candidate",
        "clawforce:snapshots.image",
      ],
    ],
  ])("%s is refused for its placeholder digests and nothing else", (stack, paths) => {
    expect(problemPaths(example(stack))).toEqual(paths);
  });

  test.each(["prod", "staging"])("%s is accepted once its digests are written", (stack) => {
    expect(problemPaths(filled(stack))).toEqual([]);
  });

  test.each(["prod", "staging"])("%s brings no secret along", (stack) => {
    const secrets = Object.keys(example(stack)).filter((key) => secretKeys.some((each) => each === key));
    expect(secrets).toEqual([]);
  });

  test("staging tries the candidate on its canary before production names it", () => {
    const rolled = (stack: string) =>
      workloadsOf(parseStackConfig(filled(stack))).map(({ name, image }) => `${name} ${image.split("@")[0]}`);
    expect(rolled("staging")).toEqual([
      "clawforce clawforceone/clawforce:1.4.2",
      "staging-canary ghcr.io/openclaw/openclaw:2026.4.23",
      "staging-1 ghcr.io/openclaw/openclaw:2026.4.15",
      "staging-2 ghcr.io/openclaw/openclaw:2026.4.15",
    ]);
    const agent = "clawforceone/agent-chromium:1.4.2-openclaw-2026.4.15";
    expect(rolled("prod")).toEqual([
      "clawforce clawforceone/clawforce:1.4.2",
      `support-canary ${agent}`,
      `support-1 ${agent}`,
      `support-2 ${agent}`,
      `support-3 ${agent}`,
      `bot-desk-1 ${agent}`,
      `bot-desk-2 ${agent}`,
    ]);
  });

  // Each of them is the trigger of a container in stacks that exist: another one here would replace that container in the
  // first update with this version of the program, on every machine that runs it.
  test("keep the triggers of their containers", () => {
    const triggers = ["prod", "staging"].flatMap((stack) =>
      workloadsOf(parseStackConfig(filled(stack))).map((workload) => {
        const made = { image: workload.image, restore: "", ...settingsOf(workload) };
        return [`${stack} ${workload.name}`, madeOf(made, undefined, workload.track).trigger];
      }),
    );
    expect(Object.fromEntries(triggers)).toEqual({
      "prod clawforce": "1db86d184cc347d9",
      "prod support-canary": "332a6e529d68c5f2",
      "prod support-1": "4ab16d041af30e70",
      "prod support-2": "b157b2b275f28034",
      "prod support-3": "66976d59feafb210",
      "prod bot-desk-1": "44f8407f81f97fe2",
      "prod bot-desk-2": "5077dce8c2eb6b69",
      "staging clawforce": "bc5f61e00adaf18b",
      "staging staging-canary": "8b852cde1b4c7d9f",
      "staging staging-1": "7b85c08886d656d5",
      "staging staging-2": "22f24438888306b0",
    });
  });

  test("prod judges what users meet, bakes under traffic and takes a failed wave back", () => {
    const { instanceGroups, onFailure, evidence, ingress } = parseStackConfig(filled("prod"));
    const kinds = instanceGroups.support?.verification.map(({ kind }) => kind) ?? [];
    expect(kinds).toEqual(expect.arrayContaining(["channels", "conversation", "pins", "workflow"]));
    expect(instanceGroups.support?.bake).toMatchObject({ length: 1800, interval: 300, requests: 200 });
    expect({ onFailure, signed: evidence.signingKey !== undefined }).toEqual({
      onFailure: "rollback",
      signed: true,
    });
    const { instances, drain, stopGrace } = instanceGroups.support ?? {};
    expect(instances?.every(({ hosts }) => hosts?.length === 1)).toBe(true);
    expect(ingress?.hold).toBeGreaterThan((drain?.budget ?? 0) + (stopGrace ?? 0));
  });
});
