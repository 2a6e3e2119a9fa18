import { framesOf } from "./frames.ts";

export interface Output {
  stdout: string;
  stderr: string;
}

/**
 * Reads Docker's multiplexed stream to its end. A stream that breaks ends it too: the program's exit code and what it has
 * said tell more than a broken pipe.
 */
export async function collectOutput(stream: AsyncIterable<unknown> | Iterable<unknown>): Promise<Output> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  try {
    for await (const { channel, data } of framesOf(stream)) {
      (channel === 2 ? stderr : stdout).push(data);
    }
  } catch {
    // What came before stands in the two.
  }
  return { stdout: textOf(stdout), stderr: textOf(stderr) };
}

function textOf(pieces: readonly Buffer[]): string {
  return Buffer.concat(pieces).toString("utf8");
}
