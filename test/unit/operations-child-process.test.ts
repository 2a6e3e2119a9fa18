import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { type EndedProcess, runProcess } from "../../platforms/child-process.ts";

/** Ignores SIGTERM, as does what it has started; says the number of that process. */
const stubborn = ["sh", "-c", "trap '' TERM; sleep 1000 & echo $! >&2; wait"];

/** What becomes of it at its deadline. On a machine where it has not begun by then, with a longer one. */
async function stubbornAtDeadline(
  options: { grace?: number; group?: boolean },
  deadline = 0.5,
): Promise<EndedProcess> {
  const ended = await runProcess(stubborn, { ...options, deadline });
  return ended.stderr === "" ? stubbornAtDeadline(options, deadline * 2) : ended;
}

const node = (script: string, ...args: string[]) => [process.execPath, "-e", script, ...args];

function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2)[0] !== "Z";
  } catch {
    return false;
  }
}

test("a group that does not end at its deadline is killed, with all that it has started", async () => {
  const ended = await stubbornAtDeadline({ grace: 0.2, group: true });
  expect(ended).toMatchObject({ code: null, signal: "SIGKILL", late: true });
  expect(ended.stderr).toMatch(/^\d+\n$/);
  await expect.poll(() => isRunning(Number(ended.stderr)), { timeout: 20_000 }).toBe(false);
});

test("one process is killed alone, and its output is waited for no longer", async () => {
  const ended = await stubbornAtDeadline({});
  expect(ended).toMatchObject({ code: null, signal: "SIGKILL", late: true });
  expect(isRunning(Number(ended.stderr))).toBe(true);
  process.kill(Number(ended.stderr), "SIGKILL");
});

test("what a group leaves behind ends with it", async () => {
  const script = `
    const options = { stdio: "ignore" };
    const child = require("node:child_process").spawn("sleep", ["1000"], options);
    child.unref();
    console.log(child.pid);
  `;
  const { code, stdout } = await runProcess(node(script), { deadline: 3600, group: true });
  expect(code).toBe(0);
  await expect.poll(() => isRunning(Number(stdout)), { timeout: 20_000 }).toBe(false);
});

test("gets its input, arguments and variables, and says its exit code and both outputs", async () => {
  const script = `
    process.stdin.setEncoding("utf8").on("data", (text) => console.log(text, process.argv[1], process.env));
    console.error("why");
    process.exitCode = 3;
  `;
  const env = { A: "1" };
  expect(await runProcess(node(script, "$HOME; `x`"), { input: "in", env, deadline: 3600 })).toEqual({
    code: 3,
    signal: null,
    stdout: "in $HOME; `x` { A: '1' }\n",
    stderr: "why\n",
    late: false,
  });
});

test("of a long output as much is kept as is asked for", async () => {
  const { stdout } = await runProcess(node("console.log('x'.repeat(1_000_000))"), {
    deadline: 3600,
    longest: 10,
  });
  expect(stdout).toBe("xxxxxxxxxx");
});

test("tells whole lines of standard error, one after the other, all before it is done", async () => {
  const told: string[] = [];
  const script = "process.stderr.write('a\\nb'); setTimeout(() => process.stderr.write('c\\n\\nrest'), 50)";
  const { stderr } = await runProcess(node(script), {
    deadline: 3600,
    onLine: async (line) => {
      await sleep(line === "a" ? 50 : 0);
      told.push(line);
    },
  });
  expect(told).toEqual(["a", "bc", ""]);
  expect(stderr).toBe("a\nbc\n\nrest");
});

test("says why it can't be started", async () => {
  const error = await runProcess(["/nowhere/program"], { deadline: 3600 }).catch((reason) => reason);
  expect(error).toMatchObject({ code: "ENOENT" });
});
