import { expect, test } from "vitest";
import { rotationLines } from "../../fleet/rotation.ts";

test("names the channels and providers of the gateway, and none of their secrets", () => {
  const lines = rotationLines({
    channels: { slack: { botToken: "xoxb-1" }, whatsapp: {} },
    auth: { profiles: { "anthropic:default": { token: "sk-1" } } },
  }).join("\n");
  expect(lines).toContain("channel logins: slack, whatsapp ");
  expect(lines).toContain("model providers and tools: anthropic:default ");
  expect(lines).not.toMatch(/xoxb|sk-1/);
});

test.each([[undefined], [null], ["text"], [{ channels: [] }]])(
  "says what to look at all the same for %j",
  (config) => {
    expect(rotationLines(config)).toHaveLength(4);
  },
);
