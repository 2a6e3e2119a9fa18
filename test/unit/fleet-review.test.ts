import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { fleet } from "../../fleet/command-line.ts";
import { projectFolder } from "../../fleet/project.ts";
import { markOf } from "../../review/document.ts";
import { rawConfig } from "./config-fixture.ts";
import { printed, raw, updated } from "./review-fixture.ts";

const path = process.env.PATH ?? "";
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "clawforce-review-test-"));
  file = join(folder, "Pulumi.prod.yaml");
  const config = Object.entries(rawConfig()).map(([key, value]) => [`clawforce:${key}`, value]);
  writeFileSync(file, stringify({ config: Object.fromEntries(config) }));
});
afterEach(() => {
  process.env.PATH = path;
  delete process.env.PULUMI_ENABLE_STREAMING_JSON_PREVIEW;
  rmSync(folder, { recursive: true });
});

async function review(...flags: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const argv = ["review", "--stack", "prod", "--config-file", file, ...flags];
  const code = await fleet(argv, { write: (text) => (out += text) }, { write: (text) => (err += text) });
  return { code, out, err };
}

/** Stands in for the engine: the event log's name is its last argument. */
function engine(script: string): void {
  const program = join(folder, "pulumi");
  writeFileSync(program, `#!/bin/sh\nfor log in "$@"; do :; done\n${script}\n`);
  chmodSync(program, 0o700);
  process.env.PATH = `${folder}${delimiter}/usr/bin${delimiter}/bin`;
}

function enginePrints({ document, events }: { document: string; events: string[] }): void {
  writeFileSync(join(folder, "document"), document);
  writeFileSync(join(folder, "events"), `${events.join("\n")}\n`);
  engine(
    `printf '%s\\n' "$@" > ${folder}/argv; env > ${folder}/environment; cat ${folder}/events > "$log"; cat ${folder}/document`,
  );
}

const written = (name: string) => readFileSync(join(folder, name), "utf8");

describe("fleet review", () => {
  test("previews once, with the pack and its event log, and leaves nothing behind", async () => {
    enginePrints(printed(updated()));
    process.env.PULUMI_ENABLE_STREAMING_JSON_PREVIEW = "true";
    const { code, out, err } = await review();
    expect(code, err).toBe(0);
    expect(out).toMatch(new RegExp(`^${markOf("prod")}\n## Review of \`prod\`: passed\n`));
    expect(err).toBe(
      "  canary: update agent:1.0.0@111111111111 -> agent:2.0.0@222222222222\n" +
        "prod: passed. No refusals, no warnings. Something happens to 1 of 1 workload.\n",
    );
    const argv = written("argv").trim().split("\n");
    const log = argv.at(-1) ?? "";
    expect(argv).toEqual([
      ...[
        "preview",
        "--json",
        "--show-sames",
        "--non-interactive",
        "--color",
        "never",
        "--suppress-progress",
      ],
      ...["--stack", "prod", "--config-file", file, "--policy-pack", join(projectFolder, "policies")],
      ...["--policy-pack-config", join(projectFolder, "policies/staging.json"), "--event-log", log],
    ]);
    expect(existsSync(dirname(log))).toBe(false);
    expect(written("environment")).toContain("PULUMI_DEBUG_COMMANDS=true");
    expect(written("environment")).not.toContain("STREAMING");
  });

  test("ends with 1 when something is refused, and writes the document where it is told to", async () => {
    enginePrints(printed([...updated({ op: "same" }), raw("docker:index/volume:Volume", "v", "delete")]));
    const markdown = join(folder, "review.md");
    const { code, out, err } = await review("--markdown", markdown);
    expect([code, out]).toEqual([1, ""]);
    expect(written("review.md")).toContain("## Review of `prod`: refused\n\n2 refusals, no warnings.");
    expect(err).toContain("  refused: [state-kept] v: the Volume would be deleted, with all that is in it.");
  });

  test("ends with 2, and asks no engine, when it does not understand the configuration", async () => {
    engine(`touch ${folder}/asked`);
    const [missing, text] = [join(folder, "missing.json"), join(folder, "text.json")];
    writeFileSync(text, "no JSON");
    expect(await review("--policy-config", missing)).toEqual({
      ...{ code: 2, out: "" },
      err: `${missing} can't be read: name the policy pack's configuration with --policy-config.\n`,
    });
    expect(await review("--policy-config", text)).toEqual({
      ...{ code: 2, out: "" },
      err: `${text} is no JSON: see docs/policies.md for the configuration of the policy pack.\n`,
    });
    writeFileSync(file, "config: {clawforce:colour: red}\n");
    expect(await review()).toMatchObject({ code: 2, out: "", err: expect.stringContaining("colour") });
    rmSync(file);
    expect(await review()).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining("There is no Pulumi.prod.yaml"),
    });
    expect(await review("--target", "x")).toMatchObject({ code: 2, out: "" });
    expect(existsSync(join(folder, "asked"))).toBe(false);
  });

  test("says why there is no preview, and ends with 1", async () => {
    engine("echo \"error: no stack named 'prod' found\" >&2; exit 255");
    expect(await review()).toEqual({
      ...{ code: 1, out: "" },
      err: "The preview of prod could not be made, so nothing is reviewed: no stack named 'prod' found\n",
    });
    process.env.PATH = folder;
    rmSync(join(folder, "pulumi"));
    expect(await review()).toEqual({ code: 1, out: "", err: "There is no program `pulumi` on PATH.\n" });
  });
});
