import { describe, expect, test } from "vitest";
import { onceItAnswers } from "../../lifecycle/update/once-it-answers.ts";
import { EngineFailure } from "../../platforms/failure.ts";

describe("what has to be done once an engine answers again", () => {
  const hung = new EngineFailure("the engine hangs", "Look at it.");

  test("is tried again until it is done", async () => {
    const told: string[] = [];
    let attempts = 0;
    const done = onceItAnswers(
      async () => {
        attempts += 1;
        if (attempts < 3) throw hung;
        return attempts;
      },
      { patience: 600, waiting: ({ what }) => told.push(what) },
    );
    expect(await done).toBe(3);
    expect(told).toEqual(["the engine hangs", "the engine hangs"]);
  });

  test("is given up at the end of the patience, with the engine's failure", async () => {
    const waiting = () => expect.unreachable();
    await expect(onceItAnswers(() => Promise.reject(hung), { patience: 0, waiting })).rejects.toBe(hung);
  });

  test("is not tried again when it was not the engine that failed", async () => {
    const other = new Error("the container is gone");
    const waiting = () => expect.unreachable();
    await expect(onceItAnswers(() => Promise.reject(other), { patience: 600, waiting })).rejects.toBe(other);
  });
});
