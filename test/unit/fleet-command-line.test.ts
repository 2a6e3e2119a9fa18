import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fleet } from "../../fleet/command-line.ts";
import { scratchFolder } from "../support/scratch.ts";

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const code = await fleet(argv, { write: (text) => (out += text) }, { write: (text) => (err += text) });
  return { code, out, err };
}

const usage = `usage: fleet status --stack S [--json] [--config-file F]
  --json           the same as one JSON document, with whole digests
  --stack S        the stack, as in Pulumi.S.yaml
  --config-file F  its stack file, if it is another one
`;

describe("fleet", () => {
  test("lists its commands when it is asked for help", async () => {
    const { code, out } = await run("--help");
    expect(out).toMatch(
      /^usage: fleet <command> --stack S \[--config-file F\]\n {2}status .+\n {2}doctor .+\n {2}adopt .+\n {2}pin .+\n {2}update .+\n/,
    );
    expect(code).toBe(0);
  });

  test("counts no command as not understood", async () => {
    expect(await run()).toMatchObject({ code: 2, out: "", err: expect.stringContaining("usage: fleet") });
  });

  test.each(["statsu", "constructor", "--json"])("refuses the command %s in one sentence", async (name) => {
    const { code, err } = await run(name);
    expect(err).toMatch(`fleet has no command "${name}".\n\nusage: fleet`);
    expect(code).toBe(2);
  });

  test.each([
    [["--foo"], "fleet status: Unknown option '--foo'"],
    [["now", "--stack", "s"], expect.stringContaining("fleet status: Unexpected argument 'now'")],
    [["--stack"], expect.stringContaining("fleet status: Option '--stack <value>' argument missing")],
    [[], "fleet status: which stack? Name it with --stack, as in `--stack prod`."],
    [
      ["--stack", "../x"],
      'fleet status: "../x" is no stack\'s name. Write it with --stack, as in `--stack prod`.',
    ],
  ])("refuses %j with a sentence and the usage", async (argv, sentence) => {
    const { code, err, out } = await run("status", ...argv);
    const [first, rest] = [err.slice(0, err.indexOf("\n\n")), err.slice(err.indexOf("\n\n") + 2)];
    expect(first).toEqual(sentence);
    expect({ code, rest, out }).toEqual({ code: 2, rest: usage, out: "" });
  });

  test("says what a command does and its exit codes", async () => {
    const { code, out } = await run("status", "--help");
    expect(out).toContain(usage);
    expect(out).toContain("Exit code 0: everything is as the configuration wants it. 3: something differs");
    expect(code).toBe(0);
  });

  test("ends with the sentence of what is wrong, and no stack trace", async () => {
    const folder = scratchFolder();
    const file = join(folder, "Pulumi.s.yaml");
    expect(await run("status", "--stack", "s", "--config-file", file)).toEqual({
      code: 1,
      out: "",
      err: `There is no Pulumi.s.yaml in ${folder}; no stack file is there.\n`,
    });
    writeFileSync(file, "config:\n  clawforce:evidence: {directory: evidence, colour: red}\n");
    const { code, err } = await run("status", "--stack", "s", "--config-file", file);
    expect(err).toMatch(/^The stack configuration has \d problems; nothing was touched\.\n/);
    expect(err).not.toMatch(/^ +at /m);
    expect(code).toBe(1);
  });
});
