import type Docker from "dockerode";
import { type HttpAnswer, type HttpClient, type HttpRequest, NoAnswer } from "../http.ts";
import { refuseUnfitHeader } from "../request-header.ts";
import { isNotFound } from "./client.ts";
import { execInContainer } from "./exec.ts";
import { execToFile } from "./exec-to-file.ts";
import { oneShotLabel } from "./one-shot.ts";

export interface HttpRoute {
  /** Image with curl. */
  image: string;
  /** What the container of the client works for: a later run tells by it what was left over. */
  label: string;
  /** `container:<name>` for the workload's own network namespace, or a network that it is in. */
  networkMode: string;
  /** As seen from there: `http://127.0.0.1:8000`. */
  url: string;
}

/** The client's container ends by itself after this many seconds, should its run be killed. */
const lifetime = 3600;

/** Seconds that Docker may take to start a program in it, on top of the request's own deadline. */
const startUp = 15;

/** curl's exit codes for a name or port that does not answer: the request was never sent. */
const neverSent = [6, 7];
/** curl's exit code for a request whose time was over. */
const tooLate = 28;

/**
 * From a container next to the workload: reachable on any Docker host, with no port published. In the network
 * namespace of a container it goes with that container: after a cut-over, open another one.
 */
export async function openHttp(docker: Docker, route: HttpRoute): Promise<HttpClient> {
  const container = await docker.createContainer({
    Image: route.image,
    Entrypoint: [],
    Cmd: ["sleep", String(lifetime)],
    User: "65534:65534",
    Labels: { [oneShotLabel]: route.label, "clawforce.purpose": "HTTP requests" },
    HostConfig: { NetworkMode: route.networkMode, AutoRemove: true, Init: true },
  });
  try {
    await container.start();
  } catch (error) {
    // AutoRemove is for containers that have run.
    await remove(container);
    throw error;
  }
  return {
    target: `${route.url} (${route.networkMode})`,
    async send(request) {
      const argv = ["curl", ...curlArguments(request), "--include"];
      const stdin = curlConfiguration(route.url, request);
      const options = { deadline: request.deadline + startUp, stdin };
      const { exitCode, stdout, stderr } = await execInContainer(docker, container.id, argv, options);
      refuseNoAnswer(exitCode, stderr);
      return answerOf(stdout);
    },
    async download(request, file) {
      const argv = ["curl", ...curlArguments(request), "--write-out", "%{stderr}status %{http_code}"];
      const stdin = curlConfiguration(route.url, request);
      const options = { file, stdin, deadline: request.deadline + startUp };
      const { exitCode, stderr } = await execToFile(docker, container.id, argv, options);
      refuseNoAnswer(exitCode, stderr);
      return Number(/status (\d+)$/.exec(stderr)?.[1]);
    },
    close: () => remove(container),
  };
}

async function remove(container: Docker.Container): Promise<void> {
  try {
    await container.remove({ force: true });
  } catch (error) {
    // It went with the container whose network it was in, or Docker is removing it already.
    if (!isNotFound(error) && (error as { statusCode?: number }).statusCode !== 409) {
      throw error;
    }
  }
}

function curlArguments({ deadline }: HttpRequest): string[] {
  // First of all --disable: whatever configuration the image brings counts for nothing.
  return [
    "--disable",
    "--silent",
    "--show-error",
    "--globoff",
    ...["--noproxy", "*"],
    ...["--max-time", String(deadline)],
    ...["--config", "-"],
  ];
}

/** The request for curl's standard input: neither password, token nor cookie may stand in an argument. */
export function curlConfiguration(url: string, request: HttpRequest): string {
  const { method, path, port, headers, body } = request;
  const address = new URL(path, url);
  if (port !== undefined) {
    address.port = String(port);
  }
  const lines = [
    `url = ${quoted(address.href)}`,
    `request = ${quoted(method)}`,
    ...Object.entries({ ...headers, expect: "" }).map(([key, value]) => `header = ${headerLine(key, value)}`),
    ...(body === undefined ? [] : [`data-raw = ${quoted(body)}`]),
  ];
  return `${lines.join("\n")}\n`;
}

function headerLine(key: string, value: string): string {
  refuseUnfitHeader(key, value);
  return quoted(`${key}:${value === "" ? "" : ` ${value}`}`);
}

function quoted(text: string): string {
  const escapes: Record<string, string> = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  return `"${text.replace(/[\\"\n\r\t]/g, (each) => escapes[each] ?? each)}"`;
}

function refuseNoAnswer(exitCode: number, stderr: string): void {
  if (exitCode !== 0) {
    throw new NoAnswer(stderr.trim() || `curl ended with ${exitCode}`, {
      unknown: !neverSent.includes(exitCode),
      late: exitCode === tooLate,
    });
  }
}

/** curl's headers and body; interim answers (100 Continue) are passed over. */
export function answerOf(text: string): HttpAnswer {
  let rest = text;
  for (;;) {
    const end = rest.indexOf("\r\n\r\n");
    const [first = "", ...lines] = rest.slice(0, end).split("\r\n");
    const status = Number(/^HTTP\/[\d.]+ (\d{3})/.exec(first)?.[1]);
    if (end < 0 || Number.isNaN(status)) {
      throw new NoAnswer("the answer is not HTTP", { unknown: true });
    }
    rest = rest.slice(end + 4);
    if (status >= 200) {
      const cookies = lines.flatMap((line) => /^set-cookie:\s*(.*)$/i.exec(line)?.[1] ?? []);
      return { status, cookies, body: rest };
    }
  }
}
