export interface HttpRequest {
  method: "GET" | "POST" | "PUT";
  /** From the root, with its query. */
  path: string;
  /** In place of the one in the client's address. */
  port?: number;
  headers: Record<string, string>;
  body?: string;
  /** Seconds until the request counts as unanswered. */
  deadline: number;
}

export interface HttpAnswer {
  status: number;
  /** The values of `set-cookie`. */
  cookies: string[];
  body: string;
}

/** The only way of ours to a workload's HTTP: checks, drain, control plane and managed instances use it. */
export interface HttpClient {
  /** Where it leads, for messages. */
  readonly target: string;
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** Streams the answer's body to a file (0600), whatever its status. */
  download(request: HttpRequest, file: string): Promise<number>;
  close(): Promise<void>;
}

/** No answer came. `unknown`: the request may have been done all the same. `late`: its time was over. */
export class NoAnswer extends Error {
  readonly unknown: boolean;
  readonly late: boolean;

  constructor(reason: string, { unknown, late = false }: { unknown: boolean; late?: boolean }) {
    super(reason);
    this.unknown = unknown;
    this.late = late;
  }
}
