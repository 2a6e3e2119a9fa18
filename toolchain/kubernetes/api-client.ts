import { request } from "node:https";

export interface Access {
  readonly server: string;
  /** PEM */
  readonly authority: string;
  readonly token: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Longer than a busy API server takes for one answer. */
const answerMs = 60_000;

/** The few calls that set-up itself makes. Whoever does more uses kubectl. */
export class ApiClient {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  get(path: string): Promise<ApiAnswer> {
    return this.#call("GET", path);
  }

  post(path: string, body: object): Promise<ApiAnswer> {
    return this.#call("POST", path, body);
  }

  delete(path: string): Promise<ApiAnswer> {
    return this.#call("DELETE", path);
  }

  /** Rejects when there is no answer; an answer with any status is one. */
  #call(method: string, path: string, body?: object): Promise<ApiAnswer> {
    const { server, authority, token } = this.#access;
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        "content-type": "application/json",
      };
      const options = { method, ca: authority, headers, timeout: answerMs };
      const call = request(`${server}${path}`, options, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          text += part;
        });
        response.on("error", reject);
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: parsed(text) }));
      });
      call.on("timeout", () => call.destroy(new Error("no answer")));
      call.on("error", reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
