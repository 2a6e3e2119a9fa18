import { describe, expect, test } from "vitest";
import { isLiteral, plainInWhole, plainLines } from "../../policies/plain-values.ts";

test.each([
  ["", false],
  ["  ", false],
  ["x", true],
  ["True", false],
  ["none", false],
  ["truest", true],
  ["untrue", true],
  ["$TOKEN", false],
  ["$(TOKEN)", false],
  ["\u0024{TOKEN:-x}", false],
  ["x$TOKEN", true],
  ["$TOKEN-x", true],
  ["$token", true],
  ["/run/secrets/token", false],
  ["/var/run/secrets/token", false],
  ["/srv/run/secrets/token", true],
  ["{{ .Values.token }}", false],
  ["{{ .Values.token }}x", true],
  ["x{{ .Values.token }}", true],
  ["%TOKEN%", false],
  ["arn:aws:secretsmanager:x", false],
  ["xarn:aws:secretsmanager:x", true],
  ["op://vault/item", false],
])("the text %j can be a secret: %s", (text, can) => expect(isLiteral(text)).toBe(can));

const token = `ghp_${"a1".repeat(18)}`;

test.each<[text: string, keys: string[]]>([
  ["password: x", ["password"]],
  ["  - password=x", ["password"]],
  ["export API_TOKEN = x", ["API_TOKEN"]],
  ["\"password\" : 'x',", ["password"]],
  ["'password': \"x\";", ["password"]],
  ["password: ''", []],
  ['password: "",', []],
  ['password: "true"', []],
  ["password: 'true\"", ["password"]],
  ["password: x''", ["password"]],
  ["password:   ", []],
  ["password: $TOKEN ", []],
  ["password", []],
  ["a password: x", []],
  ["1password: x", []],
  ["# password: x", []],
  ["password; x", []],
  ["note: password: x", []],
  ["user.password: x", ["user.password"]],
  ["hosts: a, password: b", []],
  ["user: {name: ann, password: x}", ["password"]],
  ['user: {{ password = "hunter2" }}', []],
  [`user: {password: ${token}}`, ["password"]],
  [`note: ${token}`, ["note"]],
  [token, ["GitHub token"]],
])("the line %j has in plain: %j", (text, keys) =>
  expect(plainLines(text)).toEqual(keys.map((key) => ({ line: 1, key }))),
);

describe("a setting of several lines", () => {
  const lines = [{ line: 2, key: "password" }];

  test.each<[name: string, value: unknown, part: string | undefined, beside: string | undefined]>([
    ["note", token, "GitHub token", undefined],
    ["DB_PASS", "hunter2", "secret", "secret"],
    ["DB_PASS", 5, "secret", "secret"],
    ["DB_PASS", undefined, undefined, undefined],
    ["DB_PASS", null, undefined, undefined],
    ["note", "hunter2", undefined, undefined],
  ])("%s=%j is said once: by its line where that says the same", (name, value, part, beside) => {
    expect(plainInWhole({ name, value }, [])).toBe(part);
    expect(plainInWhole({ name, value }, lines)).toBe(beside);
  });
});
