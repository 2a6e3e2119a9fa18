import type Docker from "dockerode";
import { TooLate } from "../failure.ts";
import type { ExecOptions, JobResult } from "../platform.ts";
import { collectOutput } from "./output.ts";
import { whileAnswering } from "./watch.ts";

/**
 * Runs a program inside a container. At the deadline (seconds) the call fails; the program itself may go on,
 * because Docker cannot end an exec.
 */
export async function execInContainer(
  docker: Docker,
  container: string,
  argv: string[],
  options: ExecOptions,
): Promise<JobResult> {
  const exec = await docker.getContainer(container).exec({
    Cmd: argv,
    AttachStdin: options.stdin !== undefined,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({ hijack: true, stdin: options.stdin !== undefined });
  if (options.stdin !== undefined) {
    stream.end(options.stdin);
  }
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new TooLate(`${options.name ?? `\`${argv.join(" ")}\``} did not end within ${options.deadline} s.`),
      );
    }, options.deadline * 1000);
  });
  try {
    const output = await Promise.race([whileAnswering(docker, collectOutput(stream)), expired]);
    const { ExitCode } = await exec.inspect();
    return { exitCode: ExitCode ?? -1, ...output };
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
