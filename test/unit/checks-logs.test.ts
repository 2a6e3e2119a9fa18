import { describe, expect, it } from "vitest";
import { judgeLogs } from "../../lifecycle/checks/kinds/logs.ts";
import { linesOf } from "../../platforms/docker/logs.ts";
import type { LogLine } from "../../platforms/platform.ts";

const time = new Date("2026-11-29T10:00:00.000Z");

async function* lines(...texts: string[]): AsyncGenerator<LogLine> {
  for (const text of texts) yield { time, text };
}

async function judged(wanted: { appear?: string[]; absent?: string[] }, texts: string[], whole = true) {
  return judgeLogs({ appear: [], absent: [], ...wanted }, lines(...texts), async () => whole);
}

describe("the check of a log", () => {
  const ready = "[gateway] ready";
  it("names the line that must not be there", async () => {
    const exited = "[slack] channel exited: Cannot find package 'openclaw'";
    expect(await judged({ appear: ["ready"], absent: ["Cannot find package"] }, [ready, exited])).toEqual({
      passed: false,
      detail: `the log has /Cannot find package/: ${exited}`,
    });
  });

  it("misses the line that must be there", async () => {
    expect(await judged({ appear: ["\\[gateway\\] ready"] }, ["starting"])).toEqual({
      passed: false,
      detail: "the log does not have /\\[gateway\\] ready/",
    });
  });

  it("passes with all that must appear and nothing else", async () => {
    expect(await judged({ appear: ["ready", "gateway"], absent: ["bad"] }, ["starting", ready])).toEqual({
      passed: true,
      detail: "2 found, 1 absent",
    });
  });

  it.each([[[]], [[""]], [["", "  "]]])("comes to no result on a log without a word: %j", async (texts) => {
    expect(await judged({ absent: ["bad"] }, texts)).toMatchObject({ passed: false, nothing: true });
  });

  it("comes to no result when the line may have been rotated away", async () => {
    expect(await judged({ appear: ["ready"] }, ["later"], false)).toMatchObject({
      passed: false,
      nothing: true,
      detail: expect.stringContaining("its beginning was rotated away"),
    });
  });
});

describe("Docker's log", () => {
  function frame(channel: number, text: string): Buffer {
    const data = Buffer.from(text);
    const header = Buffer.alloc(8);
    header[0] = channel;
    header.writeUInt32BE(data.length, 4);
    return Buffer.concat([header, data]);
  }

  it("is read line by line, whatever pieces it comes in", async () => {
    const whole = Buffer.concat([
      frame(1, "2026-11-29T10:00:00.000000000Z first\n"),
      frame(2, "2026-11-29T10:00:01.000000000Z an err"),
      frame(1, "2026-11-29T10:00:02.000000000Z größer\r\n2026-11-29T10:00:03.000000000Z \n"),
      frame(2, "or\n2026-11-29T10:00:04.500000000Z last"),
    ]);
    async function* inPieces(size: number) {
      for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
    }
    for (const size of [1, 7, whole.length]) {
      const found: string[] = [];
      for await (const line of linesOf(inPieces(size))) found.push(`${line.time.toISOString()} ${line.text}`);
      expect(found).toEqual([
        "2026-11-29T10:00:00.000Z first",
        "2026-11-29T10:00:02.000Z größer",
        "2026-11-29T10:00:03.000Z ",
        "2026-11-29T10:00:01.000Z an error",
        "2026-11-29T10:00:04.500Z last",
      ]);
    }
  });
});
