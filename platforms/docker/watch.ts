import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { EngineFailure } from "./engine-failure.ts";

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

/** Seconds between two attempts. */
const pause = 2;

/**
 * Does `work` anew while the engine can't be reached, for `patience` seconds: a gateway that was stopped is put back when
 * the engine comes to itself in time. Any other failure is passed on at once.
 */
export async function onceItAnswers<Result>(
  work: () => Promise<Result>,
  { patience, waiting }: { patience: number; waiting: (failure: EngineFailure, left: number) => void },
): Promise<Result> {
  const until = performance.now() + patience * 1000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const left = Math.round((until - performance.now()) / 1000);
      if (!(error instanceof EngineFailure) || left <= 0) throw error;
      waiting(error, left);
      await sleep(pause * 1000);
    }
  }
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
