import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EvidenceDamaged, EvidenceLog } from "../../evidence/log.ts";

let folder: string;
let log: EvidenceLog;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clawforce-evidence-"));
  log = new EvidenceLog(folder, "prod", "support-1");
});
afterEach(() => rm(folder, { recursive: true }));

const entry = (trigger: string) => ({ kind: "serving" as const, trigger, did: "was stopped, is started" });

describe("EvidenceLog", () => {
  it("is empty before the first record", async () => {
    expect(await log.read()).toEqual([]);
  });

  it("chains each record to the line before it, in a file only its owner reads", async () => {
    await log.append(entry("a"));
    await log.append(entry("b"));
    const records = await log.read();
    expect(records.map(({ sequence, kind }) => [sequence, kind])).toEqual([
      [1, "serving"],
      [2, "serving"],
    ]);
    expect(records[0]?.previous).toBe("0".repeat(64));
    expect(records[1]?.previous).toMatch(/^[0-9a-f]{64}$/);
    expect((await stat(log.file)).mode & 0o777).toBe(0o600);
    expect((await stat(log.folder)).mode & 0o777).toBe(0o700);
  });

  it("goes on after a line that a kill cut off", async () => {
    await log.append(entry("a"));
    await appendFile(log.file, '{"kind":"serving","trig');
    await log.append(entry("b"));
    expect((await log.read()).map((record) => record.kind === "serving" && record.trigger)).toEqual([
      "a",
      "b",
    ]);
  });

  it.each([
    ["changed", (text: string) => text.replace('"trigger":"a"', '"trigger":"x"'), 2],
    ["taken out", (text: string) => text.split("\n").toSpliced(0, 1).join("\n"), 1],
    ["put in twice", (text: string) => `${text.split("\n")[0]}\n${text}`, 2],
  ])("refuses a file in which a record was %s", async (_what, change, line) => {
    await log.append(entry("a"));
    await log.append(entry("b"));
    await writeFile(log.file, change(await readFile(log.file, "utf8")));
    const damaged = new EvidenceDamaged(
      `${log.file}:${line}: the record does not follow the one before it: it was changed, or one was taken out. ` +
        "Put the file back from a copy; without it nothing is known of what ran before.",
    );
    await expect(log.read()).rejects.toEqual(damaged);
    await expect(log.append(entry("c"))).rejects.toEqual(damaged);
  });
});
