import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { partsOfThisRun } from "./world.ts";

/** Runs the docker command, a client that the program itself does not use, and returns what it prints. */
export async function dockerCommand(...argv: string[]): Promise<string> {
  const { environment, dockerHost } = await partsOfThisRun();
  const env = { ...process.env, ...environment, DOCKER_HOST: dockerHost };
  const { stdout } = await promisify(execFile)("docker", argv, { env });
  return stdout;
}
