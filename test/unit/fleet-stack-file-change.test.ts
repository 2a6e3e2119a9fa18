import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { StackFileChange } from "../../fleet/stack-file-change.ts";
import { scratchFolder } from "../support/scratch.ts";
import { type Changes, digest, rawConfig } from "./config-fixture.ts";

const zeros = digest("0");

function stackFile(changes: Changes = {}): { folder: string; file: string; text: string } {
  const folder = scratchFolder();
  const file = join(folder, "Pulumi.s.yaml");
  const settings = Object.entries(rawConfig(changes)).map(([key, value]) => [`clawforce:${key}`, value]);
  const text = `# kept\n${stringify({ config: Object.fromEntries(settings) }, { lineWidth: 0 })}`;
  writeFileSync(file, text);
  return { folder, file, text };
}

const raise = [{ path: ["instanceGroups", "support", "wave"], value: 1 }];

describe("a change of the stack file", () => {
  test("is shown before it is written, and is written with the mode that the file has", async () => {
    const { folder, file, text } = stackFile();
    chmodSync(file, 0o640);
    const change = StackFileChange.plan(file, raise);
    let shown = "";
    change.show({ write: (words) => (shown += words) });
    expect(shown).toBe("Pulumi.s.yaml:\n  clawforce:instanceGroups.support.wave: 0 -> 1\n");
    expect(readFileSync(file, "utf8")).toBe(text);
    await change.write();
    expect(parse(readFileSync(file, "utf8")).config["clawforce:instanceGroups"].support.wave).toBe(1);
    expect(readFileSync(file, "utf8")).toMatch(/^# kept\n/);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(["Pulumi.s.yaml"]);
    expect(change.config().instanceGroups.support?.wave).toBe(1);
    await change.undo();
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  test("goes through a link to the file that it names", async () => {
    const { folder, file } = stackFile();
    const link = join(folder, "link.yaml");
    symlinkSync(file, link);
    await StackFileChange.plan(link, raise).write();
    expect(readFileSync(file, "utf8")).toContain("wave: 1");
    expect(readdirSync(folder).toSorted()).toEqual(["Pulumi.s.yaml", "link.yaml"]);
    expect(readFileSync(link, "utf8")).toBe(readFileSync(file, "utf8"));
  });

  test("is refused with every problem of the result, and nothing is written", () => {
    const { file, text } = stackFile();
    const edits = [
      { path: ["instanceGroups", "support", "wave"], value: 9 },
      { path: ["agentImages", "chromium", "candidate"], value: "repo/agent:latest" },
    ];
    expect(() => StackFileChange.plan(file, edits)).toThrow(
      /^The stack configuration has 2 problems; nothing was touched\.\n.*latest.*\n.*there is no wave 9/,
    );
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  test("says where the file is no YAML", () => {
    const { file } = stackFile();
    writeFileSync(file, "config:\n  a: [1\n");
    expect(() => StackFileChange.plan(file, raise)).toThrow(`${file} is not YAML at line 3, column 1: `);
  });

  test("is not written over what somebody else has written meanwhile", async () => {
    const { file } = stackFile();
    const change = StackFileChange.plan(file, raise);
    writeFileSync(file, "config: {}\n");
    await expect(change.write()).rejects.toThrow(
      "was changed by somebody else meanwhile; nothing was written.",
    );
    expect(readFileSync(file, "utf8")).toBe("config: {}\n");
  });

  test("leaves the placeholders of other images alone only where that is allowed", () => {
    const { file } = stackFile({ "snapshots.image": `repo/tools:1@${zeros}` });
    expect(() => StackFileChange.plan(file, raise)).toThrow("the placeholder digest of zeros stands here");
    expect(StackFileChange.plan(file, raise, { placeholdersMayStay: true }).changes).toHaveLength(1);
  });
});
