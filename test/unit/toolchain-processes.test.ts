import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { withLock } from "../../toolchain/lock.ts";
import { isRunning, run, startDetached, startTimeIn, startTimeOf, stop } from "../../toolchain/processes.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder: string;

beforeEach(() => {
  folder = scratchFolder();
});

describe("a command", () => {
  test("that fails is named with the end of its output", async () => {
    const log = join(folder, "log");
    await expect(run(["sh", "-c", "echo earlier; exit 1"], { log })).rejects.toThrow("earlier");
    await expect(run(["sh", "-c", "echo first; echo second >&2; exit 3"], { log })).rejects.toThrow(
      /^sh -c ended with 3; its whole output is in .*log, which ends with:\n\$ sh -c .*\nfirst\nsecond$/,
    );
  });

  test("that does not exist is named", async () => {
    await expect(run(["no-such-program"], { log: join(folder, "log") })).rejects.toThrow(
      "no-such-program cannot be started",
    );
  });
});

describe("a process of ours", () => {
  test("is told from another one with the same id by its start", async () => {
    const started = (await startTimeOf(process.pid)) ?? "";
    expect(await isRunning({ pid: process.pid, started })).toBe(true);
    expect(await isRunning({ pid: process.pid, started: "long ago" })).toBe(false);
  });

  test("is stopped, and another one with its id is left alone", async () => {
    const own = await startDetached(["sleep", "60"], join(folder, "log"));
    await stop({ ...own, started: "long ago" }, 1000);
    expect(await isRunning(own)).toBe(true);
    await stop(own, 1000);
    expect(await isRunning(own)).toBe(false);
  });

  test.each([
    ["plain", "42 (node) S 1 42 42 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 12345 0", "12345"],
    [
      "with spaces and brackets in its name",
      "42 (a) b) S 1 42 42 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 0",
      "777",
    ],
    ["that is only a zombie", "42 (node) Z 1 42 42 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 12345 0", undefined],
  ])("has its start read when it is %s", (_what, stat, started) => {
    expect(startTimeIn(stat)).toBe(started);
  });
});

describe("the lock", () => {
  test("lets one in after the other", async () => {
    const file = join(folder, "lock");
    const seen: string[] = [];
    const visit = (name: string) =>
      withLock(
        file,
        () => {},
        async () => {
          seen.push(`${name} in`);
          await new Promise((resolve) => setTimeout(resolve, 20));
          seen.push(`${name} out`);
        },
      );
    await visit("a");
    await visit("b");
    expect(seen).toEqual(["a in", "a out", "b in", "b out"]);
  });

  test("of a dead process is taken over", async () => {
    const file = join(folder, "lock");
    writeFileSync(file, JSON.stringify({ pid: process.pid, started: "long ago" }));
    expect(
      await withLock(
        file,
        () => {},
        async () => "in",
      ),
    ).toBe("in");
  });

  test("of a living process is waited for, with its id", async () => {
    const file = join(folder, "lock");
    const other = await startDetached(["sleep", "60"], join(folder, "log"));
    writeFileSync(file, JSON.stringify(other));
    const waitedFor: number[] = [];
    const got = withLock(
      file,
      (pid) => waitedFor.push(pid),
      async () => "in",
    );
    await expect.poll(() => waitedFor).toContain(other.pid);
    await stop(other, 1000);
    expect(await got).toBe("in");
  });

  test("of a living process stays where the other one does not want to wait", async () => {
    const file = join(folder, "lock");
    const self = { pid: process.pid, started: await startTimeOf(process.pid) };
    writeFileSync(file, JSON.stringify(self));
    const refuse = () => {
      throw new Error("one is enough");
    };
    await expect(withLock(file, refuse, async () => "in")).rejects.toThrow("one is enough");
    expect(readdirSync(folder).filter((name) => name.startsWith("lock"))).toEqual(["lock"]);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(self);
  });
});
