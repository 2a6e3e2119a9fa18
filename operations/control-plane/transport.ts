import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type Docker from "dockerode";
import { execInContainer } from "../docker/exec.ts";
import { execToFile } from "../docker/exec-to-file.ts";
import { oneShotLabel } from "../docker/one-shot.ts";
import { messageOf } from "../failure.ts";

export interface ApiRequest {
  method: "GET" | "POST" | "PUT";
  /** From the root, with its query. */
  path: string;
  headers: Record<string, string>;
  body?: string;
  /** Seconds until the request counts as unanswered. */
  deadline: number;
}

export interface ApiResponse {
  status: number;
  /** The values of `set-cookie`. */
  cookies: string[];
  body: string;
}

/** A way to the control plane. */
export interface Transport {
  /** Where it leads, for messages. */
  readonly target: string;
  send(request: ApiRequest): Promise<ApiResponse>;
  /** Streams the answer's body to a file (0600), whatever its status. */
  download(request: ApiRequest, file: string): Promise<number>;
  close(): Promise<void>;
}

/** No answer came. `unknown`: the request may have been done all the same. */
export class NoAnswer extends Error {
  readonly unknown: boolean;

  constructor(reason: string, unknown: boolean) {
    super(reason);
    this.unknown = unknown;
  }
}

/** Straight from this process: for a control plane whose URL is reachable from here. */
export function fetchTransport(url: string): Transport {
  const ask = async ({ method, path, headers, body, deadline }: ApiRequest) => {
    try {
      return await fetch(new URL(path, url), {
        method,
        headers,
        redirect: "manual",
        signal: AbortSignal.timeout(deadline * 1000),
        ...(body !== undefined && { body }),
      });
    } catch (error) {
      throw noAnswer(error);
    }
  };
  return {
    target: url,
    async send(request) {
      const answer = await ask(request);
      const body = await answer.text().catch((error) => {
        throw noAnswer(error);
      });
      return { status: answer.status, cookies: answer.headers.getSetCookie(), body };
    },
    async download(request, file) {
      const answer = await ask(request);
      try {
        const content = answer.body === null ? Readable.from([]) : Readable.fromWeb(answer.body);
        await pipeline(content, createWriteStream(file, { mode: 0o600 }));
      } catch (error) {
        throw noAnswer(error);
      }
      return answer.status;
    },
    async close() {},
  };
}

function noAnswer(error: unknown): NoAnswer {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  if (cause?.code === "ECONNREFUSED" || cause?.code === "ENOTFOUND") {
    return new NoAnswer(cause.message ?? cause.code, false);
  }
  return new NoAnswer(cause?.message ?? messageOf(error), true);
}

export interface ProbeRoute {
  /** Image with curl. */
  image: string;
  /** Whose probe it is, so that a later run can tell what was left over. */
  workload: string;
  /** `container:<name>` for the workload's own network namespace, or a network that it is in. */
  networkMode: string;
  /** As seen from there: `http://127.0.0.1:8000`. */
  url: string;
}

/** A probe ends by itself after this many seconds, should its run be killed. */
const lifetime = 3600;

/** curl's exit codes for a name or port that does not answer: the request was never sent. */
const neverSent = [6, 7];

/**
 * From a container next to the control plane: reachable on any Docker host, with no port published. In the network
 * namespace of a container it goes with that container: after a cut-over, open another one.
 */
export async function openProbeTransport(docker: Docker, route: ProbeRoute): Promise<Transport> {
  const container = await docker.createContainer({
    Image: route.image,
    Entrypoint: [],
    Cmd: ["sleep", String(lifetime)],
    User: "65534:65534",
    Labels: { [oneShotLabel]: `${route.workload}/api`, "clawforce.purpose": "control-plane API" },
    HostConfig: { NetworkMode: route.networkMode, AutoRemove: true, Init: true },
  });
  await container.start();
  return {
    target: `${route.url} (${route.networkMode})`,
    async send(request) {
      const argv = ["curl", "--include", ...curlArguments(request)];
      const stdin = curlConfig(route.url, request);
      const options = { deadline: request.deadline + 5, stdin };
      const { exitCode, stdout, stderr } = await execInContainer(docker, container.id, argv, options);
      refuseNoAnswer(exitCode, stderr);
      return responseOf(stdout);
    },
    async download(request, file) {
      const argv = ["curl", "--write-out", "%{stderr}status %{http_code}", ...curlArguments(request)];
      const stdin = curlConfig(route.url, request);
      const { exitCode, stderr } = await execToFile(docker, container.id, argv, { file, stdin });
      refuseNoAnswer(exitCode, stderr);
      return Number(/status (\d+)$/.exec(stderr)?.[1]);
    },
    async close() {
      await container.remove({ force: true });
    },
  };
}

function curlArguments({ deadline }: ApiRequest): string[] {
  return ["--silent", "--show-error", "--max-time", String(deadline), "--config", "-"];
}

/** The request for curl's standard input: neither password nor cookie may stand in an argument. */
export function curlConfig(url: string, { method, path, headers, body }: ApiRequest): string {
  const lines = [
    `url = ${quoted(new URL(path, url).href)}`,
    `request = ${quoted(method)}`,
    ...Object.entries({ ...headers, expect: "" }).map(
      ([key, value]) => `header = ${quoted(`${key}:${value === "" ? "" : ` ${value}`}`)}`,
    ),
    ...(body === undefined ? [] : [`data-raw = ${quoted(body)}`]),
  ];
  return `${lines.join("\n")}\n`;
}

function quoted(text: string): string {
  const escapes: Record<string, string> = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  return `"${text.replace(/[\\"\n\r\t]/g, (each) => escapes[each] ?? each)}"`;
}

function refuseNoAnswer(exitCode: number, stderr: string): void {
  if (exitCode !== 0) {
    throw new NoAnswer(stderr.trim() || `curl ended with ${exitCode}`, !neverSent.includes(exitCode));
  }
}

/** curl's headers and body; interim answers (100 Continue) are passed over. */
export function responseOf(text: string): ApiResponse {
  let rest = text;
  for (;;) {
    const end = rest.indexOf("\r\n\r\n");
    const [first = "", ...lines] = rest.slice(0, end).split("\r\n");
    const status = Number(/^HTTP\/[\d.]+ (\d{3})/.exec(first)?.[1]);
    if (end < 0 || Number.isNaN(status)) {
      throw new NoAnswer("the answer is not HTTP", true);
    }
    rest = rest.slice(end + 4);
    if (status >= 200) {
      const cookies = lines.flatMap((line) => /^set-cookie:\s*(.*)$/i.exec(line)?.[1] ?? []);
      return { status, cookies, body: rest };
    }
  }
}
