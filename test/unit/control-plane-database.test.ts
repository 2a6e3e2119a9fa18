import { describe, expect, test } from "vitest";
import { databaseProblem, parseLook } from "../../lifecycle/control-plane/database.ts";
import { opens } from "../../lifecycle/control-plane/fernet.ts";
import { encrypted, newKey } from "../images/control-plane/secrets.ts";

const hex = (text: string) => Buffer.from(text).toString("hex").toUpperCase();

describe("a look into the database", () => {
  test("has what its lines say, and each key once", () => {
    const lines = [
      "found\tdatabase",
      "users\t3",
      `key\t${hex("k=")}`,
      `key\t${hex("k=")}`,
      `token\t${hex("gAAAAAä")}`,
      "",
    ];
    expect(parseLook(lines.join("\n"))).toEqual({
      found: "database",
      users: 3,
      keys: ["k="],
      tokens: ["gAAAAAä"],
    });
  });

  test("that said nothing has found nothing", () => {
    expect(parseLook("")).toEqual({ found: "missing", users: undefined, keys: [], tokens: [] });
  });

  test.each([
    ["found\tmissing", /^there is no c\.db\. Correct .*PostgreSQL/],
    ["found\tother", /^c\.db is no SQLite database/],
    ["found\tdamaged", /^SQLite finds damage in c\.db/],
    ["found\tdatabase", /^c\.db has no table of users/],
    ["found\tdatabase\nusers\t0", /^c\.db has no user: nobody has set this control plane up/],
  ])("of %j is a problem", (stdout, problem) => {
    expect(databaseProblem(parseLook(stdout), "c.db")).toMatch(problem);
  });

  test("with a user is none", () => {
    expect(databaseProblem(parseLook("found\tdatabase\nusers\t1"), "c.db")).toBeUndefined();
  });
});

describe("a Fernet token", () => {
  // The one of the published specification (fernet/spec, generate.json).
  const key = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
  const token =
    "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";

  test("opens with its key alone", () => {
    expect(opens(key, token)).toBe(true);
    expect(opens(newKey(), token)).toBe(false);
    const mine = newKey();
    expect(opens(mine, encrypted(mine, "text"))).toBe(true);
  });

  test.each([
    ["a changed letter", key, token.replace("Oz7J", "Oz7K")],
    ["a cut end", key, token.slice(0, 60)],
    ["a key that is none", "short", token],
    ["a text that is none", key, "gAAAAA"],
  ])("does not open with %s", (_, wrong, text) => {
    expect(opens(wrong, text)).toBe(false);
  });
});
