import { EngineFailure } from "../failure.ts";

const unreachable = [
  "ENOENT",
  "ECONNREFUSED",
  "EACCES",
  "ENOTFOUND",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ECONNRESET",
  "EPIPE",
];

/** An error of the way to an engine as a sentence; every other error passes through. */
export function engineFailure(host: string, error: unknown): unknown {
  if (error instanceof EngineFailure) return error;
  const { code = "", message = "" } = error as NodeJS.ErrnoException;
  if (unreachable.includes(code) || message === "socket hang up") {
    return new EngineFailure(
      `The Docker host ${host} does not answer (${code || message})`,
      "Start it, or correct clawforce:platform.host.",
    );
  }
  if (message.includes("Client sent an HTTP request to an HTTPS server")) {
    return new EngineFailure(
      `The Docker host ${host} wants TLS`,
      "Write clawforce:platform.tls.certPath, or set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH as for the docker command.",
    );
  }
  return /CERT|SELF_SIGNED|UNABLE_TO|ERR_SSL|ERR_TLS|EPROTO/.test(code)
    ? new EngineFailure(
        `The Docker host ${host} and the certificates in clawforce:platform.tls do not agree (${code}: ${firstLine(message)})`,
        "The folder `certPath` (default: DOCKER_CERT_PATH) needs the ca.pem that has signed the host's certificate. It needs a cert.pem " +
          "and key.pem that the host accepts. The host's certificate needs its name in it.",
      )
    : error;
}

/** No answer came in time. */
export function silentEngine(host: string, what: string, seconds: number): EngineFailure {
  return new EngineFailure(
    `The Docker engine at ${host} did not answer ${what} within ${seconds} s`,
    "Look at it on its host (`systemctl status docker`, `journalctl -u docker`). Once it answers again, run `fleet recover`.",
  );
}

function firstLine(text: string): string {
  return text.split("\n")[0]?.trim() ?? "";
}
