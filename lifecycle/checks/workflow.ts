import { certificateFolder } from "../../config/docker-access.ts";
import { runProcess } from "../../platforms/child-process.ts";
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
  // What it has started must not outlive it.
  const options = { env: environment, deadline, group: true, longest: longestOutput };
  const { code, stdout, stderr, late } = await runProcess(argv, options).catch((error) => {
    throw cannotStart(argv[0] ?? "", error);
  });
  if (late) throw new TooLate(`\`${argv.join(" ")}\` did not end within ${deadline} s.`);
  return { exitCode: code ?? -1, stdout, stderr };
}

function cannotStart(program: string, error: NodeJS.ErrnoException): OperationFailure {
  return new OperationFailure(
    `${program} can't be started on this machine (${error.code}). Write its whole path into the check's \`argv\`, and make it executable.`,
  );
}
