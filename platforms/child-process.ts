import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";

export interface ProcessOptions {
  cwd?: string;
  /** All that it has of variables; left out: those of this process. */
  env?: NodeJS.ProcessEnv;
  /** What it reads on standard input. */
  input?: string;
  /** Seconds after which it is asked to end. */
  deadline: number;
  /** Seconds that it has for that before it is killed. */
  grace?: number;
  /** A process group of its own: all that it has started ends with it, and a Ctrl-C here does not reach it. */
  group?: boolean;
  /** Characters of each output that are kept. */
  longest?: number;
  /** Gets each line of standard error once it is whole; the next one once this is done. */
  onLine?: (line: string) => unknown;
}

export interface EndedProcess {
  /** Null when a signal has ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** Whether it was ended because its time was over. */
  late: boolean;
}

/** Runs a program to its end, whatever that is. Rejects where it can't be started, with the system's error. */
export async function runProcess(
  [program = "", ...args]: readonly string[],
  options: ProcessOptions,
): Promise<EndedProcess> {
  const { input = "", deadline, grace = 0, group = false, longest = Number.POSITIVE_INFINITY } = options;
  const { cwd, env = process.env, onLine = () => {} } = options;
  const child = spawn(program, args, { stdio: "pipe", detached: group, cwd, env });
  const closed = once(child, "close");
  // One that ends before it has read its input says why by itself.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const stdout = collected(child.stdout, longest);
  const stderr = collected(child.stderr, longest, onLine);
  const end = (signal: NodeJS.Signals) => signalled(child.pid, group, signal);
  let late = false;
  const expire = setTimeout(() => {
    late = true;
    end("SIGTERM");
  }, deadline * 1000);
  const kill = setTimeout(
    () => {
      end("SIGKILL");
      // What it has started may hold them open.
      child.stdout.destroy();
      child.stderr.destroy();
    },
    (deadline + grace) * 1000,
  );
  try {
    const [code, signal] = (await closed) as [number | null, NodeJS.Signals | null];
    await stderr.told();
    return { code, signal, stdout: stdout.text(), stderr: stderr.text(), late };
  } finally {
    clearTimeout(expire);
    clearTimeout(kill);
    if (group) end("SIGKILL");
  }
}

function collected(stream: Readable, longest: number, onLine?: (line: string) => unknown) {
  let text = "";
  let rest = "";
  let told: Promise<unknown> = Promise.resolve();
  stream.setEncoding("utf8");
  stream.on("data", (part: string) => {
    if (text.length < longest) text += part.slice(0, longest - text.length);
    if (onLine === undefined) return;
    const lines = `${rest}${part}`.split("\n");
    rest = lines.pop() ?? "";
    told = lines.reduce((before, line) => before.then(() => onLine(line)), told);
  });
  return { text: () => text, told: () => told };
}

function signalled(pid: number | undefined, group: boolean, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(group ? -pid : pid, signal);
  } catch {
    // It has ended.
  }
}
