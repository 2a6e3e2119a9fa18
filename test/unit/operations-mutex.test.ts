import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { acquireMutex, holderOf, processStart, removeDead } from "../../operations/mutex.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder: string;
let file: string;

beforeEach(async () => {
  folder = scratchFolder();
  file = join(folder, "deep", "repository.lock");
});

const racer = fileURLToPath(new URL("../support/mutex-racer.ts", import.meta.url));

/** A process that has been, with the start that it had. */
async function deadProcess(): Promise<{ pid: number; started: string }> {
  const child = spawn("sleep", ["60"]);
  const ended = new Promise((resolve) => child.once("close", resolve));
  const pid = child.pid ?? -1;
  const started = (await processStart(pid)) ?? "";
  child.kill("SIGKILL");
  await ended;
  return { pid, started };
}

async function leave(holder: { pid: number; started: string }, to = file): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, JSON.stringify({ host: hostname(), purpose: "cut-over", ...holder }));
}

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
    await leave(await deadProcess());
    const held = await acquireMutex(file, "next", 0);
    expect(held.stale).toBe(true);
    expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({ pid: process.pid, purpose: "next" });
  });

  it("takes a dead process whose start was never known for dead, and a living one for alive", async () => {
    const { pid } = await deadProcess();
    await leave({ pid, started: "" });
    const held = await acquireMutex(file, "next", 0);
    expect(held.stale).toBe(true);
    await held.release();
    await leave({ pid: process.pid, started: "" });
    await expect(acquireMutex(file, "next", 0)).rejects.toThrow("(cut-over)");
  });

  it("takes over when one who was about to take over died before it did, and leaves nothing of either", async () => {
    const [holder, claimant] = [await deadProcess(), await deadProcess()];
    await leave(holder);
    // What it does last before the rename is a claim on the dead holder, named by that holder's text.
    const claim = createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
    await leave({ ...claimant }, `${file}.${claim.slice(0, 32)}`);
    const held = await acquireMutex(file, "next", 0);
    expect(held.stale).toBe(true);
    expect(await readdir(dirname(file))).toEqual(["repository.lock"]);
    await held.release();
    expect(await readdir(dirname(file))).toEqual([]);
  });

  it("waits for one who is about to take over and lives", async () => {
    await leave(await deadProcess());
    const text = await readFile(file, "utf8");
    const claim = `${file}.${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
    await leave({ pid: process.pid, started: (await processStart(process.pid)) ?? "" }, claim);
    await expect(acquireMutex(file, "next", 0.3)).rejects.toThrow("is held by process");
    expect(await readFile(file, "utf8")).toBe(text);
  });

  it("is never held by two at a time, however many processes race for what dead ones have left", async () => {
    await leave(await deadProcess());
    const go = join(folder, "go");
    const racers = Array.from({ length: 6 }, () => spawn(process.execPath, [racer, file, folder, "8"]));
    const outcomes = racers.map(
      (child) =>
        new Promise<string>((resolve) => {
          let said = "";
          child.stdout.on("data", (chunk) => {
            said += chunk;
          });
          child.stderr.on("data", (chunk) => {
            said += chunk;
          });
          child.once("close", (code) => resolve(`${code}: ${said.trim()}`));
        }),
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    await writeFile(go, "");
    // 8 times each, and each time from one who had given it up.
    expect(await Promise.all(outcomes)).toEqual(racers.map(() => "0: 8 times, 8 of them taken over"));
    expect((await holderOf(file))?.alive).toBe(false);
    expect(await readdir(dirname(file))).toEqual(["repository.lock"]);
  });

  it("takes a later process with the same number for another one", async () => {
    await (await acquireMutex(file, "make the folder", 0)).release();
    await writeFile(
      file,
      JSON.stringify({ pid: process.pid, host: hostname(), started: "1", purpose: "cut-over" }),
    );
    expect((await acquireMutex(file, "next", 0)).stale).toBe(true);
  });

  it("is removed after a dead holder, and never from a living one", async () => {
    await leave(await deadProcess());
    await removeDead(file);
    expect(await readdir(dirname(file))).toEqual([]);
    const { release } = await acquireMutex(file, "drill", 0);
    await removeDead(file);
    expect(await holderOf(file)).toMatchObject({ purpose: "drill", alive: true });
    await release();
  });

  it("never takes over from another machine", async () => {
    await (await acquireMutex(file, "make the folder", 0)).release();
    await writeFile(file, JSON.stringify({ pid: 1, host: "elsewhere", started: "1", purpose: "cut-over" }));
    await expect(acquireMutex(file, "next", 0.1)).rejects.toThrow(
      "held by process 1 on elsewhere (cut-over)",
    );
  });
});
