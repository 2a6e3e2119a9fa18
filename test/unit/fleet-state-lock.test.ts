import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { processStartTime, startIn } from "../../fleet/process-start.ts";
import { backendFolder, type Here, readStateLocks, refuseLivingLocks } from "../../fleet/state-lock.ts";
import { scratchFolder } from "../support/scratch.ts";

const taken = "2026-05-01T12:00:00.457757709Z";
const lock = { file: "l.json", pid: 4711, username: "root", hostname: "deployer", timestamp: taken };
const started = (time: string | undefined): Here => ({
  hostname: "deployer",
  startOf: async () => (time === undefined ? undefined : new Date(time)),
});

describe("a lock of Pulumi", () => {
  test.each([
    ["there is no such process", undefined],
    ["the number belongs to a process that was started later", "2026-05-01T12:00:03Z"],
  ])("is that of a dead process when %s", async (_, start) => {
    await expect(refuseLivingLocks([lock], started(start))).resolves.toBeUndefined();
  });

  test.each(["2026-04-01T00:00:00Z", taken, "2026-05-01T12:00:02Z"])(
    "is that of a living process when that was started at %s",
    async (start) => {
      await expect(refuseLivingLocks([lock], started(start))).rejects.toThrow(
        `An update is under way: process 4711 of root lives, and has held Pulumi's lock since ${taken}. Nothing was touched. ` +
          "Let it end, or interrupt it once (Ctrl-C, or `kill -INT 4711`) and let it clean up. Then run `fleet recover` again.",
      );
    },
  );

  test("of another host is refused there, whatever runs here", async () => {
    const here = { ...started(undefined), hostname: "laptop" };
    await expect(refuseLivingLocks([lock], here)).rejects.toThrow(
      `Pulumi's lock was taken on the host deployer (process 4711 of root, ${taken}), and this is laptop. Only deployer ` +
        "can tell whether that process lives. Nothing was touched. Run `fleet recover` on deployer. If that host is gone for " +
        "good, remove the lock with `pulumi cancel`.",
    );
  });

  test("is read from the backend's folder, and what can't be read is refused", async () => {
    const folder = scratchFolder();
    expect(await readStateLocks(folder, "clawforce", "prod")).toEqual([]);
    const locks = join(folder, ".pulumi/locks/organization/clawforce/prod");
    mkdirSync(locks, { recursive: true });
    const { file: _, ...content } = lock;
    writeFileSync(join(locks, "a.json"), JSON.stringify(content));
    writeFileSync(join(locks, "a.json.attrs"), "{}");
    expect(await readStateLocks(folder, "clawforce", "prod")).toEqual([
      { ...lock, file: join(locks, "a.json") },
    ]);
    writeFileSync(join(locks, "b.json"), '{"pid":');
    await expect(readStateLocks(folder, "clawforce", "prod")).rejects.toThrow(
      `Pulumi's lock ${join(locks, "b.json")} can't be read, so nobody knows who holds it. Nothing was touched.`,
    );
  });

  test.each([
    ["file://~", "/home/op"],
    ["file://~/fleet", "/home/op/fleet"],
    ["file:///srv/state?no_tmp_dir=true", "/srv/state"],
    ["file://./state", "/project/state"],
    ["s3://bucket", undefined],
    ["https://api.pulumi.com", undefined],
  ])("of the backend %s is in %s", (url, folder) => {
    expect(backendFolder(url, "/home/op", "/project")).toBe(folder);
  });
});

describe("the start of a process", () => {
  const system = "cpu  1 2 3\nbtime 1777636800\nprocesses 9\n";
  const stat = (state: string) => `42 (a) b) ${state} 1 42 42 0 -1 0 0 0 0 0 7 8 0 0 20 0 1 0 6150 0`;

  test("is the start of its machine and its ticks after that, whatever the process calls itself", () => {
    expect(startIn(stat("S"), system)).toEqual(new Date("2026-05-01T12:01:01.500Z"));
  });

  test("is unknown when there is no such process, or only its zombie", async () => {
    expect(startIn(stat("Z"), system)).toBeUndefined();
    expect(await processStartTime(2 ** 22 + 1)).toBeUndefined();
  });

  test("is never before that of the process that started it", async () => {
    const starts = await Promise.all([process.ppid, process.pid].map(processStartTime));
    expect(starts).toEqual([expect.any(Date), expect.any(Date)]);
    expect(starts.toSorted((one, other) => Number(one) - Number(other))).toEqual(starts);
  });
});
