import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";

/** Seconds between two looks. */
const interval = 10;

/**
 * Waits for work whose own end may be an hour off, and fails as soon as the engine no longer answers: without it nothing
 * would tell the two apart, and a gateway would stay stopped for that hour.
 */
export async function whileAnswering<Result>(docker: Docker, work: Promise<Result>): Promise<Result> {
  const done = new AbortController();
  const ended = work.finally(() => done.abort());
  return Promise.race([ended, silence(docker, done.signal)]);
}

/** Never resolves; rejects with the failure of the engine. */
async function silence(docker: Docker, done: AbortSignal): Promise<never> {
  for (;;) {
    const stopped = await sleep(interval * 1000, undefined, { signal: done }).then(
      () => false,
      () => true,
    );
    if (stopped) return new Promise<never>(() => {});
    await docker.ping();
  }
}
