import { describe, expect, it } from "vitest";
import { defaultBadLines } from "../../config/instance-group-schema.ts";
import { firstAction } from "../../lifecycle/checks/first-action.ts";

describe("the first action", () => {
  // The symptoms of the upgrade runbook and lines of real logs, each with a word of what must be said.
  it.each([
    [
      "the log has /channel exited/: [slack] [default] channel exited: Cannot find package 'openclaw'",
      "go back to the version before",
    ],
    [
      "the log has /Cannot find module/: Error: Cannot find module 'zca-js'",
      "install nothing into the container by hand",
    ],
    ["[whatsapp] channel startup failed: logged out", "openclaw channels status --probe"],
    ["[slack] [default] auto-restart attempt 1/10 in 5s", "gateway's log"],
    ["slack/default is gone", "A channel that was up before"],
    ["slack/default does not run", "A channel that was up before"],
    ["failed to load plugin acpx", "openclaw plugins list"],
    ["Gateway failed to start: refusing to bind", "`gateway.bind`"],
    ["the container is in a restart loop", "allowed origins"],
    ["the container support-1 ended with exit code 1 (waited 120 s at most).", "with its snapshot"],
    ["the container support-1 ended with exit code 78", "openclaw config validate"],
    ["Invalid config at /home/node/.openclaw/openclaw.json", "openclaw config validate"],
    ["scope upgrade pending approval", "openclaw devices list"],
    ["gateway closed (1008): pairing required", "the old instance is stopped"],
    ["HTTP 401 instead of 200: unauthorized", "the old instance is stopped"],
    [
      "embedded run failover decision: reason=timeout from=google/gemini-3.1-flash-lite-preview",
      "ask the provider with curl",
    ],
    ["FailoverError: LLM request timed out.", "from the container and from the host"],
    ["standin/spare answered instead of standin/steady: a failover, or a session", "`pins` names sessions"],
    ["exit code 1: No API key found for provider", "openclaw models status"],
    ["ENOSPC: no space left on device, write", "take a snapshot before anything is removed"],
    ["SQLITE_FULL: database or disk is full", "a larger disk"],
    ["another gateway instance is already listening on ws://127.0.0.1:18789", "stop the other gateway"],
    ["[gateway-http] stage ui threw", "`gateway.bind`"],
    ["no channel status: Gateway not reachable: Error", "`gateway.bind`"],
  ])("for %s", (symptom, words) => {
    expect(firstAction(symptom)).toContain(words);
  });

  it("is there for every line that the verification looks for by default", () => {
    expect(
      defaultBadLines.filter(
        (pattern) => firstAction(`the log has /${pattern}/: ${pattern} x`) === undefined,
      ),
    ).toEqual([]);
  });

  it("is not made up for what nobody has written down", () => {
    expect(firstAction("`openclaw channels status` did not end within 60 s.")).toBeUndefined();
    expect(firstAction("`openclaw agent --agent main` did not end within 90 s.")).toContain(
      "ask the provider",
    );
    expect(firstAction("says 1 instead of 2")).toBeUndefined();
  });
});
