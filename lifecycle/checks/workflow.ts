import { spawn } from "node:child_process";
import { certificateFolder } from "../../config/docker-access.ts";
import { OperationFailure, TooLate } from "../../platforms/failure.ts";
import type { Workload } from "../workload.ts";
import type { CommandResult } from "./cli-output.ts";

/** What an operator's program may see of the deployer's environment: enough to find other programs, nothing secret. */
const inherited = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSH_AUTH_SOCK"];

/** More output than this (characters) is cut: the verdict is in the exit code and in a pattern. */
const longestOutput = 1_000_000;

export function workflowEnvironment(
  workload: Pick<Workload, "name" | "image" | "container" | "dockerHost" | "dockerAccess">,
  deployer: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const kept = inherited.flatMap((name) => {
    const value = deployer[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const { dockerHost, dockerAccess = {} } = workload;
  const certificates = certificateFolder(dockerHost, dockerAccess, deployer);
  return {
    ...Object.fromEntries(kept),
    DOCKER_HOST: dockerHost,
    ...(certificates !== undefined && { DOCKER_CERT_PATH: certificates, DOCKER_TLS_VERIFY: "1" }),
    CLAWFORCE_WORKLOAD: workload.name,
    CLAWFORCE_IMAGE: workload.image,
    CLAWFORCE_CONTAINER: workload.container,
  };
}

/** Runs an operator's program on the deployer. At the deadline (seconds) it is ended with all that it has started. */
export async function runWorkflow(
  argv: readonly string[],
  environment: Record<string, string>,
  deadline: number,
): Promise<CommandResult> {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, {
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own: what it has started must not outlive it.
    detached: true,
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8");
    child[name].on("data", (text: string) => {
      output[name] = (output[name] + text).slice(0, longestOutput);
    });
  }
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    end(child.pid);
  }, deadline * 1000);
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once("error", (error: NodeJS.ErrnoException) => reject(cannotStart(program, error)));
      child.once("close", resolve);
    });
    if (expired) {
      throw new TooLate(`\`${argv.join(" ")}\` did not end within ${deadline} s.`);
    }
    return { exitCode: exitCode ?? -1, ...output };
  } finally {
    clearTimeout(timer);
    end(child.pid);
  }
}

function cannotStart(program: string, error: NodeJS.ErrnoException): OperationFailure {
  return new OperationFailure(
    `${program} can't be started on this machine (${error.code}). Write its whole path into the check's \`argv\`, and make it executable.`,
  );
}

function end(group: number | undefined): void {
  if (group === undefined) return;
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // It has ended.
  }
}
