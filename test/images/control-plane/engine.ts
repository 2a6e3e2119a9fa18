import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

export class EngineError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What the stand-in needs of a Docker engine, over its socket. */
export class Engine {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  async available(): Promise<boolean> {
    return this.call("GET", "/_ping").then(
      () => true,
      () => false,
    );
  }

  /** The answer's JSON; an answer of 400 or more is an EngineError. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await this.stream(method, path, body);
    const answer = await text(response);
    return answer.startsWith("{") || answer.startsWith("[") ? JSON.parse(answer) : answer;
  }

  async stream(method: string, path: string, body?: unknown): Promise<IncomingMessage> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(
        {
          socketPath: this.#socketPath,
          method,
          path,
          headers: { host: "docker", ...(body !== undefined && { "content-type": "application/json" }) },
        },
        resolve,
      )
        .on("error", reject)
        .end(body === undefined ? undefined : JSON.stringify(body));
    });
    const status = response.statusCode ?? 0;
    if (status < 400) return response;
    const said = await text(response);
    throw new EngineError(status, /"message":"(.*)"/.exec(said)?.[1] ?? said.trim());
  }

  /** Undefined for what is not there. */
  async inspect(
    kind: "containers" | "images" | "networks",
    name: string,
  ): Promise<Record<string, unknown> | undefined> {
    try {
      const answer = await this.call(
        "GET",
        `/${kind}/${encodeURIComponent(name)}${kind === "networks" ? "" : "/json"}`,
      );
      return answer as Record<string, unknown>;
    } catch (error) {
      if (error instanceof EngineError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** A failed pull may end its stream of JSON lines with an error, under status 200. */
  async pull(reference: string): Promise<void> {
    const query = `fromImage=${encodeURIComponent(reference)}`;
    const lines = (await text(await this.stream("POST", `/images/create?${query}`)))
      .split("\n")
      .filter(Boolean);
    for (const line of lines) {
      const { error } = JSON.parse(line) as { error?: string };
      if (error !== undefined) throw new Error(error);
    }
  }

  /** Standard output of a program in a container. */
  async exec(container: string, argv: readonly string[]): Promise<AsyncGenerator<Buffer>> {
    const created = (await this.call("POST", `/containers/${container}/exec`, {
      Cmd: argv,
      AttachStdout: true,
      AttachStderr: true,
    })) as { Id: string };
    return standardOutput(
      await this.stream("POST", `/exec/${created.Id}/start`, { Detach: false, Tty: false }),
    );
  }
}

/** Docker's frames: one byte of channel, three of nothing, four of length, then the payload. */
async function* standardOutput(stream: IncomingMessage): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    while (rest.length >= 8 && rest.length >= 8 + rest.readUInt32BE(4)) {
      const end = 8 + rest.readUInt32BE(4);
      if (rest[0] === 1) yield rest.subarray(8, end);
      rest = rest.subarray(end);
    }
  }
}
