import { describe, expect, test } from "vitest";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { readEvidence, readTrustedKeys } from "../../policies/signed-records.ts";
import { altered, envelopes, testKey } from "../policy/evidence.ts";
import { image } from "../policy/fleet-stack.ts";

const own = testKey();
const other = testKey();
const { keys } = readTrustedKeys([own.text]);
const owner = { stack: "prod", workload: "canary" };

const verified: EvidenceEntry = {
  ...{ kind: "verification", image: image("b"), container: "id", outcome: "passed", checks: [] },
  ...{ checksHash: "hash", seconds: 4 },
};
const cutOver: EvidenceEntry = {
  ...{ kind: "cut-over", from: image("a"), to: image("b"), direction: "forward", snapshot: "12345678" },
  ...{ drained: { active: 0, seconds: 0, cut: 0 }, stop: { seconds: 1, killed: false } },
};
const baked: EvidenceEntry = {
  ...{ kind: "bake", image: image("b"), container: "id", outcome: "failed", detail: "", checksHash: "hash" },
  ...{ seconds: 60, rounds: 2, requests: { served: 12, failed: 0 } },
};
const log = { workload: "canary" };
const [first, second, third] = envelopes(log, own, cutOver, verified, baked) as [never, never, never];

describe("the records that the pack reads", () => {
  test("are those of signed envelopes, with what rules ask of them", () => {
    const nothing = {
      from: "",
      direction: "",
      container: "",
      outcome: "",
      checksHash: "",
      seconds: 0,
      group: "",
      settings: "",
    };
    const common = { stack: "prod", workload: "canary", trust: "signed", image: image("b"), served: 0 };
    expect(readEvidence([first, second, third], owner, keys)).toEqual({
      problems: [],
      records: [
        {
          ...{ ...nothing, ...common, kind: "cut-over", sequence: 1, snapshot: "12345678" },
          ...{ from: image("a"), direction: "forward" },
          ...{ at: "2026-11-20T12:00:00.000Z", time: Date.UTC(2026, 10, 20, 12) },
        },
        {
          ...{ ...nothing, ...common, kind: "verification", sequence: 2, snapshot: "", seconds: 4 },
          ...{ container: "id", outcome: "passed", checksHash: "hash" },
          ...{ at: "2026-11-20T12:01:00.000Z", time: Date.UTC(2026, 10, 20, 12, 1) },
        },
        {
          ...{ ...nothing, ...common, kind: "bake", sequence: 3, snapshot: "", seconds: 60, served: 12 },
          ...{ container: "id", outcome: "failed", checksHash: "hash" },
          ...{ at: "2026-11-20T12:02:00.000Z", time: Date.UTC(2026, 10, 20, 12, 2) },
        },
      ],
    });
  });

  const trustOf = (envelope: unknown, trusted = keys) =>
    readEvidence([envelope], owner, trusted).records.map(({ trust }) => trust);
  const signatures = (envelope: object, ...listed: object[]) => ({ ...envelope, signatures: listed });
  const signatureOf = (envelope: { signatures: object[] }) => envelope.signatures[0] as { keyid: string };

  test("are trusted by the keys of the configuration alone, whatever the envelope says of its key", () => {
    const [unsigned] = envelopes(log, undefined, verified);
    const [foreign] = envelopes(log, other, verified) as unknown as [{ signatures: object[] }];
    const disguised = signatures(foreign, { ...signatureOf(foreign), keyid: own.id });
    const embedded = signatures(foreign, {
      ...signatureOf(foreign),
      publicKey: other.text,
      cert: other.text,
    });
    expect([unsigned, foreign, disguised, embedded, first].map((each) => trustOf(each))).toEqual([
      ["unsigned"],
      ["untrusted"],
      ["wrong"],
      ["untrusted"],
      ["signed"],
    ]);
    expect(trustOf(first, [])).toEqual(["untrusted"]);
  });

  test("are signed when one of several signatures is good", () => {
    const [foreign] = envelopes(log, other, cutOver) as unknown as [{ signatures: object[] }];
    const both = signatures(first, signatureOf(foreign), signatureOf(first));
    const turned = signatures(first, signatureOf(first), signatureOf(foreign));
    const bad = signatures(first, { keyid: own.id, sig: "AAAA" }, signatureOf(first));
    expect([both, turned, bad].map((each) => trustOf(each))).toEqual([["signed"], ["signed"], ["signed"]]);
  });

  test("are wrongly signed when a word of theirs was changed after the signature", () => {
    const changed = altered(third, (statement) => statement.replace('"failed"', '"passed"'));
    expect(trustOf(changed)).toEqual(["wrong"]);
    expect(trustOf({ ...(first as object), payloadType: "text/plain" })).toEqual([]);
  });

  const problemsOf = (...given: unknown[]) =>
    readEvidence(given, owner, keys).problems.map(({ index, what }) => `${index} ${what}`);

  test.each<[title: string, envelope: unknown, what: string]>([
    ["no object", "x", "is no DSSE envelope"],
    ["nothing", null, "is no DSSE envelope"],
    ["no payload", { ...(first as object), payload: 1 }, "is no DSSE envelope"],
    ["no signatures", { ...(first as object), signatures: {} }, "is no DSSE envelope"],
    ["a signature without key", { ...(first as object), signatures: [{ sig: "" }] }, "is no DSSE envelope"],
    [
      "a signature without itself",
      { ...(first as object), signatures: [{ keyid: "" }] },
      "is no DSSE envelope",
    ],
    ["a signature that is none", { ...(first as object), signatures: [null] }, "is no DSSE envelope"],
    ["another type", { ...(first as object), payloadType: "x" }, "is no DSSE envelope"],
    ["no JSON", altered(first, () => "{"), "holds no in-toto statement"],
    ["no statement", altered(first, () => "7"), "holds no in-toto statement"],
    ["another statement", altered(first, (each) => each.replace("v1", "v9")), "holds no in-toto statement"],
    [
      "another predicate",
      altered(first, (each) => each.replace("evidence:v1", "evidence:v9")),
      "holds no record of a fleet",
    ],
    [
      "no predicate",
      altered(first, (each) => each.replace('"predicate":', '"predicates":')),
      "holds no record of a fleet",
    ],
    ...["kind", "workload", "sequence", "time"].map((key): [string, unknown, string] => [
      `no ${key}`,
      altered(second, (each) => each.replace(`"${key}":`, `"${key}s":`)),
      "holds a record without kind, workload, sequence or time",
    ]),
    [
      "the subject of another image",
      altered(second, (each) => each.replace("b".repeat(64), "c".repeat(64))),
      `has the subject "${"c".repeat(64)}" and speaks of another image`,
    ],
    [
      "two subjects",
      altered(second, (each) => each.replace('"subject":[', '"subject":[{},')),
      'has the subject "" and speaks of another image',
    ],
    [
      "another subject behind its own",
      altered(second, (each) => each.replace(/"subject":\[(\{.*?\}\})\]/, '"subject":[$1,{}]')),
      'has the subject "" and speaks of another image',
    ],
    [
      "no subject",
      altered(second, (each) => each.replace('"subject":', '"subjects":')),
      'has the subject "" and speaks of another image',
    ],
    [
      "a subject without digest",
      altered(second, (each) => each.replace('"digest":', '"digests":')),
      'has the subject "" and speaks of another image',
    ],
  ])("have to be records: %s", (_title, envelope, what) => {
    expect(problemsOf(envelope)).toEqual([`0 ${what}`]);
    expect(readEvidence([envelope], owner, keys).records).toEqual([]);
  });

  test("have to be the workload's own, in its own stack", () => {
    const [ofOther] = envelopes({ workload: "support-1" }, own, verified);
    const [elsewhere] = envelopes({ workload: "canary", stack: "staging" }, own, verified);
    expect(problemsOf(ofOther, elsewhere)).toEqual([
      '0 is a record of "support-1" in the stack "prod"',
      '1 is a record of "canary" in the stack "staging"',
    ]);
  });

  test("have to stand in the order of their log, with gaps, and none of them twice", () => {
    const [later] = envelopes({ ...log, first: 6 }, own, verified);
    const again = "does not follow the one before it";
    expect(problemsOf(first, third, later)).toEqual([]);
    expect(problemsOf(first, first)).toEqual([`1 ${again}`]);
    expect(problemsOf(second, first, third)).toEqual([`1 ${again}`]);
    // Chained as it should be, but with the number of the one before: one of the two would be passed over.
    const [one, sameNumber] = envelopes({ ...log, step: 0 }, own, verified, verified) as [never, never];
    expect(problemsOf(one, sameNumber)).toEqual([`1 ${again}`]);
    // A neighbour of another log: its hash is not that of the record before it.
    const [, forged] = envelopes(log, own, verified, verified) as [never, never];
    expect(problemsOf(first, forged)).toEqual([`1 ${again}`]);
    expect(readEvidence([first, forged, third], owner, keys).records.map(({ sequence }) => sequence)).toEqual(
      [1, 3],
    );
  });
});

describe("the trusted keys", () => {
  test("are Ed25519 public keys; what is none is said by its place", () => {
    const rsa =
      "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==";
    const read = readTrustedKeys([own.text, "x", rsa, other.text]);
    expect(read.keys.map(({ id }) => id)).toEqual([own.id, other.id]);
    expect(read.problems).toEqual(
      [1, 2].map((index) => ({
        path: `trustedKeys[${index}]`,
        what: "it is no Ed25519 public key in base64 of its SPKI",
      })),
    );
  });
});
