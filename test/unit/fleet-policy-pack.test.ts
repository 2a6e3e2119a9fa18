import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { CommandFailure } from "../../fleet/command.ts";
import { policyLines, policyOptions, policyPackOf, refusalLines } from "../../fleet/policy-pack.ts";
import { projectFolder } from "../../fleet/project.ts";

const folder = mkdtempSync(join(tmpdir(), "clawforce-pack-"));
const configFile = join(folder, "strict.json");
writeFileSync(configFile, "{}");
const policies = join(projectFolder, "policies");

describe("a policy pack of a command", () => {
  test("is none without the flag, and then the engine is told of none", () => {
    expect(policyPackOf({})).toBeUndefined();
    expect(policyOptions(undefined)).toEqual({});
  });

  test("is found from where the command was typed, with or without a configuration", () => {
    const here = (path: string) => relative(process.cwd(), path);
    const flags = { "policy-pack": here(policies) };
    expect(policyOptions(policyPackOf(flags))).toEqual({ policyPacks: [policies] });
    expect(policyOptions(policyPackOf({ ...flags, "policy-pack-config": here(configFile) }))).toEqual({
      policyPacks: [policies],
      policyPackConfigs: [configFile],
    });
  });

  test.each([
    [
      { "policy-pack-config": configFile },
      "--policy-pack-config says how strict a pack is: name the pack too, as in `--policy-pack policies`.",
    ],
    [
      { "policy-pack": folder },
      `--policy-pack ${folder}: there is no PulumiPolicy.yaml in it, so nothing could judge. Write the folder of the pack, as in \`--policy-pack policies\`.`,
    ],
    [
      { "policy-pack": policies, "policy-pack-config": join(folder, "no.json") },
      `--policy-pack-config ${join(folder, "no.json")}: there is no such file. Write one like policies/production.json.`,
    ],
  ])("is refused in one sentence by %j", (flags, sentence) => {
    expect(() => policyPackOf(flags)).toThrow(new CommandFailure(sentence));
  });
});

const passed = ["Policies:", "    ✅ clawforce-fleet@v0.1.0 (local: policies)"];
const refused = [
  "Policies:",
  "    ❌ clawforce-fleet@v0.1.0 (local: policies)",
  "        - [mandatory] [severity: critical]  digest-pinned  (docker:index:Container: a)",
  "          Every image is named by the digest of the bytes that were reviewed",
  "          [digest-pinned] a image: …",
];
const diagnostics = "\nDiagnostics:\n  pulumi:pulumi:Stack (clawforce-prod):\n    error: preview failed\n\n";

describe("what the engine printed of the rules", () => {
  test("is the section about policies and no more, or nothing without a pack", () => {
    const before = "Previewing update (prod):\n +  docker:index:Container a create \n";
    expect(policyLines(`${before}${refused.join("\n")}\n${diagnostics}`)).toEqual(refused);
    expect(policyLines(passed.join("\n"))).toEqual(passed);
    expect(policyLines(before + diagnostics)).toEqual([]);
  });

  test("is what stopped a preview only where a rule refused, else the engine's error is", () => {
    expect(refusalLines(`${refused.join("\n")}\n${diagnostics}`)).toEqual(refused);
    const failed = diagnostics.replace("preview failed", "the Docker host does not answer");
    expect(refusalLines(`${passed.join("\n")}\n${failed}`)).toEqual(["the Docker host does not answer"]);
  });
});
