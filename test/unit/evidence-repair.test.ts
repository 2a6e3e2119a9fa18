import { createHash, generateKeyPairSync } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { EvidenceKeys } from "../../lifecycle/evidence/keys.ts";
import { EvidenceLog } from "../../lifecycle/evidence/log.ts";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { examine, isSick, repair } from "../../lifecycle/evidence/repair.ts";
import { readEvidence, readTrustedKeys } from "../../policies/signed-records.ts";
import { publicKeyText } from "../support/public-key.ts";
import { scratchFolder } from "../support/scratch.ts";

const image = `registry.test/agent:1@sha256:${"a".repeat(64)}`;
const next = `registry.test/agent:2@sha256:${"b".repeat(64)}`;
const markers = { databases: {} };
const entries: EvidenceEntry[] = [
  { kind: "serving", trigger: "first", did: "serves" },
  {
    ...{
      kind: "snapshot",
      role: "cold",
      snapshot: "0123abcd",
      image,
      files: 1,
      bytes: 1,
      seconds: 1,
      markers,
    },
  },
  {
    ...{ kind: "cut-over", from: image, to: next, direction: "forward", snapshot: "0123abcd" },
    ...{ drained: { active: 0, seconds: 0, cut: 0 }, stop: { seconds: 1, killed: false } },
  },
  {
    ...{
      kind: "verification",
      image: next,
      container: "c",
      outcome: "passed",
      checks: [],
      checksHash: "0",
      seconds: 1,
    },
  },
];
const now = new Date("2026-11-29T12:00:00.000Z");

let log: EvidenceLog;
let publicKey: string;

beforeEach(async () => {
  const folder = scratchFolder();
  const pair = generateKeyPairSync("ed25519");
  const key = join(folder, "key.pem");
  await writeFile(key, pair.privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  publicKey = publicKeyText(pair.publicKey);
  log = new EvidenceLog(folder, "prod", "support-1", new EvidenceKeys({ signingKey: key, trustedKeys: [] }));
  for (const entry of entries) await log.append(entry);
});

async function damage(change: (lines: string[]) => string[]): Promise<string> {
  const lines = (await readFile(log.file, "utf8")).trimEnd().split("\n");
  const text = `${change(lines).join("\n")}\n`;
  await writeFile(log.file, text);
  return text;
}

describe("a damaged log", () => {
  it("keeps what is whole, loses what follows, and says what that proved", async () => {
    const text = await damage(([one = "", two = "", ...rest]) => [
      one,
      two.replace('"payload":"', '"payload":"A'),
      ...rest,
    ]);
    const examined = await examine(log);
    expect(isSick(examined)).toBe(true);
    const entry = await repair(log, examined, now);
    expect(entry).toMatchObject({
      ...{ kind: "repaired", file: "records.jsonl.broken-2026-11-29T120000Z", lost: 3 },
      sha256: createHash("sha256").update(text).digest("hex"),
      what: "line 2 is no record",
      unproved: [
        `the release ${image}: going back to it, with its snapshot 0123abcd`,
        `a verification that has passed on ${next}`,
        "whatever stands in 1 lines that are no records",
      ],
    });
    const records = await log.read();
    expect(records.map(({ kind, signedBy }) => [kind, typeof signedBy])).toEqual([
      ["serving", "string"],
      ["repaired", "string"],
    ]);
    const aside = join(log.folder, entry.file);
    expect(await readFile(aside, "utf8")).toBe(text);
    expect((await stat(aside)).mode & 0o777).toBe(0o600);
    expect((await stat(log.file)).mode & 0o777).toBe(0o600);
    expect((await log.append({ kind: "serving", trigger: "next", did: "serves" })).sequence).toBe(3);
    expect(isSick(await examine(log))).toBe(false);
  });

  it("is not replaced when it has changed since it was looked at", async () => {
    await damage(([one = "", , ...rest]) => [one, ...rest]);
    const examined = await examine(log);
    const changed = await damage((lines) => [...lines, lines[0] ?? ""]);
    await expect(repair(log, examined, now)).rejects.toThrow(
      `${log.file} has changed meanwhile; nothing was repaired.`,
    );
    expect(await readFile(log.file, "utf8")).toBe(changed);
    expect(await readdir(log.folder)).toEqual(["records.jsonl"]);
  });

  it("can be one that nothing can be added to, because what a killed run has left does not follow", async () => {
    const claim = `${log.file}.append-5`;
    await writeFile(claim, JSON.stringify({ offset: 0, text: "something else\n" }));
    const examined = await examine(log);
    expect([isSick(examined), examined.stray]).toEqual([true, [claim]]);
    await repair(log, examined, now);
    expect((await log.read()).map(({ kind }) => kind)).toEqual([
      ...entries.map(({ kind }) => kind),
      "repaired",
    ]);
    await log.append({ kind: "serving", trigger: "next", did: "serves" });
  });
});

describe("a policy pack", () => {
  it("reads records of a kind that it does not know, and takes nothing from them", async () => {
    await log.append({ kind: "begun", image, container: "c", because: "lost" });
    await damage((lines) => [...lines, "{}"]);
    await repair(log, await examine(log), now);
    const envelopes = (await log.readSealed()).map(({ envelope }) => envelope);
    const { keys } = readTrustedKeys([publicKey]);
    const { records, problems } = readEvidence(envelopes, { stack: "prod", workload: "support-1" }, keys);
    expect(problems).toEqual([]);
    expect(records.map(({ kind, trust }) => `${kind} ${trust}`).slice(-2)).toEqual([
      "begun signed",
      "repaired signed",
    ]);
  });
});
