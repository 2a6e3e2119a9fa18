import { execFile, spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readFileSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { SetUpError } from "./set-up-error.ts";

export type Argv = readonly [program: string, ...rest: string[]];

/** A process that is certainly ours: its id alone could have passed to another one. */
export interface OwnProcess {
  readonly pid: number;
  readonly started: string;
}

/** Where a system has its programs, those for root included. */
export const systemFolders = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const tailLines = 15;
/** A busy machine may take minutes to start a program: what is there must not be taken for missing. */
const answerMs = 10 * 60_000;

/** Runs a command to its end with its output in a log file, the end of which is shown when it fails. */
export async function run(
  argv: Argv,
  options: { log: string; cwd?: string; env?: Record<string, string>; timeoutMs?: number },
): Promise<void> {
  const log = openSync(options.log, "a", 0o600);
  const before = fstatSync(log).size;
  writeSync(log, `\n$ ${argv.join(" ")}\n`);
  try {
    const [program, ...args] = argv;
    const child = spawn(program, args, {
      stdio: ["ignore", log, log],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    });
    const kill = () => child.kill();
    process.on("exit", kill);
    const failure = await new Promise<string | undefined>((resolve) => {
      child.on("error", (error) => resolve(`cannot be started: ${error.message}`));
      child.on("exit", (code, signal) => resolve(code === 0 ? undefined : `ended with ${code ?? signal}`));
    });
    process.off("exit", kill);
    if (failure !== undefined) {
      throw new SetUpError(
        `${argv.slice(0, 2).join(" ")} ${failure}; its whole output is in ${options.log}, which ends with:\n${tailOf(options.log, before)}`,
      );
    }
  } finally {
    closeSync(log);
  }
}

/** The standard output of a short command, or nothing when it fails or is not there. */
export function answerOf(
  argv: Argv,
  env: Record<string, string> = {},
  cwd?: string,
): Promise<string | undefined> {
  const [program, ...args] = argv;
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      {
        timeout: answerMs,
        // A list of all objects in a cluster is longer than Node's own limit.
        maxBuffer: 64 << 20,
        env: { ...process.env, ...env },
        encoding: "utf8",
        ...(cwd === undefined ? {} : { cwd }),
      },
      (error, stdout) => resolve(error === null ? stdout.trim() : undefined),
    );
  });
}

/** Starts a process in a session of its own, so that it outlives this one. */
export async function startDetached(argv: Argv, log: string): Promise<OwnProcess> {
  const [program, ...args] = argv;
  const output = openSync(log, "a", 0o600);
  try {
    // A daemon calls programs such as iptables, which are not on everybody's PATH.
    const env = { ...process.env, PATH: `${process.env.PATH ?? ""}:${systemFolders}` };
    const child = spawn(program, args, { detached: true, stdio: ["ignore", output, output], cwd: "/", env });
    const pid = await new Promise<number>((resolve, reject) => {
      child.on("spawn", () => resolve(child.pid ?? 0));
      child.on("error", (error) => reject(new SetUpError(`${program} cannot be started: ${error.message}`)));
    });
    child.unref();
    return await ownProcess(pid);
  } finally {
    closeSync(output);
  }
}

/** The process that has this id now. */
export async function ownProcess(pid: number): Promise<OwnProcess> {
  return { pid, started: (await startTimeOf(pid)) ?? "" };
}

/** When the process began, in whatever unit the system keeps it; nothing when there is no such process. */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  if (process.platform === "linux") {
    try {
      return startTimeIn(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
      return undefined;
    }
  }
  return (await answerOf(["ps", "-o", "lstart=", "-p", String(pid)])) || undefined;
}

/** Field 22 of /proc/PID/stat, or nothing for a zombie. The name in field 2 may itself hold spaces and brackets. */
export function startTimeIn(stat: string): string | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : fields[19];
}

export async function isRunning(own: OwnProcess): Promise<boolean> {
  return (await startTimeOf(own.pid)) === own.started;
}

/** Asks the process to end and kills it when it has not ended in time. Does nothing when it is another's by now. */
export async function stop(own: OwnProcess, graceMs: number): Promise<void> {
  for (const [signal, patience] of [
    ["SIGTERM", graceMs],
    ["SIGKILL", 5000],
  ] as const) {
    if (!(await isRunning(own))) return;
    process.kill(own.pid, signal);
    const deadline = Date.now() + patience;
    while (Date.now() < deadline && (await isRunning(own))) await sleep(100);
  }
}

/** Makes signals end this process the orderly way, so that what it holds is let go by its `exit` handlers. */
export function exitOnSignals(): void {
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  process.once("SIGHUP", () => process.exit(129));
}

/** The last lines of a log, of those that were written after it had the given size. */
export function tailOf(log: string, from = 0): string {
  try {
    return readFileSync(log).subarray(from).toString("utf8").trim().split("\n").slice(-tailLines).join("\n");
  } catch {
    return "(no output)";
  }
}
