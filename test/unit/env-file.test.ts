import { describe, expect, test } from "vitest";
import { envFileValues, parseEnvFile } from "../../config/env-file.ts";
import { stackParser } from "../../config/parse.ts";
import { containerOf, workloadsOf } from "../../config/rollout.ts";
import { checkKinds } from "../../lifecycle/checks/kinds.ts";
import { stackSchema } from "../../lifecycle/stack-config.ts";
import { platformKinds } from "../../platforms/kinds.ts";
import { rawConfig } from "./config-fixture.ts";

const parsed = (...lines: string[]) => parseEnvFile(Buffer.from(lines.join("\n")));

/** A stack whose group gets variables from a file with these lines. */
function stackWith(container: object, ...lines: string[]) {
  const read = (written: string) => {
    if (written !== "gateway.env") throw Object.assign(new Error(), { code: "ENOENT" });
    return Buffer.from(lines.join("\n"));
  };
  const parse = stackParser(stackSchema, checkKinds, platformKinds, read);
  const raw = rawConfig({ "instanceGroups.support.container": { envFile: "gateway.env", ...container } });
  return { config: () => parse(raw), read };
}

describe("a file with variables", () => {
  test.each<[string, string, Record<string, string>]>([
    ["a variable", "KEY=value", { KEY: "value" }],
    ["no value", "KEY=", { KEY: "" }],
    ["a value with = and blanks", "KEY= a=b ", { KEY: " a=b " }],
    ["quotes, which stay", 'KEY="a"', { KEY: '"a"' }],
    ["blanks before the name", "  KEY=a", { KEY: "a" }],
    ["a comment", "  # KEY=a", {}],
    ["no comment behind a value", "KEY=a # b", { KEY: "a # b" }],
    ["Windows' line ends", "KEY=a\r", { KEY: "a" }],
    ["names that a shell would not take", "a.b-c=1", { "a.b-c": "1" }],
    ["a dollar, which is none of anybody's", "KEY=$HOME", { KEY: "$HOME" }],
  ])("has %s", (_, line, variables) => {
    expect(parsed("FIRST=1", "", line)).toEqual({ variables: { FIRST: "1", ...variables }, problems: [] });
  });

  test("counts the last one of a name, and passes over a mark at its beginning", () => {
    expect(parsed("\uFEFFKEY=1", "KEY=2").variables).toEqual({ KEY: "2" });
    expect(parsed("\uFEFFKEY=1").variables).toEqual({ KEY: "1" });
  });

  test.each<[string, string | Buffer, string]>([
    ["no =", "the-secret", "there is no `=`. Write NAME=value"],
    ["no name", "=the-secret", "no name stands before `=`. Write NAME=value"],
    [
      "a blank in its name",
      "export KEY=the-secret",
      "the name before `=` has a blank in it. Write NAME=value, without `export`",
    ],
    ["a zero byte", "KEY=the-secret\0", "there is a zero byte in it. No variable can hold one"],
    ["no UTF-8", Buffer.from([0x4b, 0x3d, 0xff]), "the line is no UTF-8. Save the file as UTF-8"],
  ])("is wrong where a line has %s, which is told by its number alone", (_, line, what) => {
    const bytes = Buffer.concat([Buffer.from("A=1\n# ä\n"), Buffer.from(line), Buffer.from("\nB=2")]);
    const { problems, variables } = parseEnvFile(bytes);
    expect(problems).toEqual([{ line: 3, what }]);
    expect(variables).toEqual({ A: "1", B: "2" });
    expect(JSON.stringify(problems)).not.toContain("the-secret");
  });
});

describe("a container with a file of variables", () => {
  test("has each of them as a secret, whose value stands nowhere in the configuration", () => {
    const { config, read } = stackWith({}, "MODEL_KEY=the-value", "a.b=2");
    const [canary] = workloadsOf(config());
    expect(canary && containerOf(canary).secrets).toEqual({
      MODEL_KEY: "gateway.env#MODEL_KEY",
      "a.b": "gateway.env#a.b",
    });
    expect(JSON.stringify(config())).not.toContain("the-value");
    expect(envFileValues(config(), read)).toEqual({
      "gateway.env#MODEL_KEY": "the-value",
      "gateway.env#a.b": "2",
    });
  });

  test("has what the stack file says itself in its place, and the stack's token", () => {
    const { config } = stackWith(
      { environment: { A: "1" }, secrets: { B: "b" } },
      ...["A=x", "B=x", "C=x", "OPENCLAW_GATEWAY_TOKEN=x"],
    );
    const container = config().instanceGroups.support?.container;
    expect(container?.environment).toEqual({ A: "1" });
    expect(container?.secrets).toEqual({ B: "b", C: "gateway.env#C" });
  });

  test("is refused with each bad line, and without its file", () => {
    const { config } = stackWith({}, "export A=1", "B", "C=3");
    const at = "clawforce:instanceGroups.support.container.envFile: ";
    expect(config).toThrow(
      `${at}gateway.env, line 1: the name before \`=\` has a blank in it. Write NAME=value, without \`export\`.`,
    );
    expect(config).toThrow(`${at}gateway.env, line 2: there is no \`=\`. Write NAME=value.`);
    expect(stackWith({ envFile: "/nowhere/.env" }).config).toThrow(
      `${at}/nowhere/.env can't be read (ENOENT). Write its path from the folder of the stack files.`,
    );
  });
});
