import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { acquireMutex, processStart } from "../../operations/mutex.ts";

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clawforce-mutex-"));
  file = join(folder, "deep", "repository.lock");
});
afterEach(() => rm(folder, { recursive: true }));

describe("acquireMutex", () => {
  it("is free again after its release", async () => {
    const held = await acquireMutex(file, "test", 0);
    expect(held.stale).toBe(false);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await held.release();
    await expect(stat(file)).rejects.toThrow("ENOENT");
  });

  it("waits for a holder that lives, and says who it is when the wait is over", async () => {
    const held = await acquireMutex(file, "cut-over", 0);
    await expect(acquireMutex(file, "other", 0.3)).rejects.toThrow(
      `${file} is held by process ${process.pid} on ${hostname()} (cut-over). Wait for it to end, or run \`fleet recover\`.`,
    );
    setTimeout(() => void held.release(), 200);
    await (await acquireMutex(file, "other", 5)).release();
  });

  it("takes over from a process that is dead, and says so", async () => {
    const child = spawn("sleep", ["60"]);
    const ended = new Promise((resolve) => child.once("close", resolve));
    const started = await processStart(child.pid ?? 0);
    child.kill("SIGKILL");
    await ended;
    await (await acquireMutex(file, "make the folder", 0)).release();
    await writeFile(file, JSON.stringify({ pid: child.pid, host: hostname(), started, purpose: "cut-over" }));
    const held = await acquireMutex(file, "next", 0);
    expect(held.stale).toBe(true);
    expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({ pid: process.pid, purpose: "next" });
  });

  it("takes a later process with the same number for another one", async () => {
    await (await acquireMutex(file, "make the folder", 0)).release();
    await writeFile(
      file,
      JSON.stringify({ pid: process.pid, host: hostname(), started: "1", purpose: "cut-over" }),
    );
    expect((await acquireMutex(file, "next", 0)).stale).toBe(true);
  });

  it("never takes over from another machine", async () => {
    await (await acquireMutex(file, "make the folder", 0)).release();
    await writeFile(file, JSON.stringify({ pid: 1, host: "elsewhere", started: "1", purpose: "cut-over" }));
    await expect(acquireMutex(file, "next", 0.1)).rejects.toThrow(
      "held by process 1 on elsewhere (cut-over)",
    );
  });
});
