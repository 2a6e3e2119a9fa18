import { describe, expect, it } from "vitest";
import { judgeChannels, readChannels } from "../../lifecycle/checks/kinds/channels.ts";
import type { ChannelState } from "../../lifecycle/evidence/records.ts";

/** As 2026.4.22 printed it, while its channel could not find the host's package; the rest left out. */
const cannotFind =
  "Cannot find package 'openclaw' imported from /home/node/.openclaw/plugin-runtime-deps/openclaw-1.0.0-e7374640efc7/dist/extensions/clawforce-loopback/connection.js";

function printed(accounts: Record<string, unknown[]>): string {
  return JSON.stringify(
    {
      ts: 1795277119832,
      channelOrder: Object.keys(accounts),
      channels: Object.fromEntries(Object.keys(accounts).map((channel) => [channel, { configured: true }])),
      channelAccounts: accounts,
      channelDefaultAccountId: {},
    },
    undefined,
    2,
  );
}

function account(fields: Record<string, unknown>): Record<string, unknown> {
  return {
    accountId: "default",
    enabled: true,
    configured: true,
    running: true,
    connected: true,
    lastError: null,
    probe: { ok: true },
    lastProbeAt: 1795277119832,
    lastInboundAt: null,
    lastOutboundAt: null,
    ...fields,
  };
}

const result = (stdout: string, exitCode = 0) => ({ exitCode, stdout, stderr: "" });

describe("readChannels", () => {
  it.each<[string, Record<string, unknown>, ChannelState[]]>([
    ["connected", {}, [{ name: "slack/default", up: true }]],
    [
      "ended with an error",
      { running: false, connected: false, lastError: cannotFind },
      [{ name: "slack/default", up: false, failure: `does not run: ${cannotFind}` }],
    ],
    [
      "running without a connection",
      { connected: false },
      [{ name: "slack/default", up: false, failure: "is not connected" }],
    ],
    ["no channel with a connection", { connected: undefined }, [{ name: "slack/default", up: true }]],
    ["logged out", { linked: false }, [{ name: "slack/default", up: false, failure: "is not linked" }]],
    [
      "refused by the other side",
      { probe: { ok: false, error: "invalid_auth" } },
      [{ name: "slack/default", up: false, failure: "does not answer its probe: invalid_auth" }],
    ],
    ["switched off", { enabled: false }, []],
    ["not set up", { configured: false }, []],
  ])("says of an account that is %s what it is", (_what, fields, expected) => {
    expect(readChannels(result(printed({ slack: [account(fields)] })))).toEqual(expected);
  });

  it("reads past warnings in front of the JSON", () => {
    const text = `Config warnings:\n- plugins.allow is empty\n${printed({ slack: [account({})] })}\n`;
    expect(readChannels(result(text))).toEqual([{ name: "slack/default", up: true }]);
  });

  it.each([
    ["a text with exit code 0", result("Gateway not reachable: Error: gateway closed (1006)\n")],
    ["nothing", result("")],
    ["JSON of another kind", result('{"ok":true}')],
    ["JSON and an exit code", result(printed({}), 1)],
  ])("does not take %s for a status", (_what, said) => {
    expect(readChannels(said)).toEqual({ problem: expect.stringMatching(/^no channel status: ./) });
  });
});

describe("judgeChannels", () => {
  const up = (name: string): ChannelState => ({ name, up: true });
  const down = (name: string): ChannelState => ({ name, up: false, failure: "is not connected" });

  it.each<[string, Parameters<typeof judgeChannels>, string]>([
    ["nothing is known of before, and there is none", [undefined, [], false], "no channel is set up"],
    ["there was none before", [[], [], false], "no channel was connected before the update"],
    ["none was up before", [[down("a/1")], [up("a/1")], false], "no channel was connected before"],
  ])("is inconclusive when %s: there is nothing to look at", (_when, args, detail) => {
    expect(judgeChannels(...args)).toMatchObject({ passed: false, nothing: true });
    expect(judgeChannels(...args).detail).toContain(detail);
  });

  it.each<[string, Parameters<typeof judgeChannels>, boolean, string]>([
    ["all are up", [[up("slack/default")], [up("slack/default")], false], true, "slack/default"],
    [
      "one is down",
      [[up("slack/default")], [down("slack/default")], false],
      false,
      "slack/default is not connected",
    ],
    [
      "one has disappeared",
      [[up("slack/default"), up("whatsapp/work")], [up("slack/default")], false],
      false,
      "whatsapp/work is gone",
    ],
    ["another one came and is down", [[up("a/1")], [up("a/1"), down("b/1")], false], true, "a/1"],
    ["it was down before too", [[up("a/1"), down("b/1")], [up("a/1"), down("b/1")], false], true, "a/1"],
    ["there was none before, and that is allowed", [[], [], true], true, "no channel was up before"],
    [
      "there is none at a first start, and that is allowed",
      [undefined, [], true],
      true,
      "no channel is set up",
    ],
    ["nothing is known of before", [undefined, [up("a/1")], false], true, "a/1"],
    [
      "nothing is known of before, and one is down",
      [undefined, [down("a/1")], false],
      false,
      "a/1 is not connected",
    ],
    [
      "the gateway does not answer",
      [[up("a/1")], { problem: "no channel status: Gateway not reachable" }, true],
      false,
      "no channel status: Gateway not reachable",
    ],
  ])("when %s", (_when, args, passed, detail) => {
    expect(judgeChannels(...args)).toEqual({ passed, detail });
  });
});
