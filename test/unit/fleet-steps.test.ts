import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { describe, expect, test, vi } from "vitest";
import { LiveSteps, newsLine } from "../../fleet/live.ts";
import { Steps, saidBy } from "../../fleet/steps.ts";
import { stepsTable } from "../../fleet/steps-table.ts";

const types = { container: "docker:index/container:Container", command: "command:local:Command" };
const parents = "urn:pulumi:prod::clawforce::clawforce:fleet:Fleet$clawforce:fleet:Workload";

function resource(
  event: "resourcePreEvent" | "resOutputsEvent" | "resOpFailedEvent",
  op: string,
  type: keyof typeof types,
  name: string,
): EngineEvent {
  const metadata = { op, type: types[type], urn: `${parents}$${types[type]}::${name}` };
  return { [event]: { metadata } } as unknown as EngineEvent;
}

function line(message: string, severity = "info"): EngineEvent {
  return { diagnosticEvent: { message: `${message}\n`, color: "never", severity } } as EngineEvent;
}

/** One event a second. */
function watched(...events: EngineEvent[]) {
  const steps = new Steps(["a-1", "a-2"]);
  const news = events.flatMap((event, index) => steps.apply(event, index * 1000));
  return { steps, news: news.map(newsLine), table: stepsTable(steps, events.length * 1000) };
}

const heads = "     pre pull  hot drill drain stop cold check create gate verify";
const untouched = "a-2    ·    ·    ·     ·     ·    ·    ·     ·      ·    ·      ·";

describe("a line of a program", () => {
  test.each([
    [
      "drill: snapshot 1a starts (3.3 s)",
      { step: "drill", outcome: "passed", seconds: 3.3, text: "snapshot 1a starts" },
    ],
    [
      "hot snapshot: 1a, 3 files, 0 MB (12.0 s)",
      { step: "hot snapshot", outcome: "passed", seconds: 12, text: "1a, 3 files, 0 MB" },
    ],
    [
      "verification: failed (0.8 s)",
      { step: "verification", outcome: "failed", seconds: 0.8, text: "failed" },
    ],
    ["gate: inconclusive (15.0 s)", { step: "gate", outcome: "failed", seconds: 15, text: "inconclusive" }],
    ["drain failed: can't be read", { step: "drain", outcome: "failed", text: "can't be read" }],
    ["✓ http /healthz: ok=true (0.3 s)", { text: "✓ http /healthz: ok=true (0.3 s)" }],
    ["rest: of something (0.3 s)", { text: "rest: of something (0.3 s)" }],
    ["no container yet", { text: "no container yet" }],
  ])("%s", (text, expected) => {
    expect(saidBy(text)).toEqual(expected);
  });
});

describe("the table", () => {
  test("follows an update from step to step and leaves the row of an untouched workload empty", () => {
    const seen = watched(
      resource("resourcePreEvent", "create-replacement", "command", "a-1-preparation"),
      line("a-1: ✓ http /healthz: ok=true (0.3 s)"),
      line("a-1: preflight: serves, 1 checks passed (0.4 s)"),
      line("a-1: pull: present (0.0 s)"),
      line("a-1: hot snapshot: 4aaa2dd8, 3 files, 0 MB (6.4 s)"),
    );
    expect(seen.table).toEqual([
      heads,
      "a-1 ✓0.4 ✓0.0 ✓6.4    …1     ·    ·    ·     ·      ·    ·      ·",
      untouched,
    ]);
    expect(seen.news).toEqual([
      "a-1 ✓ : ✓ http /healthz: ok=true (0.3 s)",
      "a-1 ✓ preflight (0.4 s): serves, 1 checks passed",
      "a-1 ✓ pull (0.0 s): present",
      "a-1 ✓ hot snapshot (6.4 s): 4aaa2dd8, 3 files, 0 MB",
    ]);
  });

  test("a preparation that needs no snapshot leaves no step running", () => {
    const { table } = watched(
      resource("resourcePreEvent", "create", "command", "a-1-preparation"),
      line("a-1: preflight: nothing else runs on its state (0.0 s)"),
      line("a-1: pull: present (0.0 s)"),
      resource("resOutputsEvent", "create", "command", "a-1-preparation"),
      resource("resourcePreEvent", "create", "container", "a-1"),
      resource("resOutputsEvent", "create", "container", "a-1"),
    );
    expect(table[1]).toBe("a-1 ✓0.0 ✓0.0    ·     ·     ·    ·    ·     ·   ✓1.0    ·      ·");
  });

  test("the cut-over begins with the removal of the old container, and its failure shows where it stood", () => {
    const { table, news } = watched(
      resource("resourcePreEvent", "delete-replaced", "container", "a-1"),
      line("a-1: drain: no active work (0.4 s)"),
      line("a-1: stop: ended by itself (0.1 s)"),
      line("a-1: cold snapshot failed: the disk is full"),
      line("a-1: cold snapshot failed: the disk is full", "error"),
      resource("resOpFailedEvent", "delete-replaced", "container", "a-1"),
    );
    expect(table[1]).toBe("a-1    ·    ·    ·     ·  ✓0.4 ✓0.1 ✗1.0     ·      ·    ·      ·");
    expect(news.at(-1)).toBe("a-1 ✗ cold snapshot (1.0 s): the disk is full");
    expect(news).toHaveLength(3);
  });

  test("has a column for a restore when there is one", () => {
    const { table } = watched(
      line("a-1: restore: the state is that of snapshot 34e495d1 (1.9 s)"),
      resource("resourcePreEvent", "create-replacement", "container", "a-1"),
      resource("resOpFailedEvent", "create-replacement", "container", "a-1"),
    );
    expect(table.slice(0, 2)).toEqual([
      "     pre pull  hot drill drain stop cold check restore create gate verify",
      "a-1    ·    ·    ·     ·     ·    ·    ·     ·    ✓1.9   ✗1.0    ·      ·",
    ]);
  });

  test("has columns for the hold and the opening of an ingress when there is one", () => {
    const { table } = watched(
      resource("resourcePreEvent", "delete-replaced", "container", "a-1"),
      line("a-1: hold: its requests wait, until 12:00:00 UTC at most (0.5 s)"),
      line("a-1: drain: no active work (0.4 s)"),
      resource("resourcePreEvent", "create-replacement", "command", "a-1-gate"),
      line("a-1: gate: passed (0.3 s)"),
      line("a-1: open: its requests were held for 5.6 s (0.7 s)"),
    );
    expect(table.slice(0, 2)).toEqual([
      "     pre pull  hot drill hold drain stop cold check create gate open verify",
      "a-1    ·    ·    ·     · ✓0.5  ✓0.4   …4    ·     ·      · ✓0.3 ✓0.7      ·",
    ]);
  });

  test("shows no other step as failed when the hold fails", () => {
    const { table, news } = watched(
      resource("resourcePreEvent", "delete-replaced", "container", "a-1"),
      line("a-1: hold failed: the ingress can't be asked", "error"),
      resource("resOpFailedEvent", "delete-replaced", "container", "a-1"),
    );
    expect(table[1]).toBe("a-1    ·    ·    ·     · ✗0.0     ·    ·    ·     ·      ·    ·      ·");
    expect(news).toEqual(["a-1 ✗ hold (0.0 s): the ingress can't be asked"]);
  });

  test("does not believe the engine's own debug lines, or lines of another workload", () => {
    const { table, news } = watched(
      line("a-1: stop: ended by itself (0.1 s)", "debug"),
      line("b-1: stop: ended (1.0 s)"),
    );
    expect(table).toEqual([heads, untouched.replace("a-2", "a-1"), untouched]);
    expect(news).toEqual([]);
  });

  test("fits a terminal of 80 columns, behind an ingress too", () => {
    const steps = new Steps(["demo-1"]);
    expect(Math.max(...stepsTable(steps, 0).map((each) => each.length))).toBeLessThan(70);
    steps.apply(line("demo-1: hold: its requests wait (0.5 s)"), 0);
    steps.apply(line("demo-1: open: its requests come in (0.5 s)"), 0);
    expect(Math.max(...stepsTable(steps, 0).map((each) => each.length))).toBeLessThan(80);
  });
});

describe("what is shown", () => {
  const events = [
    resource("resourcePreEvent", "create-replacement", "command", "a-1-preparation"),
    line("a-1: preflight: serves (0.4 s)"),
  ];

  function shown(isTTY: boolean): string {
    let text = "";
    const terminal = { isTTY, columns: 100, write: (part: string) => (text += part) };
    const before = process.env.CI;
    // A busy machine takes tenths of a second for this, and they would be shown.
    vi.useFakeTimers();
    try {
      delete process.env.CI;
      const live = new LiveSteps(["a-1", "a-2"], terminal);
      if (before !== undefined) process.env.CI = before;
      live.begin();
      events.forEach(live.onEvent);
      live.end();
    } finally {
      vi.useRealTimers();
    }
    return text;
  }

  test("is a line for each step and the table at the end, without escape codes, where there is no terminal", () => {
    expect(shown(false)).toBe(
      [
        "   0.0 s  a-1 ✓ preflight (0.4 s): serves",
        heads,
        "a-1 ✓0.4   …0    ·     ·     ·    ·    ·     ·      ·    ·      ·",
        untouched,
        "",
      ].join("\n"),
    );
  });

  test("is one table in its place on a terminal", () => {
    const text = shown(true);
    expect(text.split("\u001b[0J").at(-1)).toBe(
      [heads, "a-1 ✓0.4   …0    ·     ·     ·    ·    ·     ·      ·    ·      ·", untouched, ""].join("\n"),
    );
    expect(text).toContain("\u001b[3A\u001b[0J");
  });
});
