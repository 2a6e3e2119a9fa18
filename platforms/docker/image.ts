import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { parseImageReference } from "../../config/image-reference.ts";
import { parsedJson } from "../../config/json.ts";
import { EngineFailure, OperationFailure } from "../failure.ts";
import { describeDockerError, isNotFound } from "./client.ts";
import { authConfig, credentialsOf, type KnownCredentials } from "./registry-credentials.ts";
import { whileAnswering } from "./watch.ts";

/** A pull that says nothing for so long has no registry any more. Seconds. */
const patience = 300;

/**
 * Pulls an image unless the host has it under this very reference, with the credentials that `docker login` has left on
 * this machine. Says which it was.
 */
export async function ensureImage(docker: Docker, reference: string): Promise<"present" | "pulled"> {
  if (await hasImage(docker, reference)) {
    return "present";
  }
  await pull(docker, reference);
  if (!(await hasImage(docker, reference))) {
    throw new OperationFailure(`${reference} was pulled, but the host does not have it under that digest.`);
  }
  return "pulled";
}

async function pull(docker: Docker, reference: string): Promise<void> {
  const parsed = parseImageReference(reference);
  const registry = "problem" in parsed ? undefined : parsed.registry;
  const known = await credentialsOf(registry);
  try {
    const options = known !== undefined && "user" in known ? { authconfig: authConfig(registry, known) } : {};
    const stream = (await docker.pull(reference, options)) as Readable;
    await whileAnswering(docker, followed(stream));
  } catch (error) {
    if (error instanceof EngineFailure) throw error;
    throw new OperationFailure(
      `${reference} can't be pulled: ${describeDockerError(error).trim()}.${loginAdvice(registry, known)}`,
    );
  }
}

/** The engine says by lines of JSON how it goes, and in the same way that it has failed. */
async function followed(stream: Readable): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const expect = () => {
    clearTimeout(timer);
    timer = setTimeout(
      () => stream.destroy(new OperationFailure(`nothing came for ${patience} s`)),
      patience * 1000,
    );
  };
  expect();
  let rest = "";
  try {
    for await (const chunk of stream) {
      expect();
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) refuseFailed(line);
    }
    refuseFailed(rest);
  } finally {
    clearTimeout(timer);
  }
}

function refuseFailed(line: string): void {
  const said = parsedJson(line) as { error?: unknown } | undefined;
  if (typeof said?.error === "string") throw new OperationFailure(said.error);
}

/** What to do when it is the login that fails. */
function loginAdvice(registry: string | undefined, known: KnownCredentials): string {
  const login = registry === undefined ? "docker login" : `docker login ${registry}`;
  if (known === undefined) {
    return ` This machine has no login for its registry. If it needs one, run \`${login}\`.`;
  }
  return "unusable" in known
    ? ` The login for its registry can't be used: ${known.unusable}.`
    : ` It was asked for as the user ${JSON.stringify(known.user)}. To be another user, run \`${login}\`.`;
}

export async function hasImage(docker: Docker, reference: string): Promise<boolean> {
  return (await inspectImage(docker, reference)) !== undefined;
}

/** Undefined: the host does not have it. */
export async function inspectImage(
  docker: Docker,
  reference: string,
): Promise<Docker.ImageInspectInfo | undefined> {
  try {
    return await docker.getImage(reference).inspect();
  } catch (error) {
    if (isNotFound(error)) {
      return undefined;
    }
    throw error;
  }
}
