import { expect, test, vi } from "vitest";
import { waitFor } from "../../toolchain/wait.ts";

const alive = async () => true;

test("what comes is waited for, however often it has to be looked at", async () => {
  const look = vi.fn(async () => look.mock.calls.length === 5);
  expect(await waitFor({ look, alive, pause: 0 })).toBeUndefined();
  expect(look).toHaveBeenCalledTimes(5);
});

test("what was there when it was looked at last counts, although the time is over", async () => {
  expect(await waitFor({ look: async () => true, alive, pause: 0, patienceMs: 0 })).toBeUndefined();
});

test("what has ended is not waited for", async () => {
  const waited = waitFor({ look: async () => false, alive: async () => false, pause: 0 });
  expect(await waited).toBe("it has ended");
});

test("what hangs is given up when the time is over", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 0 });
  try {
    const look = async () => {
      vi.setSystemTime(Date.now() + 1_200_000);
      return false;
    };
    const waited = waitFor({ look, alive, pause: 0 });
    expect(await waited).toBe("it runs and has not answered for 60 min 00 s");
    expect(Date.now()).toBe(3_600_000);
  } finally {
    vi.useRealTimers();
  }
});
