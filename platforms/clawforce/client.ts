import { readFile, rename, rm } from "node:fs/promises";
import type { z } from "zod";
import { parsedJson } from "../../config/json.ts";
import { ApiRefusal, type ControlPlaneApi, NotSetUp, type Task, type User } from "../control-plane-api.ts";
import { OperationFailure } from "../failure.ts";
import { type HttpAnswer, type HttpClient, NoAnswer } from "../http.ts";
import {
  type Backup,
  backupAnswer,
  backupsAnswer,
  createdBackupAnswer,
  type Health,
  healthAnswer,
  type Instance,
  instanceAnswer,
  instancesAnswer,
  settingsAnswer,
  setupAnswer,
  tasksAnswer,
  userAnswer,
  usersAnswer,
} from "./answers.ts";

export interface Account {
  username: string;
  password: string;
}

/** No answer within the time: it may have been done or not. Whoever gets this reads the state again. */
export class UnknownOutcome extends OperationFailure {
  override name = "UnknownOutcome";
}

interface Call {
  method: "GET" | "POST" | "PUT";
  path: string;
  body?: unknown;
  /** Seconds at least, where it takes longer than most. */
  deadline?: number;
}

const base = "/api/v1";

/** Seconds for the download of a backup. */
const downloadDeadline = 1800;

/**
 * The control plane's API. Sessions live in its memory, so a restart ends ours: then it logs in again, once. Its answers
 * are parsed, because they say more than their status codes do.
 */
export class ControlPlaneClient implements ControlPlaneApi {
  readonly #http: HttpClient;
  readonly #account: Account;
  readonly #deadline: number;
  readonly #cookies = new Map<string, string>();

  /** `deadline` of a call in seconds, default 30. Stopping an instance alone may take 30. */
  constructor(http: HttpClient, account: Account, options: { deadline?: number } = {}) {
    this.#http = http;
    this.#account = account;
    this.#deadline = options.deadline ?? 30;
  }

  get target(): string {
    return this.#http.target;
  }

  async health(): Promise<Health> {
    const call = { method: "GET", path: "/health" } as const;
    return this.#parsed(call, healthAnswer, await this.#send(call));
  }

  /** A new session, whatever there was before. */
  async login(): Promise<void> {
    this.#cookies.clear();
    const call = { method: "POST", path: `${base}/auth/login`, body: this.#account } as const;
    const response = await this.#send(call);
    if (response.status === 401) {
      if (await this.setupRequired()) {
        throw new NotSetUp(
          `Nobody has set up the control plane at ${this.target} yet: it has no user. Set it up with the account ` +
            `${this.#account.username} and the password of the secret controlPlanePassword. Use its page, or its own ` +
            "command in its container. Then run `pulumi up` again. Do not change its image or the secret for this.",
        );
      }
      throw new ApiRefusal(
        `The control plane at ${this.target} does not accept the password of ${this.#account.username}. ` +
          "Correct `clawforce:controlPlane.account` or set the secret again: " +
          "`pulumi config set --secret clawforce:controlPlanePassword`.",
        401,
      );
    }
    this.#refuse(call, response);
    for (const cookie of response.cookies) {
      const [pair = ""] = cookie.split(";");
      const cut = pair.indexOf("=");
      this.#cookies.set(pair.slice(0, cut).trim(), pair.slice(cut + 1).trim());
    }
  }

  me(): Promise<User> {
    return this.#ask({ method: "GET", path: `${base}/auth/me` }, userAnswer);
  }

  /** For administrators. */
  users(): ReturnType<ControlPlaneApi["users"]> {
    return this.#ask({ method: "GET", path: `${base}/users` }, usersAnswer);
  }

  /** Nobody has made its first user yet. Asked without a session. */
  async setupRequired(): Promise<boolean> {
    const call = { method: "GET", path: `${base}/auth/setup-required` } as const;
    const response = await this.#send(call);
    // A version that does not know the call has been set up in another way.
    return response.status < 400 && this.#parsed(call, setupAnswer, response).setup_required;
  }

  instances(): Promise<Instance[]> {
    return this.#ask({ method: "GET", path: `${base}/instances` }, instancesAnswer);
  }

  instance(id: number): Promise<Instance> {
    return this.#ask({ method: "GET", path: `${base}/instances/${id}` }, instanceAnswer);
  }

  /** By the name of its container. */
  async instanceNamed(name: string): Promise<Instance> {
    const all = await this.instances();
    const found = all.find((each) => each.name === name);
    if (found === undefined) {
      const known = all.map((each) => each.name).join(", ") || "none";
      const { role } = await this.me();
      throw new OperationFailure(
        role === "admin"
          ? `The control plane at ${this.target} has no instance ${name} (it has: ${known}). Correct \`instances\`.`
          : `The control plane at ${this.target} shows no instance ${name} to the account ${this.#account.username}, which is no ` +
              "admin. Make it an admin, or name another one under `controlPlane.account`.",
      );
    }
    return this.instance(found.id);
  }

  /** Whether an image in it is taken or ignored in silence is only seen by reading the instance again. */
  async putContainerImage(id: number, image: string | null): Promise<void> {
    await this.#do({ method: "PUT", path: `${base}/instances/${id}`, body: { container_image: image } });
  }

  async start(id: number): Promise<void> {
    await this.#do({ method: "POST", path: `${base}/instances/${id}/start`, body: {} });
  }

  /** Takes as long as the gateway takes to end. */
  async stop(id: number): Promise<void> {
    await this.#do({ method: "POST", path: `${base}/instances/${id}/stop`, body: {}, deadline: 60 });
  }

  /** A new container of the image that is set; it has to be on the host. */
  async restart(id: number): Promise<void> {
    await this.#do({ method: "POST", path: `${base}/instances/${id}/restart`, body: {}, deadline: 60 });
  }

  async createBackup(instance: number, paths: readonly string[], note: string): Promise<number> {
    const path = `${base}/instances/${instance}/backups`;
    return (await this.#ask({ method: "POST", path, body: { paths, note } }, createdBackupAnswer)).id;
  }

  backup(id: number): Promise<Backup> {
    return this.#ask({ method: "GET", path: `${base}/backups/${id}` }, backupAnswer);
  }

  /** All of them, page by page. */
  async backups(): Promise<Backup[]> {
    const all: Backup[] = [];
    for (;;) {
      const path = `${base}/backups?limit=100&offset=${all.length}`;
      const { backups, total } = await this.#ask({ method: "GET", path }, backupsAnswer);
      all.push(...backups);
      if (backups.length === 0 || all.length >= total) {
        return all;
      }
    }
  }

  /** Whole or not at all: the file appears under its name once its last byte has come. */
  async downloadBackup(id: number, file: string): Promise<void> {
    const call = {
      method: "GET",
      path: `${base}/backups/${id}/download`,
      deadline: downloadDeadline,
    } as const;
    const partial = `${file}.partial`;
    try {
      let status = await this.#download(call, partial);
      if (status === 401) {
        await this.login();
        status = await this.#download(call, partial);
      }
      if (status !== 200) {
        this.#refuse(call, { status, cookies: [], body: await readFile(partial, "utf8") });
        throw new OperationFailure(`${describe(call)} answered HTTP ${status} instead of an archive.`);
      }
      await rename(partial, file);
    } finally {
      await rm(partial, { force: true });
    }
  }

  settings(): Promise<Record<string, unknown>> {
    return this.#ask({ method: "GET", path: `${base}/settings` }, settingsAnswer);
  }

  async changeSettings(change: Record<string, string>): Promise<void> {
    await this.#do({ method: "PUT", path: `${base}/settings`, body: change });
  }

  activeTasks(): Promise<Task[]> {
    return this.#ask({ method: "GET", path: `${base}/tasks?only_active=true` }, tasksAnswer);
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #ask<T>(call: Call, schema: z.ZodType<T>): Promise<T> {
    return this.#parsed(call, schema, await this.#do(call));
  }

  async #do(call: Call): Promise<HttpAnswer> {
    if (this.#cookies.size === 0) {
      await this.login();
    }
    let response = await this.#send(call);
    if (response.status === 401) {
      await this.login();
      response = await this.#send(call);
    }
    this.#refuse(call, response);
    return response;
  }

  /** What only reads is asked for again: a busy host may be late once. */
  async #send(call: Call): Promise<HttpAnswer> {
    const send = () => this.#answered(call, () => this.#http.send(this.#request(call)));
    try {
      return await send();
    } catch (error) {
      if (call.method !== "GET" || !(error instanceof UnknownOutcome)) {
        throw error;
      }
      return send();
    }
  }

  async #download(call: Call, file: string): Promise<number> {
    return this.#answered(call, () => this.#http.download(this.#request(call), file));
  }

  #deadlineOf(call: Call): number {
    return Math.max(call.deadline ?? 0, this.#deadline);
  }

  #request(call: Call) {
    const cookie = [...this.#cookies].map(([key, value]) => `${key}=${value}`).join("; ");
    return {
      method: call.method,
      path: call.path,
      deadline: this.#deadlineOf(call),
      headers: {
        ...(cookie !== "" && { cookie }),
        ...(call.body !== undefined && { "content-type": "application/json" }),
      },
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
    };
  }

  async #answered<T>(call: Call, send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof NoAnswer)) {
        throw error;
      }
      if (!error.unknown) {
        throw new OperationFailure(
          `The control plane at ${this.target} does not answer (${error.message}). Start it, or correct where it is.`,
        );
      }
      throw new UnknownOutcome(
        `${describe(call)} came to no answer ${this.#why(call, error)}. It is not known whether it was done. ` +
          "Look at the state of the control plane before you try again.",
      );
    }
  }

  #why(call: Call, { late, message }: NoAnswer): string {
    return late
      ? `within ${this.#deadlineOf(call)} s (a longer time: \`clawforce:controlPlane.deadline\`)`
      : `(${message})`;
  }

  #refuse(call: Call, { status, body }: HttpAnswer): void {
    if (status >= 400) {
      throw new ApiRefusal(`${describe(call)} was refused with HTTP ${status}: ${detailOf(body)}.`, status);
    }
  }

  #parsed<T>(call: Call, schema: z.ZodType<T>, { status, body }: HttpAnswer): T {
    const parsed = schema.safeParse(parsedJson(body));
    if (parsed.success) {
      return parsed.data;
    }
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? "the body" : issue.path.join(".");
    throw new OperationFailure(
      `${describe(call)} answered HTTP ${status} with something else than expected (${where}: ${issue?.message}). ` +
        `Is ${this.target} the control plane, in a version that this program knows?`,
    );
  }
}

function describe({ method, path }: Call): string {
  return `${method} ${path} of the control plane`;
}

/** The control plane's own words; nothing else of a body is ever repeated, because bodies carry tokens. */
function detailOf(body: string): string {
  const { detail } = (parsedJson(body) ?? {}) as { detail?: unknown };
  return typeof detail === "string"
    ? detail.replace(/\s+/g, " ").replace(/\.$/, "").slice(0, 300)
    : "no detail given";
}
