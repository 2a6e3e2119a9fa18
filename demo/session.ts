import { request } from "node:http";
import { text } from "node:stream/consumers";
import { OperationFailure } from "../platforms/failure.ts";
import { until } from "../platforms/until.ts";

export interface Account {
  username: string;
  password: string;
}

/** A user of the control plane, who comes in by the ingress as everybody does. */
export class Session {
  readonly #port: number;
  readonly #host: string;
  readonly cookie: string;

  private constructor(port: number, host: string, cookie: string) {
    this.#port = port;
    this.#host = host;
    this.cookie = cookie;
  }

  static async open(port: number, host: string, account: Account): Promise<Session> {
    const { status, cookie } = await send(port, host, "POST", "/api/v1/auth/login", account);
    if (status !== 200 || cookie === undefined) {
      throw new OperationFailure(`The demo could not log in at ${host}: HTTP ${status}.`);
    }
    return new Session(port, host, cookie);
  }

  async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await send(this.#port, this.#host, method, `/api/v1${path}`, body, this.cookie);
    if (answer.status >= 400) {
      throw new OperationFailure(`${method} ${path} of the control plane answered HTTP ${answer.status}.`);
    }
    return answer.body === "" ? undefined : JSON.parse(answer.body);
  }

  /** Has the control plane make an instance and a backup of it. */
  async makeInstance(displayName: string, image: string): Promise<void> {
    const made = await this.ask("POST", "/instances", {
      display_name: displayName,
      team_id: 1,
      container_image: image,
    });
    const { id } = made as { id: number };
    await this.#until(`/instances/${id}`, "running");
    const begun = await this.ask("POST", `/instances/${id}/backups`, { paths: ["HOME"], note: "the demo's" });
    await this.#until(`/backups/${(begun as { id: number }).id}`, "completed");
  }

  async #until(path: string, wanted: string): Promise<void> {
    await until(
      async () => {
        const { status } = (await this.ask("GET", path)) as { status: string };
        return status === wanted ? { found: undefined } : { waitsFor: status };
      },
      {
        deadline: 120,
        interval: 0.5,
        late: (status) => new OperationFailure(`${path} is ${status} and not ${wanted} after 2 minutes.`),
      },
    );
  }
}

function send(
  port: number,
  host: string,
  method: string,
  path: string,
  body: unknown,
  cookie?: string,
): Promise<{ status: number; body: string; cookie: string | undefined }> {
  const sent = body === undefined ? "" : JSON.stringify(body);
  const headers = {
    host,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(sent),
    ...(cookie !== undefined && { cookie }),
  };
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, method, path, headers }, (response) => {
      const given = response.headers["set-cookie"]?.[0]?.split(";")[0];
      text(response).then(
        (answered) => resolve({ status: response.statusCode ?? 0, body: answered, cookie: given }),
        reject,
      );
    });
    asked.once("error", reject);
    asked.end(sent);
  });
}
