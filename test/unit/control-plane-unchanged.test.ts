import { describe, expect, test } from "vitest";
import { judgeUnchanged } from "../../lifecycle/control-plane/unchanged.ts";
import type {
  ControlPlaneBaseline,
  SecretBaseline,
} from "../../lifecycle/evidence/control-plane-baseline.ts";
import { keyedHash, newSalt } from "../../lifecycle/evidence/keyed-hash.ts";

describe("a control plane after its update", () => {
  const before: ControlPlaneBaseline = {
    instances: [
      { name: "bot-a", status: "running" },
      { name: "bot-b", status: "stopped" },
    ],
    backups: 2,
  };

  test("is unchanged with the same instances in the same states and no backup less", () => {
    const more = { instances: [...before.instances, { name: "bot-c", status: "error" }], backups: 3 };
    expect(judgeUnchanged(before, more)).toEqual({
      passed: true,
      detail: "2 instances as before, 2 backups as before",
    });
  });

  test.each<[Partial<ControlPlaneBaseline>, string]>([
    [{ instances: [{ name: "bot-a", status: "running" }] }, "the instance bot-b is gone"],
    [
      {
        instances: [
          { name: "bot-a", status: "error" },
          { name: "bot-b", status: "running" },
        ],
      },
      "bot-a is error instead of running, bot-b is running instead of stopped",
    ],
    [{ backups: 1 }, "1 backups instead of 2"],
  ])("is changed: %j", (change, detail) => {
    expect(judgeUnchanged(before, { ...before, ...change })).toEqual({ passed: false, detail });
  });

  test("is judged by what was asked for alone", () => {
    const fewer = { ...before, backups: 0 };
    expect(judgeUnchanged(before, fewer, ["instances"])).toEqual({
      passed: true,
      detail: "2 instances as before",
    });
    expect(judgeUnchanged(before, { ...before, instances: [] }, ["backups"]).passed).toBe(true);
  });

  test("has its users and their roles", () => {
    const users = [
      { name: "admin", role: "admin" },
      { name: "member", role: "user" },
    ];
    const one = { ...before, users };
    expect(
      judgeUnchanged(one, { ...one, users: [...users, { name: "new", role: "user" }] }, ["users"]),
    ).toEqual({
      passed: true,
      detail: "2 users as before",
    });
    const now = { ...one, users: [{ name: "admin", role: "user" }] };
    expect(judgeUnchanged(one, now, ["users"])).toEqual({
      passed: false,
      detail: "the user admin is user instead of admin, the user member is gone",
    });
    expect(judgeUnchanged(one, before, ["users"]).passed).toBe(false);
  });

  test("has its settings, but for those that this program sets and those that are named", () => {
    const salt = newSalt();
    const hashed = (values: Record<string, unknown>): ControlPlaneBaseline => ({
      ...before,
      salt,
      settings: Object.fromEntries(
        Object.entries(values).map(([key, value]) => [key, keyedHash(salt, value)]),
      ),
    });
    const had = hashed({
      default_agent_image: "a:1",
      default_container_image: "",
      env: { B: "1", A: "2" },
      zone: "UTC",
      seen: "1",
    });
    const kept = {
      default_agent_image: "a:2",
      default_container_image: "b:1",
      env: { A: "2", B: "1" },
      zone: "UTC",
    };
    expect(judgeUnchanged(had, hashed({ ...kept, seen: "2", more: "" }), ["settings"], ["seen"])).toEqual({
      passed: true,
      detail: "2 settings as before",
    });
    expect(judgeUnchanged(had, hashed({ env: "1", zone: "CET" }), ["settings"])).toEqual({
      passed: false,
      detail:
        "the setting env has another value, the setting zone has another value, the setting seen is gone or empty",
    });
    expect(judgeUnchanged(had, before, ["settings"]).passed).toBe(false);
  });

  test("says what was not on record before instead of comparing it", () => {
    expect(judgeUnchanged(before, before, ["users", "settings", "secret"])).toEqual({
      passed: true,
      detail: ["users", "settings", "secret"]
        .map((part) => `${part} not compared: not on record from before`)
        .join(", "),
    });
  });
});

describe("the secrets of a control plane", () => {
  const secret: SecretBaseline = { key: "k", keys: 1, decrypt: 2, broken: 1, masked: { brave_api_key: "m" } };
  const plane = (of: SecretBaseline): ControlPlaneBaseline => ({ instances: [], backups: 0, secret: of });

  test.each<[string, SecretBaseline, SecretBaseline, string]>([
    [
      "decrypt with the key of before",
      secret,
      { ...secret, decrypt: 3 },
      "3 stored secrets decrypt with the key of before",
    ],
    [
      "are none, where none was",
      { keys: 0, decrypt: 0, broken: 0, masked: {} },
      { key: "new", keys: 1, decrypt: 1, broken: 0, masked: {} },
      "no secret was stored before",
    ],
  ])("%s", (_, before, now, detail) => {
    expect(judgeUnchanged(plane(before), plane(now), ["secret"])).toEqual({ passed: true, detail });
  });

  test.each<[string, SecretBaseline, string]>([
    [
      "lost their key",
      { keys: 0, decrypt: 0, broken: 2, masked: secret.masked },
      "the key of its secrets is gone",
    ],
    ["have another key", { ...secret, key: "other" }, "its secrets have another key than before"],
    [
      "have two keys, one of which a version has made that did not find the other",
      { ...secret, keys: 2 },
      "2 different keys for secrets are in the database: what one has encrypted the other can't read",
    ],
    ["do not decrypt", { ...secret, decrypt: 0, broken: 3 }, "none of its stored secrets decrypts any more"],
    ["are gone", { ...secret, decrypt: 0, broken: 0 }, "none of its stored secrets decrypts any more"],
    ["decrypt in part", { ...secret, decrypt: 1, broken: 2 }, "2 stored secrets do not decrypt, 1 before"],
    ["are shown empty", { ...secret, masked: {} }, "the secret brave_api_key is no longer what it was"],
  ])("are missed when they %s", (_, now, detail) => {
    expect(judgeUnchanged(plane(secret), plane(now), ["secret"])).toEqual({ passed: false, detail });
  });

  test("prove nothing where none of them can be read on the old version either", () => {
    const blind: SecretBaseline = { keys: 0, decrypt: 0, broken: 2, masked: {} };
    expect(judgeUnchanged(plane(blind), plane(blind), ["secret"])).toEqual({
      passed: false,
      detail: "it has 2 stored secrets, and none decrypts with a key, because there is none",
    });
  });
});

test("a value can be compared by its hash, and neither read from it nor found again under another salt", () => {
  const [one, other] = [newSalt(), newSalt()];
  expect(keyedHash(one, { a: 1, b: [2] })).toBe(keyedHash(one, { b: [2], a: 1 }));
  expect(keyedHash(one, "true")).not.toBe(keyedHash(one, true));
  expect(keyedHash(one, "x")).not.toBe(keyedHash(other, "x"));
  expect(keyedHash(one, "x")).toMatch(/^[0-9a-f]{32}$/);
});
