import { z } from "zod";
import { checkBase } from "../../../config/check-kind.ts";
import { doc, pattern } from "../../../config/fields.ts";
import type { LogLine } from "../../../platforms/platform.ts";
import { unitOf } from "../../update/unit-of.ts";
import { oneLine } from "../cli-output.ts";
import { type Attempt, failed, nothing, passed } from "../judge.ts";
import { checkKind } from "../kind.ts";

/** A container says something within this time after its start, or its log has lost the beginning. Milliseconds. */
const firstWords = 60_000;

export const logs = checkKind({
  schema: z
    .strictObject({
      kind: z.literal("logs").describe("Looks for patterns in the container's log."),
      ...checkBase,
      appear: z
        .array(pattern)
        .default([])
        .meta(doc("Patterns that must be in the container's log since its start.", ["\\[gateway\\] ready"])),
      absent: z
        .array(pattern)
        .default([])
        .meta(
          doc("Patterns that must not be in the container's log since its start.", ["Cannot find package"]),
        ),
    })
    .refine(
      (logs) => logs.appear.length + logs.absent.length > 0,
      "the check looks for nothing. Name a pattern under `appear` or `absent`",
    ),
  tracks: ["control-plane", "runtime"],
  section: `
Reads what the container has printed since it was last started, line by line. \`appear\` must be in it, \`absent\` must not. **Proves** that none
of the known bad lines came. **Fails** with the first such line. *Inconclusive*: an empty log, or a line that must appear if the log's
beginning was rotated away. Do first what the message names below it; see [First actions](#first-actions). Use it only for images that log
to standard output.
`,
  async attempt({ context: { platform, workload } }, check, deadline) {
    const since = new Date((await unitOf({ platform, workload })).startedAt);
    const lines = platform.logs(workload.container, { since, deadline });
    return judgeLogs(check, lines, () =>
      platform.logReachesBack(workload.container, new Date(since.getTime() + firstWords), deadline),
    );
  },
});

/**
 * Line by line, however long the log is. A log without a line proves nothing; one whose beginning was rotated away can't
 * say what did not appear in it.
 */
export async function judgeLogs(
  wanted: { appear: string[]; absent: string[] },
  lines: AsyncIterable<LogLine>,
  reachesBack: () => Promise<boolean>,
): Promise<Attempt> {
  const absent = wanted.absent.map((source) => ({ source, pattern: new RegExp(source) }));
  const missing = new Map(wanted.appear.map((source) => [source, new RegExp(source)]));
  let count = 0;
  for await (const { text } of lines) {
    count += text.trim() === "" ? 0 : 1;
    const bad = absent.find(({ pattern }) => pattern.test(text));
    if (bad !== undefined) return failed(`the log has /${bad.source}/: ${oneLine(text)}`);
    for (const [source, pattern] of missing) {
      if (pattern.test(text)) missing.delete(source);
    }
  }
  if (count === 0) {
    return nothing(
      "the container has printed nothing since its start: there is no log to look at. If it logs to a file, take this check out",
    );
  }
  const [first] = missing.keys();
  if (first === undefined) return passed(`${wanted.appear.length} found, ${wanted.absent.length} absent`);
  return (await reachesBack())
    ? failed(`the log does not have /${first}/`)
    : nothing(`the log does not have /${first}/, and its beginning was rotated away: keep more of it`);
}
