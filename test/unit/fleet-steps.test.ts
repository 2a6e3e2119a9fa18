import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { describe, expect, test, vi } from "vitest";
import { LiveSteps, newsLine } from "../../fleet/live.ts";
import { Steps } from "../../fleet/steps.ts";
import { stepsTable } from "../../fleet/steps-table.ts";
import type { ProgramEvent, StepEvent } from "../../lifecycle/events.ts";

const types = { container: "docker:index/container:Container", command: "command:local:Command" };
const parents = "urn:pulumi:prod::clawforce::clawforce:fleet:Fleet$clawforce:fleet:Workload";

type Watched = EngineEvent | Told;
type Told = ProgramEvent extends infer Event
  ? Event extends ProgramEvent
    ? Omit<Event, "time">
    : never
  : never;

function resource(
  event: "resourcePreEvent" | "resOutputsEvent" | "resOpFailedEvent",
  op: string,
  type: keyof typeof types,
  name: string,
): EngineEvent {
  const metadata = { op, type: types[type], urn: `${parents}$${types[type]}::${name}` };
  return { [event]: { metadata } } as unknown as EngineEvent;
}

function begun(step: StepEvent["step"], workload = "a-1"): Told {
  return { kind: "step", workload, step, outcome: "begun", text: "" };
}

function over(step: StepEvent["step"], seconds: number, text: string, workload = "a-1"): Told {
  return { kind: "step", workload, step, outcome: "passed", seconds, text };
}

function failed(step: StepEvent["step"], text: string): Told {
  return { kind: "step", workload: "a-1", step, outcome: "failed", text };
}

function isTold(event: Watched): event is Told {
  return "workload" in event;
}

function apply(steps: Steps, event: Watched, now: number) {
  if (!isTold(event)) return steps.seen(event, now);
  return steps.told({ ...event, time: new Date(now).toISOString() } as ProgramEvent);
}

/** One event a second. */
function watched(...events: Watched[]) {
  const steps = new Steps(["a-1", "a-2"]);
  const news = events.flatMap((event, index) => apply(steps, event, index * 1000));
  return { steps, news: news.map(newsLine), table: stepsTable(steps, events.length * 1000) };
}

const heads = "     pre pull  hot drill drain stop cold check create gate verify";
const untouched = "a-2    ·    ·    ·     ·     ·    ·    ·     ·      ·    ·      ·";

describe("the table", () => {
  test("follows an update from step to step and leaves the row of an untouched workload empty", () => {
    const seen = watched(
      begun("preflight"),
      { kind: "note", workload: "a-1", text: "✓ http /healthz: ok=true (0.3 s)" },
      over("preflight", 0.4, "serves, 1 checks passed"),
      begun("pull"),
      over("pull", 0, "present"),
      begun("hot snapshot"),
      over("hot snapshot", 6.4, "4aaa2dd8, 3 files, 0 MB"),
      begun("drill"),
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

  test("has the creation by the engine between the steps of the programs", () => {
    const { table } = watched(
      over("preflight", 0, "nothing else runs on its state"),
      over("pull", 0, "present"),
      resource("resOutputsEvent", "create", "command", "a-1-preparation"),
      resource("resourcePreEvent", "create", "container", "a-1"),
      resource("resOutputsEvent", "create", "container", "a-1"),
    );
    expect(table[1]).toBe("a-1 ✓0.0 ✓0.0    ·     ·     ·    ·    ·     ·   ✓1.0    ·      ·");
  });

  test("shows where a cut-over that failed stood", () => {
    const { table, news } = watched(
      over("drain", 0.4, "no active work"),
      over("stop", 0.1, "ended by itself"),
      begun("cold snapshot"),
      failed("cold snapshot", "the disk is full"),
      { kind: "failure", workload: "a-1", text: "a-1: cold snapshot failed: the disk is full" },
      resource("resOpFailedEvent", "delete-replaced", "container", "a-1"),
    );
    expect(table[1]).toBe("a-1    ·    ·    ·     ·  ✓0.4 ✓0.1 ✗1.0     ·      ·    ·      ·");
    expect(news.at(-1)).toBe("a-1 ✗ cold snapshot (1.0 s): the disk is full");
    expect(news).toHaveLength(3);
  });

  test("shows as failed what a program that was killed was at", () => {
    const { table } = watched(
      over("preflight", 0.4, "serves"),
      begun("pull"),
      resource("resOpFailedEvent", "create-replacement", "command", "a-1-preparation"),
    );
    expect(table[1]).toBe("a-1 ✓0.4 ✗1.0    ·     ·     ·    ·    ·     ·      ·    ·      ·");
  });

  test("has a column for a restore when there is one", () => {
    const { table } = watched(
      over("restore", 1.9, "the state is that of snapshot 34e495d1"),
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
      over("hold", 0.5, "its requests wait, until 12:00:00 UTC at most"),
      over("drain", 0.4, "no active work"),
      begun("stop"),
      over("gate", 0.3, "passed"),
      over("open", 0.7, "its requests were held for 5.6 s"),
    );
    expect(table.slice(0, 2)).toEqual([
      "     pre pull  hot drill hold drain stop cold check create gate open verify",
      "a-1    ·    ·    ·     · ✓0.5  ✓0.4   …3    ·     ·      · ✓0.3 ✓0.7      ·",
    ]);
  });

  test("shows a verdict that is none as failed", () => {
    const { table } = watched({
      ...{ kind: "step", workload: "a-1", step: "gate", text: "inconclusive" },
      ...{ outcome: "failed", seconds: 15 },
    });
    expect(table[1]).toBe("a-1    ·    ·    ·     ·     ·    ·    ·     ·      ·  ✗15      ·");
  });

  test("has no row for a workload of another update", () => {
    const { table, news } = watched(over("stop", 1, "ended", "b-1"));
    expect(table).toEqual([heads, untouched.replace("a-2", "a-1"), untouched]);
    expect(news).toEqual([]);
  });

  test("fits a terminal of 80 columns, behind an ingress too", () => {
    const steps = new Steps(["demo-1"]);
    expect(Math.max(...stepsTable(steps, 0).map((each) => each.length))).toBeLessThan(70);
    apply(steps, over("hold", 0.5, "its requests wait", "demo-1"), 0);
    apply(steps, over("open", 0.5, "its requests come in", "demo-1"), 0);
    expect(Math.max(...stepsTable(steps, 0).map((each) => each.length))).toBeLessThan(80);
  });
});

describe("what is shown", () => {
  const events = [over("preflight", 0.4, "serves"), begun("pull")];

  function shown(isTTY: boolean): string {
    let text = "";
    const terminal = { isTTY, columns: 100, write: (part: string) => (text += part) };
    const before = process.env.CI;
    // A busy machine takes tenths of a second for this, and they would be shown.
    vi.useFakeTimers();
    try {
      delete process.env.CI;
      const live = new LiveSteps("pulumi up", ["a-1", "a-2"], terminal);
      if (before !== undefined) process.env.CI = before;
      live.begin();
      const time = new Date().toISOString();
      for (const event of events) live.onTold({ ...event, time } as ProgramEvent);
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
    expect(text).toContain("\u001b[4A\u001b[0J");
  });

  describe("while no program has anything to say", () => {
    const urn = (name: string) => `urn:pulumi:prod::clawforce::docker:index/volume:Volume::${name}`;
    const prelude = { preludeEvent: { config: {} } } as unknown as EngineEvent;
    const volume = (event: "resourcePreEvent" | "resOutputsEvent", name = "state") =>
      ({
        [event]: { metadata: { op: "create", type: "docker:index/volume:Volume", urn: urn(name) } },
      }) as unknown as EngineEvent;

    /** What is written in the 10 seconds after these events, on no terminal. */
    function signs(workloads: readonly string[], ...events: EngineEvent[]): string[] {
      let text = "";
      vi.useFakeTimers();
      try {
        const live = new LiveSteps("pulumi preview", workloads, { write: (part: string) => (text += part) });
        live.begin();
        for (const event of events) live.onEvent(event);
        vi.advanceTimersByTime(10_000);
        live.end();
      } finally {
        vi.useRealTimers();
      }
      return text.trimEnd().split("\n");
    }

    test.each<[string, EngineEvent[], string]>([
      ["that Pulumi starts", [], "pulumi preview starts … 8 s"],
      [
        "that the program reads",
        [prelude],
        "pulumi preview reads what runs and what is on record, before anything is done … 8 s",
      ],
      [
        "the resource that is made",
        [prelude, volume("resourcePreEvent")],
        "pulumi preview: create state … 8 s",
      ],
      [
        "two of several, and how many more",
        ["a", "b", "c"].map((name) => volume("resourcePreEvent", name)),
        "pulumi preview: create a … 8 s; create b … 8 s; and 1 more",
      ],
      [
        "nothing of a component, which lasts as long as what is in it",
        [
          prelude,
          {
            resourcePreEvent: { metadata: { op: "create", type: "a:b:C", urn: urn("fleet"), new: {} } },
          } as unknown as EngineEvent,
        ],
        "pulumi preview reads what runs and what is on record, before anything is done … 8 s",
      ],
      [
        "how many are done, between two of them",
        [volume("resourcePreEvent"), volume("resOutputsEvent")],
        "pulumi preview: resources looked at: 1 … 8 s",
      ],
    ])("says %s", (_, events, line) => {
      expect(signs([], ...events)).toEqual([`   8.0 s  ${line}`]);
      expect(signs(["a-1"], ...events)[0]).toBe(`   8.0 s  ${line}`);
    });
  });
});
