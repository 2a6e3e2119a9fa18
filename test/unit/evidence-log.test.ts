import { createHash, generateKeyPairSync } from "node:crypto";
import { appendFile, chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { EvidenceDamaged, EvidenceKeyError } from "../../lifecycle/evidence/failure.ts";
import { EvidenceKeys } from "../../lifecycle/evidence/keys.ts";
import { EvidenceLog } from "../../lifecycle/evidence/log.ts";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { publicKeyText } from "../support/public-key.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder: string;
let log: EvidenceLog;

beforeEach(async () => {
  folder = scratchFolder();
  log = new EvidenceLog(folder, "prod", "support-1");
});

const entry = (trigger: string): EvidenceEntry => ({ kind: "serving", trigger, did: "was stopped" });
const image = `registry.test/agent:1@sha256:${"a".repeat(64)}`;
const drill: EvidenceEntry = { kind: "drill", snapshot: "0123abcd", image, seconds: 3 };

async function keyFile(name: string): Promise<{ file: string; publicKey: string }> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const file = join(folder, name);
  await writeFile(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  return { file, publicKey: publicKeyText(publicKey) };
}

function signedWith(signingKey: string | undefined, trustedKeys: string[] = []): EvidenceLog {
  return new EvidenceLog(folder, "prod", "support-1", new EvidenceKeys({ signingKey, trustedKeys }));
}

function statement(line: string): { payload: string; statement: Record<string, unknown> } {
  const { payload } = JSON.parse(line) as { payload: string };
  return { payload, statement: JSON.parse(Buffer.from(payload, "base64").toString()) };
}

/** A line with another payload and the same signature. */
function changed(line: string, change: (text: string) => string): string {
  const envelope = JSON.parse(line) as { payload: string };
  const text = change(Buffer.from(envelope.payload, "base64").toString());
  return JSON.stringify({ ...envelope, payload: Buffer.from(text).toString("base64") });
}

async function damage(change: (lines: string[]) => string[]): Promise<void> {
  const lines = (await readFile(log.file, "utf8")).trimEnd().split("\n");
  await writeFile(log.file, `${change(lines).join("\n")}\n`);
}

function damaged(line: number, what: string): EvidenceDamaged {
  return new EvidenceDamaged(`${log.file}:${line}: the line ${what}`);
}

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
    const first = (await readFile(log.file, "utf8")).split("\n")[0] ?? "";
    expect(records[1]?.previous).toBe(createHash("sha256").update(first).digest("hex"));
    expect((await stat(log.file)).mode & 0o777).toBe(0o600);
    expect((await stat(log.folder)).mode & 0o777).toBe(0o700);
  });

  it("writes in-toto statements whose subject is the image that they speak of", async () => {
    await log.append(drill);
    const { statement: found } = statement((await readFile(log.file, "utf8")).trimEnd());
    expect(found).toMatchObject({
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ name: "registry.test/agent:1", digest: { sha256: "a".repeat(64) } }],
      predicateType: "urn:clawforce:fleet:evidence:v1",
      predicate: { kind: "drill", stack: "prod", workload: "support-1", sequence: 1 },
    });
  });

  it("goes on after a line that a kill cut off", async () => {
    await log.append(entry("a"));
    await appendFile(log.file, '{"payloadType":"application/vnd.in-toto+json","payl');
    await log.append(entry("b"));
    expect((await log.read()).map((record) => record.kind === "serving" && record.trigger)).toEqual([
      "a",
      "b",
    ]);
  });

  it.each<[string, (lines: string[]) => string[], number, string]>([
    [
      "changed",
      ([one = "", two = ""]) => [changed(one, (text) => text.replace("stopped", "running")), two],
      2,
      "does not follow the one before it: it was changed, or one was taken out",
    ],
    [
      "taken out",
      ([, two = ""]) => [two],
      1,
      "does not follow the one before it: it was changed, or one was taken out",
    ],
    [
      "put in twice",
      ([one = "", two = ""]) => [one, one, two],
      2,
      "does not follow the one before it: it was changed, or one was taken out",
    ],
    ["replaced by other JSON", ([one = ""]) => [one, '{"kind":"verification"}'], 2, "is no record"],
    [
      "given another subject",
      ([one = ""]) => [changed(one, (text) => text.replace("prod/support-1", "prod/support-2"))],
      1,
      "is no record",
    ],
  ])("refuses a file in which a record was %s", async (_what, change, line, said) => {
    await log.append(entry("a"));
    await log.append(entry("b"));
    await damage(change);
    await expect(log.read()).rejects.toEqual(damaged(line, said));
    await expect(log.append(entry("c"))).rejects.toEqual(damaged(line, said));
  });

  it("refuses the records of another workload", async () => {
    const other = new EvidenceLog(folder, "prod", "support-2");
    await other.append(drill);
    await log.append(entry("a"));
    await writeFile(log.file, await readFile(other.file, "utf8"));
    await expect(log.read()).rejects.toEqual(damaged(1, "is a record of support-2 in the stack prod"));
  });
});

describe("signatures", () => {
  it("tell which trusted key signed a record", async () => {
    const { file, publicKey } = await keyFile("key.pem");
    await signedWith(file).append(drill);
    const id = createHash("sha256").update(Buffer.from(publicKey, "base64")).digest("hex");
    expect((await signedWith(undefined, [publicKey]).read()).map(({ signedBy }) => signedBy)).toEqual([id]);
    expect((await signedWith(file).read()).map(({ signedBy }) => signedBy)).toEqual([id]);
    expect((await log.read()).map(({ signedBy }) => signedBy)).toEqual([undefined]);
  });

  it("show a change of the very last record", async () => {
    const { file } = await keyFile("key.pem");
    await signedWith(file).append(drill);
    await damage(([one = ""]) => [changed(one, (text) => text.replace('"seconds":3', '"seconds":1'))]);
    await expect(signedWith(file).read()).rejects.toEqual(
      damaged(1, "has a signature that does not belong to it: it was changed"),
    );
  });

  it("of a key that is not trusted prove nothing, whatever the record says of itself", async () => {
    const [mine, other] = [await keyFile("mine.pem"), await keyFile("other.pem")];
    await signedWith(other.file).append(drill);
    expect((await signedWith(mine.file).read()).map(({ signedBy }) => signedBy)).toEqual([undefined]);
  });

  it("are demanded of every record after the first signed one", async () => {
    const [mine, other] = [await keyFile("mine.pem"), await keyFile("other.pem")];
    await signedWith(undefined).append(entry("before signing began"));
    await signedWith(mine.file).append(drill);
    await signedWith(other.file, []).append(drill);
    await expect(signedWith(mine.file).read()).rejects.toEqual(
      damaged(
        3,
        "follows signed ones and is not signed by a key that counts: it was put in, or its key is missing in clawforce:evidence.trustedKeys",
      ),
    );
    expect(await signedWith(mine.file, [other.publicKey]).read()).toHaveLength(3);
  });

  it("need a key file that only its owner can read", async () => {
    const { file } = await keyFile("key.pem");
    await chmod(file, 0o644);
    await expect(signedWith(file).append(drill)).rejects.toEqual(
      new EvidenceKeyError(
        `${file}, the key that signs evidence, can be read by others: whoever has it can forge evidence. Run \`chmod 600\` on it, and make a new one if it was ever elsewhere.`,
      ),
    );
  });

  it.each([
    ["is not there", undefined, "cannot be read (ENOENT)"],
    ["is no key", "hello", "is no Ed25519 private key in PEM"],
    [
      "is a key of another kind",
      generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }),
      "is no Ed25519 private key in PEM",
    ],
  ])("say so when the key file %s", async (_what, content, said) => {
    const file = join(folder, "key.pem");
    if (content !== undefined) await writeFile(file, content, { mode: 0o600 });
    await expect(signedWith(file).append(drill)).rejects.toThrow(said);
    await expect(signedWith(file).append(drill)).rejects.toThrow("openssl genpkey -algorithm ed25519");
  });
});
