import type { IncomingMessage } from "node:http";
import { Agent, request as requestPlain } from "node:http";
import { request as requestSecure, Agent as SecureAgent } from "node:https";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { EngineFailure } from "../failure.ts";
import type { OpenOptions } from "../kind.ts";
import type { ControllerKind } from "./controller-kind.ts";
import { CredentialSource } from "./credentials.ts";
import { engineFailure, silentServer } from "./engine-failure.ts";
import { type ClusterAccess, clusterAccess } from "./kubeconfig.ts";
import type { List } from "./objects.ts";
import { refusalOf } from "./refusal.ts";
import { defaultAnswer, type KubernetesSettings } from "./settings.ts";

export interface Question {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** From the root: `/api/v1/namespaces/clawforce/pods`. */
  path: string;
  query?: Query;
  body?: unknown;
  /** Of the body; default: JSON. */
  type?: string;
  /** Seconds for the answer, or its beginning where it is a stream; default: those of the settings. */
  deadline?: number;
  /** Seconds that a server which has answered before is waited for; default 60. */
  patience?: number;
  signal?: AbortSignal;
}

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** A change may take so many times as long as a question: it waits for webhooks and disks. */
const changeFactor = 4;
/** Seconds that a server is waited for in the middle of work. */
const outage = 60;

/** Everything that is said to one API server, in one namespace. Nothing is read or asked before it is needed. */
export class Cluster {
  readonly namespace: string;
  readonly settings: KubernetesSettings;
  /** Of units as they were last seen, by name: for commands that name them. */
  readonly kinds = new Map<string, ControllerKind>();
  #access: ClusterAccess | undefined;
  #credentials: CredentialSource | undefined;
  #agent: Agent | undefined;
  /** An outage is waited for only by who knows that there is a server at all. */
  #hasAnswered: boolean;
  /** Milliseconds by which its clock is ahead of ours. */
  #ahead = 0;

  constructor(settings: KubernetesSettings, { answers = false }: OpenOptions = {}) {
    this.#hasAnswered = answers;
    this.settings = settings;
    this.namespace = settings.namespace;
  }

  get access(): ClusterAccess {
    this.#access ??= clusterAccess(this.settings);
    return this.#access;
  }

  get answer(): number {
    return this.settings.answer ?? defaultAnswer;
  }

  /** What its clock showed with its last answer, carried on by ours. */
  get now(): Date {
    return new Date(Date.now() + this.#ahead);
  }

  /** Where objects of the namespace are: `in("apps/v1", "statefulsets", "bot-a")`. */
  in(api: string, kind: string, ...rest: string[]): string {
    const group = api.includes("/") ? `/apis/${api}` : `/api/${api}`;
    return [group, "namespaces", this.namespace, kind, ...rest.map(encodeURIComponent)].join("/");
  }

  /** How an operator says the same: `kubectl --context prod -n clawforce get pod`. */
  kubectl(command: string): string {
    const { kubeconfig } = this.settings;
    const file = kubeconfig === undefined ? "" : ` --kubeconfig ${kubeconfig}`;
    return `kubectl${file} --context ${this.access.context} -n ${this.namespace} ${command}`;
  }

  /** The answer as it is parsed. See `Refusal`, and `EngineFailure` where none comes. */
  async ask<Answer>(question: Question): Promise<Answer> {
    return this.enduring(async () => {
      const response = await this.#send(question);
      const late = setTimeout(
        () => response.destroy(this.#silent(question)),
        this.#deadlineOf(question) * 1000,
      );
      try {
        const body = await text(response);
        return (body === "" ? undefined : JSON.parse(body)) as Answer;
      } finally {
        clearTimeout(late);
      }
    }, question.patience);
  }

  /** All objects of a kind: `list(cluster.in("v1", "pods"))`. */
  async list<Item>(path: string, query?: Query): Promise<Item[]> {
    const { items = [] } = await this.ask<List<Item>>({ path, ...(query && { query }) });
    return items;
  }

  /** The answer as it comes. Whoever takes it destroys it. */
  async stream(question: Question): Promise<IncomingMessage> {
    return this.enduring(() => this.#send(question), question.patience);
  }

  /** Does it again while a server that has answered before does not: whatever is done may be done twice. */
  async enduring<T>(work: () => Promise<T>, patience = outage): Promise<T> {
    const end = performance.now() + patience * 1000;
    for (;;) {
      try {
        const done = await work();
        this.#hasAnswered = true;
        return done;
      } catch (error) {
        const told = engineFailure(this.access.server, this.access.context, error);
        if (!(told instanceof EngineFailure) || !this.#hasAnswered || performance.now() > end) throw told;
        await sleep(500);
      }
    }
  }

  /** What a connection to it needs, beside the address. */
  async connection(): Promise<{ headers: Record<string, string>; tls: object }> {
    const { ca, insecure, serverName, user } = this.access;
    this.#credentials ??= new CredentialSource(user);
    const { token, certificate } = await this.#credentials.now();
    return {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      tls: {
        ...(ca !== undefined && { ca }),
        ...(serverName !== undefined && { servername: serverName }),
        ...certificate,
        rejectUnauthorized: !insecure,
      },
    };
  }

  #deadlineOf({ method = "GET", deadline }: Question): number {
    return deadline ?? (method === "GET" ? 1 : changeFactor) * this.answer;
  }

  #silent(question: Question): EngineFailure {
    const { server, context } = this.access;
    const what = `\`${question.method ?? "GET"} ${question.path}\``;
    return silentServer(server, context, what, this.#deadlineOf(question));
  }

  async #send(question: Question): Promise<IncomingMessage> {
    const { method = "GET", path, query, body, type = "application/json", signal } = question;
    const { server, context } = this.access;
    const seconds = this.#deadlineOf(question);
    const what = `\`${method} ${path}\``;
    const { headers, tls } = await this.connection();
    const url = new URL(`${server}${path}${queryText(query)}`);
    const isSecure = url.protocol === "https:";
    this.#agent ??= isSecure
      ? new SecureAgent({ keepAlive: true, timeout: 60_000 })
      : new Agent({ keepAlive: true });
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const options = {
      ...{ method, agent: this.#agent, ...(isSecure && tls), ...(signal && { signal }) },
      headers: {
        ...{ ...headers, accept: "application/json, */*" },
        ...(payload !== undefined && { "content-type": type, "content-length": Buffer.byteLength(payload) }),
      },
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = (isSecure ? requestSecure : requestPlain)(url, options, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      const timer = setTimeout(() => {
        reject(this.#silent(question));
        asked.destroy();
      }, seconds * 1000);
      asked.on("error", (error) => {
        clearTimeout(timer);
        reject(error);
      });
      asked.end(payload);
    });
    const date = Date.parse(response.headers.date ?? "");
    if (!Number.isNaN(date)) this.#ahead = date - Date.now();
    const status = response.statusCode ?? 0;
    if (status < 300) return response;
    if (status === 401) this.#credentials?.forget();
    throw refusalOf({ status, body: await text(response) }, { what, where: server, context });
  }
}

export function queryText(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined) parameters.append(key, String(each));
    }
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}
