import { describe, expect, test } from "vitest";
import { expanded, hasExpansion, withoutExpansion } from "../../platforms/kubernetes/expansion.ts";
import { Refusal } from "../../platforms/kubernetes/refusal.ts";
import { variablesOf } from "../../platforms/kubernetes/variables.ts";

const secrets: Record<string, Record<string, string>> = {
  "bot-a-secrets": { "gateway.token": "t0ken", "model-key": "sk-$1" },
};

function cluster() {
  const asked: string[] = [];
  return {
    asked,
    in: (_api: string, kind: string, ...rest: string[]) => [kind, ...rest].join("/"),
    ask: async <Answer>({ path }: { path: string }): Promise<Answer> => {
      asked.push(path);
      const found = secrets[path.replace("secrets/", "")];
      if (found === undefined) throw new Refusal(`${path} is not there`, 404, "NotFound");
      const encoded = Object.entries(found).map(([key, value]) => [
        key,
        Buffer.from(value).toString("base64"),
      ]);
      return { data: Object.fromEntries(encoded) } as Answer;
    },
  };
}

const from = (name: string, key: string) => ({ valueFrom: { secretKeyRef: { name, key } } });

describe("the variables of a unit", () => {
  test("have the values that stand in Secrets, each of which is asked for once", async () => {
    const asked = cluster();
    const variables = [
      { name: "PRICE", value: "5$$ a turn" },
      { name: "TOKEN", ...from("bot-a-secrets", "gateway.token") },
      { name: "KEY", ...from("bot-a-secrets", "model-key") },
    ];
    expect(await variablesOf(asked, variables)).toEqual(["PRICE=5$ a turn", "TOKEN=t0ken", "KEY=sk-$1"]);
    expect(asked.asked).toEqual(["secrets/bot-a-secrets"]);
  });

  test("leave out what is not there, and ask for nothing where all is plain", async () => {
    const asked = cluster();
    expect(
      await variablesOf(asked, [
        { name: "GONE", ...from("other", "key") },
        { name: "NO_KEY", ...from("bot-a-secrets", "other") },
        { name: "NODE", valueFrom: {} },
      ]),
    ).toEqual([]);
    const plain = cluster();
    expect(await variablesOf(plain, [{ name: "A", value: "" }])).toEqual(["A="]);
    expect(plain.asked).toEqual([]);
  });
});

test.each([
  ["$(HOME)/x", true],
  ["$$(HOME)", false],
  ["$$$(HOME)", true],
  ["5$ (a turn)", false],
])("that Kubernetes changes %s: %s", (text, is) => expect(hasExpansion(text)).toBe(is));

test.each(["5$", "$(HOME)", "$$", "a$b$(C)$$", "plain"])("%s reaches a program as it is", (text) => {
  expect(expanded(withoutExpansion(text))).toBe(text);
  expect(withoutExpansion(text).replaceAll("$$", "")).not.toContain("$");
});
