import { fieldOf, parsedJson } from "../../config/json.ts";
import { EngineFailure, OperationFailure } from "../failure.ts";

/** The API server has answered, and not with what was asked for. */
export class Refusal extends OperationFailure {
  override name = "Refusal";
  /** HTTP status. */
  readonly code: number;
  /** The API's own word: "AlreadyExists", "Forbidden". */
  readonly reason: string;

  constructor(sentence: string, code: number, reason: string) {
    super(sentence);
    this.code = code;
    this.reason = reason;
  }
}

/** What such an answer says. `where`: the address, for messages. */
export function refusalOf(
  { status, body }: { status: number; body: string },
  { what, where, context }: { what: string; where: string; context: string },
): Refusal | EngineFailure {
  const said = parsedJson(body);
  const message = String(fieldOf(said, "message") ?? (body.trim().slice(0, 300) || `HTTP ${status}`));
  const reason = String(fieldOf(said, "reason") ?? "");
  if (status === 401) {
    return new EngineFailure(
      `The cluster at ${where} does not accept the credentials of the context ${context}`,
      `Log in again, until \`kubectl --context ${context} auth whoami\` says who you are.`,
    );
  }
  if (status === 429 || (status >= 502 && status <= 504)) {
    return new EngineFailure(
      `The API server at ${where} can't serve ${what} now (HTTP ${status}: ${message})`,
      `Wait until \`kubectl --context ${context} get --raw /readyz\` says ok. Then run \`fleet recover\`.`,
    );
  }
  return new Refusal(sentenceOf(status, message, what), status, reason);
}

function sentenceOf(status: number, message: string, what: string): string {
  const said = message.replace(/\.?\s*$/, "");
  // Not the deployer is refused, but what it wants.
  const isAdmission = /(exceeded|failed) quota|violates PodSecurity|denied the request/.test(said);
  return status === 403 && !isAdmission
    ? `${said}. Give the deployer this right, then try again (${what}).`
    : `Kubernetes refused ${what}: ${said}.`;
}

/** A program could not be run in a pod: it has ended, or is about to begin. Asked again, it may be. */
export class NotRunning extends Error {}

export function isNotFound(error: unknown): boolean {
  return error instanceof Refusal && error.code === 404;
}

/** Somebody else was faster, or it is there already. */
export function isConflict(error: unknown): boolean {
  return error instanceof Refusal && error.code === 409;
}

export function isForbidden(error: unknown): boolean {
  return error instanceof Refusal && error.code === 403;
}

/** For what may be gone by itself. */
export async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return undefined;
  }
}
