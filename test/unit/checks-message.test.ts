import { describe, expect, it } from "vitest";
import { judgeMessage } from "../../lifecycle/checks/kinds/message.ts";
import { checkSchema } from "../../lifecycle/stack-config.ts";

const server = { host: "irc.test", port: 6667, tls: false, to: "#ops", bot: "claw" };

function judged(seen: unknown, output?: string) {
  const stdout = typeof seen === "string" ? seen : `${JSON.stringify(seen)}\n`;
  return judgeMessage({ ...server, output }, { exitCode: 0, stdout, stderr: "" });
}

describe("a message through a channel", () => {
  it("passes with its answer, also of a nick that the server has not given back yet", () => {
    expect(judged({ seconds: 1.2, answer: "pong", by: "claw_" }, "^pong$")).toEqual({
      passed: true,
      detail: '"pong" by claw_ in #ops after 1.2 s',
    });
  });

  it("fails without an answer, and says whether the gateway was there", () => {
    expect(judged({ seconds: 160 })).toMatchObject({
      passed: false,
      detail: "no answer by claw in #ops within 160 s",
    });
    expect(judged({ seconds: 160, there: false }).detail).toMatch(/160 s\. claw is not there$/);
  });

  it("fails with another answer than the one that is wanted", () => {
    expect(judged({ seconds: 1, answer: "I am sorry", by: "claw" }, "pong")).toMatchObject({
      passed: false,
      detail: "the answer of claw does not match /pong/: I am sorry",
    });
  });

  it.each([
    ["the server can't be reached", { problem: "connect ECONNREFUSED 10.0.0.2:6667" }, "ECONNREFUSED"],
    ["the client said nothing", "", "no message could be sent"],
  ])("is inconclusive where %s", (_, seen, text) => {
    const verdict = judged(seen);
    expect(verdict).toMatchObject({ passed: false, nothing: true });
    expect(verdict.detail).toContain(text);
  });

  it("is inconclusive where its command fails", () => {
    const result = { exitCode: 127, stdout: "", stderr: "node: not found" };
    expect(judgeMessage(server, result)).toMatchObject({
      nothing: true,
      detail: "no message could be sent: node: not found",
    });
  });

  it.each([
    [{ to: "#ops\r\nQUIT" }, "is no channel or nick"],
    [{ bot: "a b" }, "is no nick"],
    [{ host: "irc.test:6667" }, "is no host"],
  ])("takes nothing that would be another command of the protocol: %j", (change, problem) => {
    const parsed = checkSchema.safeParse({ kind: "message", irc: { ...server, ...change } });
    expect(JSON.stringify(parsed.error?.issues)).toContain(problem);
  });

  it("takes one line of text", () => {
    const parsed = checkSchema.safeParse({ kind: "message", irc: server, text: "a\nQUIT" });
    expect(JSON.stringify(parsed.error?.issues)).toContain("is no message");
  });
});
