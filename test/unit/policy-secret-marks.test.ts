import { describe, expect, test } from "vitest";
import { read } from "../../policies/guarded-read.ts";
import { isMarkedSecret, keepSecretMarks } from "../../policies/secret-marks.ts";
import { handed, messageWith, received, secret } from "../policy/privileges.ts";
import { unknownCheckingProxy } from "../policy/props.ts";

keepSecretMarks();

describe("the marks of secrets", () => {
  test("are known for a value, for what is inside of it and for nothing beside it", () => {
    const props = unknownCheckingProxy(
      received({
        one: secret("x"),
        list: [1, secret({ deep: ["x"] })],
        nested: { two: secret("x"), three: "x" },
      }),
    );
    const marked = (path: string) => isMarkedSecret(props, path);
    expect(["one", "list[1]", "list[1].deep", "list[1].deep[0]", "nested.two"].map(marked)).toEqual(
      Array.from({ length: 5 }, () => true),
    );
    expect(
      ["", "on", "onether", "list", "list[0]", "list[10]", "nested", "nested.three"].map(marked),
    ).toEqual(Array.from({ length: 8 }, () => false));
  });

  test("are not known of properties that did not come from the engine", () => {
    expect(isMarkedSecret(unknownCheckingProxy({ one: "x" }), "one")).toBe(false);
    expect(isMarkedSecret({ one: "x" }, "one")).toBe(false);
  });
});

describe("what the engine sends once", () => {
  test("is read once for all rules that judge", () => {
    const message = messageWith({ one: 1 });
    expect(handed(message, "judge")).toEqual({ one: 1 });
    expect(handed(message, "judge")).toBe(handed(message, "judge"));
    expect(handed(messageWith({ one: 1 }), "judge")).not.toBe(handed(message, "judge"));
  });

  test("is read anew for a rule that may mend, whose secrets stay secrets in what it gives back", () => {
    const message = messageWith({ one: secret("x") });
    const wrapped = (props: object) => read(props, "__isSpecialProxy") === true;
    const mended = handed(message, "mend");
    const judged = handed(message, "judge");
    expect([mended, judged].map(wrapped)).toEqual([true, false]);
    expect(judged).toEqual({ one: "x" });
    expect([handed(message, "mend"), handed(message, "judge")].map(wrapped)).toEqual([true, false]);
  });
});
