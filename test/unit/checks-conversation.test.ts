import { describe, expect, it } from "vitest";
import { judgeConversation } from "../../lifecycle/checks/kinds/conversation.ts";

/** As 2026.4.15 printed it after `openclaw agent --agent main --message … --json`, without the report of its prompt. */
function answer(model: string, text: string): string {
  const agentMeta = {
    sessionId: "b65306e8-53e4-4e89-ad7d-b7e2aa34412c",
    provider: "standin",
    model,
    usage: { input: 10, output: 1, total: 11 },
    promptTokens: 10,
  };
  // It says so after a failover too.
  const attempts = [{ provider: "standin", model, result: "success", stage: "assistant" }];
  return JSON.stringify({
    runId: "2bebbf46-da81-4996-8b12-ba22b13d4a45",
    status: "ok",
    summary: "completed",
    result: {
      payloads: [{ text, mediaUrl: null }],
      meta: {
        durationMs: 1822,
        agentMeta,
        aborted: false,
        executionTrace: { winnerProvider: "standin", winnerModel: model, attempts, fallbackUsed: false },
      },
    },
  });
}

const said = (stdout: string, stderr = "", exitCode = 0) => ({ exitCode, stdout, stderr });
const steady = { model: "standin/steady" };

describe("a conversation", () => {
  it("passes with a reply of the expected model", () => {
    expect(judgeConversation(steady, said(answer("steady", "pong")))).toEqual({
      passed: true,
      detail: '"pong" by standin/steady after 1.8 s',
    });
  });

  it("fails when another model answered, whatever the answer says of a failover", () => {
    expect(judgeConversation(steady, said(answer("spare", "pong")))).toEqual({
      passed: false,
      detail:
        "standin/spare answered instead of standin/steady: a failover, or a session that is pinned to it (the check `pins` finds those)",
    });
  });

  it("fails when an error has ended the turn, though the command says ok and has a reply", () => {
    // As 2026.4.23 printed it of a model without a price.
    const printed = {
      ...{ runId: "2bebbf46-da81-4996-8b12-ba22b13d4a45", status: "ok", summary: "completed" },
      result: {
        payloads: [
          { text: "Cannot read properties of undefined (reading 'input')", mediaUrl: null },
          { text: "pong", mediaUrl: null },
        ],
        meta: {
          durationMs: 64107,
          agentMeta: { provider: "standin", model: "steady", agentHarnessId: "pi" },
          ...{ aborted: false, finalAssistantVisibleText: "pong", replayInvalid: false },
          ...{ livenessState: "blocked", stopReason: "error" },
          completion: { stopReason: "error", finishReason: "error" },
        },
      },
    };
    expect(judgeConversation({ output: "pong" }, said(JSON.stringify(printed)))).toEqual({
      passed: false,
      detail: "the turn ended with an error: Cannot read properties of undefined (reading 'input') pong",
    });
  });

  it("fails without a reply", () => {
    expect(judgeConversation({}, said(answer("steady", " ")))).toEqual({
      passed: false,
      detail: "the turn ended without a reply",
    });
  });

  it("fails when the reply is another one than wanted", () => {
    expect(judgeConversation({ output: "^pong$" }, said(answer("steady", "I can't do that.")))).toEqual({
      passed: false,
      detail: "the reply does not match /^pong$/: I can't do that.",
    });
  });

  it("fails when the command line ran the turn itself because the gateway was down", () => {
    const stderr =
      "Gateway agent failed; falling back to embedded: Error: gateway closed (1006 abnormal closure (no close frame)): no close reason\n";
    const { result } = JSON.parse(answer("steady", "pong")) as { result: object };
    expect(judgeConversation({}, said(JSON.stringify(result), stderr))).toEqual({
      passed: false,
      detail: `the command line answered by itself, not the gateway: ${stderr.trim()}`,
    });
  });

  it.each([
    [
      "an exit code",
      said("", "Error: No API key found for provider", 1),
      "exit code 1: Error: No API key found for provider",
    ],
    [
      "another status",
      said('{"status":"timeout"}'),
      'status "timeout" instead of "ok": {"status":"timeout"}',
    ],
    ["no JSON", said("pong"), 'status undefined instead of "ok": pong'],
  ])("fails on %s", (_what, result, detail) => {
    expect(judgeConversation({}, result)).toEqual({ passed: false, detail });
  });
});
