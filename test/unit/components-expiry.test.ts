import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Expiry } from "../../components/expiry.ts";

/** Ignores SIGTERM, and so does what it has started; prints the number of that process. */
const stubborn = `
  process.on("SIGTERM", () => {});
  const { spawn } = require("node:child_process");
  const child = spawn(process.execPath, ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"]);
  console.log(child.pid);
  setInterval(() => {}, 1000);
`;

function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2)[0] !== "Z";
  } catch {
    return false;
  }
}

test("a process group that does not end at its deadline is killed, with all that it has started", async () => {
  const child = spawn(process.execPath, ["-e", stubborn], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [printed] = (await once(child.stdout, "data")) as [Buffer];
  const grandchild = Number(String(printed).trim());
  expect(isRunning(grandchild)).toBe(true);
  const expiry = new Expiry(child.pid, 0.1, 0.2);
  expect(await once(child, "close")).toEqual([null, "SIGKILL"]);
  expect(expiry.reached).toBe(true);
  await expect.poll(() => isRunning(grandchild)).toBe(false);
});

test("one that ends in time is left alone", async () => {
  const child = spawn(process.execPath, ["-e", ""], { detached: true });
  const expiry = new Expiry(child.pid, 3600);
  expect(await once(child, "close")).toEqual([0, null]);
  expiry.clear();
  expect(expiry.reached).toBe(false);
});
