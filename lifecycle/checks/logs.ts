import type { LogLine } from "../../platforms/platform.ts";
import { oneLine } from "./cli-output.ts";
import { type Attempt, failed, nothing, passed } from "./judge.ts";

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
