import { EngineFailure } from "../failure.ts";

const unreachable = [
  "ENOENT",
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ECONNRESET",
  "EPIPE",
];

/** An error of the way to an API server as a sentence; every other error passes through. */
export function engineFailure(server: string, context: string, error: unknown): unknown {
  if (error instanceof EngineFailure) return error;
  const { code = "", message = "" } = error as NodeJS.ErrnoException;
  if (unreachable.includes(code) || message === "socket hang up") {
    return new EngineFailure(
      `The API server ${server} does not answer (${code || message})`,
      `Start it, or correct clawforce:platform.context (it is ${context}).`,
    );
  }
  return /CERT|SELF_SIGNED|UNABLE_TO|ERR_SSL|ERR_TLS|EPROTO/.test(code)
    ? new EngineFailure(
        `The API server ${server} and the certificates of the context ${context} do not agree (${code}: ${firstLine(message)})`,
        "Its cluster needs the `certificate-authority` that has signed the server's certificate, and a name that stands in it.",
      )
    : error;
}

/** No answer came in time. */
export function silentServer(server: string, context: string, what: string, seconds: number): EngineFailure {
  return new EngineFailure(
    `The API server ${server} did not answer ${what} within ${seconds} s`,
    `Wait until \`kubectl --context ${context} get --raw /readyz\` says ok. Then run \`fleet recover\`.`,
  );
}

function firstLine(text: string): string {
  return text.split("\n")[0]?.trim() ?? "";
}
