import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { SecretMark } from "../../config/secret-mark.ts";
import { readStackFile, StackFileError } from "../../config/stack-file.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder = "";
beforeEach(() => {
  folder = scratchFolder();
});

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function refusal(path: string): string {
  try {
    readStackFile(path);
  } catch (error) {
    expect(error).toBeInstanceOf(StackFileError);
    return error instanceof Error ? error.message : "";
  }
  throw new Error("The stack file was read.");
}

describe("a stack file", () => {
  test("has merge keys and anchors, as Pulumi reads them", () => {
    const path = written(
      "Pulumi.dev.yaml",
      `config:
  clawforce:one: &one {a: 1, nested: &nested {x: 1}}
  clawforce:two:
    <<: *one
    nested: {<<: *nested, y: 2}
`,
    );
    expect(readStackFile(path)).toEqual({
      one: { a: 1, nested: { x: 1 } },
      two: { a: 1, nested: { x: 1, y: 2 } },
    });
  });

  test("gives the keys of this program without prefix, and marks in place of secrets", () => {
    const path = written(
      "Pulumi.prod.yaml",
      `secretsprovider: passphrase
encryptionsalt: v1:abc
config:
  docker:host: unix:///elsewhere
  clawforce:evidence: {directory: evidence}
  clawforce:instanceGroups:
    support:
      instances: [a, {name: b, publish: 8080}]
  clawforce:gatewayTokens:
    a: {secure: v1:sealed}
    b:
      secure: v1:sealed
  clawforce:snapshotPassword:
    secure: v1:sealed
`,
    );
    expect(readStackFile(path)).toEqual({
      evidence: { directory: "evidence" },
      instanceGroups: { support: { instances: ["a", { name: "b", publish: 8080 }] } },
      gatewayTokens: { a: new SecretMark(), b: new SecretMark() },
      snapshotPassword: new SecretMark(),
    });
    expect(JSON.stringify(readStackFile(path))).not.toContain("sealed");
  });

  test("shows the one token that stands in plain text among secret ones", () => {
    const path = written(
      "Pulumi.mixed.yaml",
      "config:\n  clawforce:gatewayTokens:\n    a: {secure: v1:sealed}\n    b: hunter2\n",
    );
    expect(() => parseStackConfig(readStackFile(path))).toThrow(
      "clawforce:gatewayTokens.b: a secret stands here in plain text.",
    );
  });

  test("that is not there is named beside those that are", () => {
    for (const stack of ["prod", "staging"]) written(`Pulumi.${stack}.yaml`, "config: {}\n");
    written("Pulumi.yaml", "name: clawforce\n");
    expect(refusal(join(folder, "Pulumi.pord.yaml"))).toBe(
      `There is no Pulumi.pord.yaml in ${folder}; there are Pulumi.prod.yaml, Pulumi.staging.yaml.`,
    );
    expect(refusal(join(folder, "nowhere", "Pulumi.prod.yaml"))).toBe(
      `There is no Pulumi.prod.yaml in ${join(folder, "nowhere")}; no stack file is there.`,
    );
  });

  test("that is not YAML is named with line and column", () => {
    const path = written("Pulumi.broken.yaml", "config:\n  clawforce:evidence: {directory: evidence\n");
    expect(refusal(path)).toMatch(/^.*Pulumi\.broken\.yaml is not YAML at line 3, column 1: .+\.$/);
    const twice = written("Pulumi.twice.yaml", "config:\n  clawforce:a: 1\n  clawforce:a: 2\n");
    expect(refusal(twice)).toBe(`${twice} is not YAML at line 3, column 3: Map keys must be unique.`);
  });

  test("without configuration says where it belongs", () => {
    for (const text of ["", "[]\n", "config: []\n", "encryptionsalt: v1:abc\n"]) {
      const path = written("Pulumi.empty.yaml", text);
      expect(refusal(path)).toBe(
        `${path} has no mapping \`config:\`; write the stack's configuration below that key.`,
      );
    }
  });

  test("that is a folder cannot be read", () => {
    expect(refusal(folder)).toBe(`${folder} cannot be read: EISDIR: illegal operation on a directory, read.`);
  });
});
