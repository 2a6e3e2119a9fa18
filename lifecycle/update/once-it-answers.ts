import { setTimeout as sleep } from "node:timers/promises";
import { EngineFailure } from "../../platforms/failure.ts";

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
