import { describe, expect, test } from "vitest";
import { labelValue, objectName } from "../../platforms/kubernetes/labels.ts";
import { leaseName } from "../../platforms/kubernetes/lease.ts";

const odd = ["bot-a/look", "Bot_A", "ünïcode", "a".repeat(80), "-x-", "", "a b", "…"];

describe("a label", () => {
  test("is the text itself where it is one", () => {
    expect(labelValue("bot-a")).toBe("bot-a");
    expect(labelValue("Prod_1.eu")).toBe("Prod_1.eu");
  });

  test.each(odd)("can be made of %j", (text) => {
    expect(labelValue(text)).toMatch(/^[a-zA-Z0-9]([-_.a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$/);
  });

  test("tells texts apart that have the same letters left", () => {
    const values = ["bot-a/look", "bot-a-look", "bot-a look", "bot-a/look/"].map(labelValue);
    expect(new Set(values).size).toBe(4);
  });
});

describe("a name", () => {
  test.each(odd)("can be made of %j", (text) => {
    expect(objectName(text)).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
  });

  test("tells upper from lower case", () => {
    expect(objectName("Prod")).not.toBe(objectName("prod"));
    expect(objectName("prod")).toBe("prod");
  });

  test("keeps dots where a longer one may have them", () => {
    expect(objectName("clawforce-drill-prod-bot-a.1", 253)).toBe("clawforce-drill-prod-bot-a.1");
    expect(objectName("a.1")).not.toContain(".");
  });

  test("of a lock says what it is of", () => {
    expect(leaseName({ kind: "repository", of: "bot-a" })).toBe("clawforce-lock-repository-bot-a");
    expect(leaseName({ kind: "drill", of: "" })).toBe("clawforce-lock-drill");
    expect(leaseName({ kind: "recover", of: "Prod" })).toMatch(/^clawforce-lock-recover-prod-[0-9a-f]{8}$/);
  });
});
