import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { EvidenceKeys } from "../../lifecycle/evidence/keys.ts";
import { EvidenceLog } from "../../lifecycle/evidence/log.ts";
import { scratchFolder } from "../support/scratch.ts";

const appender = fileURLToPath(new URL("../support/log-appender.ts", import.meta.url));

let folder: string;
let key: string;
let log: EvidenceLog;

beforeEach(async () => {
  folder = scratchFolder();
  key = join(folder, "key.pem");
  const { privateKey } = generateKeyPairSync("ed25519");
  await writeFile(key, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  log = new EvidenceLog(folder, "prod", "support-1", new EvidenceKeys({ signingKey: key, trustedKeys: [] }));
});

interface Appender {
  child: ChildProcess;
  ready: Promise<void>;
  /** Exit code, and the triggers of the records that it said were on record. */
  ended: Promise<{ code: number | null; complaints: string; recorded: string[] }>;
}

function start(name: string, count: number): Appender {
  const child = spawn(process.execPath, [appender, folder, key, name, String(count)]);
  let said = "";
  let complaints = "";
  const ready = new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk) => {
      said += chunk;
      resolve();
    });
  });
  child.stderr.on("data", (chunk) => {
    complaints += chunk;
  });
  const ended = new Promise<Awaited<Appender["ended"]>>((resolve) =>
    child.once("close", (code) => {
      // A kill can cut off the last word.
      const lines = said.split("\n").slice(1, -1);
      resolve({ code, complaints, recorded: lines.map((line) => line.split(" ")[1] ?? "") });
    }),
  );
  return { child, ready, ended };
}

/** All of them at once: each waits for the file. */
async function race(appenders: readonly Appender[]): Promise<void> {
  await Promise.all(appenders.map(({ ready }) => ready));
  await writeFile(join(folder, "go"), "");
}

async function triggers(): Promise<string[]> {
  const records = await log.read();
  expect(records.map(({ sequence }) => sequence)).toEqual(records.map((_, index) => index + 1));
  return records.map((record) => (record.kind === "serving" ? record.trigger : record.kind));
}

const expected = (names: readonly string[], count: number) =>
  names.flatMap((name) => Array.from({ length: count }, (_, index) => `${name}-${index + 1}`));

describe("records that several processes append", () => {
  it.each([
    [2, 150],
    [4, 150],
  ])("stand in one whole chain, each once: %i processes, %i each", async (processes, count) => {
    const names = Array.from({ length: processes }, (_, index) => `p${index}`);
    const appenders = names.map((name) => start(name, count));
    await race(appenders);
    for (const { code, complaints } of await Promise.all(appenders.map(({ ended }) => ended))) {
      expect(complaints).toBe("");
      expect(code).toBe(0);
    }
    expect((await triggers()).toSorted()).toEqual(expected(names, count).toSorted());
    expect(await readdir(log.folder)).toEqual(["records.jsonl"]);
  });

  it("are whole after kill -9 at any moment, and nothing that was said to be on record is missing or there twice", async () => {
    const survivor = start("s", 60);
    const victims = Array.from({ length: 10 }, (_, index) => start(`v${index}`, 1000));
    await race([survivor, ...victims]);
    for (const { child } of victims) {
      // Not a measure of anything: each is to die at another place.
      await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 40));
      child.kill("SIGKILL");
    }
    const { complaints, recorded } = await survivor.ended;
    expect(complaints).toBe("");
    expect(recorded).toEqual(expected(["s"], 60));
    const said = (await Promise.all(victims.map(({ ended }) => ended))).flatMap((each) => each.recorded);
    await log.append({ kind: "serving", trigger: "the end", did: "was stopped" });
    const found = await triggers();
    expect(new Set(found).size).toBe(found.length);
    expect(found).toEqual(expect.arrayContaining([...said, ...recorded]));
    expect(found.at(-1)).toBe("the end");
  });
}, 180_000);

describe("a record that a killed process was about to append", () => {
  const entry = (trigger: string) => ({ kind: "serving", trigger, did: "was stopped" }) as const;

  /** What it leaves when it dies between the claim and the end of its line. */
  async function killedWhileAppending(trigger: string, written: (line: string) => string): Promise<void> {
    const before = await readFile(log.file, "utf8");
    await log.append(entry(trigger));
    const line = (await readFile(log.file, "utf8")).slice(before.length);
    await writeFile(log.file, `${before}${written(line)}`);
    const claim = { offset: Buffer.byteLength(before), text: line };
    await writeFile(`${log.file}.append-2`, JSON.stringify(claim));
  }

  it.each<[string, (line: string) => string]>([
    ["nothing", () => ""],
    ["half of it", (line) => line.slice(0, line.length / 2)],
    ["all but the end of the line", (line) => line.slice(0, -1)],
    ["all of it", (line) => line],
  ])("is finished by the next one when %s was written", async (_what, written) => {
    await log.append(entry("before"));
    await killedWhileAppending("killed", written);
    // A reader sees a whole chain meanwhile.
    expect((await triggers())[0]).toBe("before");
    await log.append(entry("after"));
    expect(await triggers()).toEqual(["before", "killed", "after"]);
    expect(await readdir(log.folder)).toEqual(["records.jsonl"]);
  });

  it("is refused when it does not follow, and nothing is written", async () => {
    await log.append(entry("before"));
    await killedWhileAppending("killed", () => "");
    const other = new EvidenceLog(join(folder, "other"), "prod", "support-1");
    await other.append(entry("another log"));
    await writeFile(log.file, await readFile(other.file));
    const before = await readFile(log.file);
    await expect(log.append(entry("after"))).rejects.toThrow(
      `${log.file}.append-2: a run that was killed has left this line to be added, and it does not follow the last one of ${log.file}`,
    );
    expect(await readFile(log.file)).toEqual(before);
  });
});

describe("an append to a long log", () => {
  it("goes on from its end, and reads no more than that", async () => {
    await log.append({ kind: "serving", trigger: "1", did: "was stopped" });
    const line = await readFile(log.file, "utf8");
    // Not a chain, which an append that read it would refuse.
    await writeFile(log.file, line.repeat(5000));
    await log.append({ kind: "serving", trigger: "2", did: "was stopped" }).then(
      () => expect.unreachable("the window itself is verified"),
      (error) => expect(String(error)).toContain("a line at its end does not follow the one before it"),
    );
    const whole = new EvidenceLog(join(folder, "whole"), "prod", "support-1");
    for (let index = 0; index < 300; index += 1) {
      await whole.append({ kind: "serving", trigger: String(index), did: "x".repeat(1000) });
    }
    const text = await readFile(whole.file, "utf8");
    await writeFile(whole.file, text.replace("payloadType", "payloadtype"));
    const { sequence } = await whole.append({ kind: "serving", trigger: "next", did: "was stopped" });
    expect(sequence).toBe(301);
    await expect(whole.read()).rejects.toThrow(`${whole.file}:1: the line is no record`);
    await writeFile(whole.file, text.split("\n").slice(0, 300).join("\n").concat("\n"));
    await appendFile(whole.file, '{"torn');
    expect((await whole.append({ kind: "serving", trigger: "next", did: "was" })).sequence).toBe(301);
    expect(await whole.read()).toHaveLength(301);
  });
});
