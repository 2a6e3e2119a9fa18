import type { IncomingMessage, ServerResponse } from "node:http";
import { request as askGateway } from "node:http";
import { json } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { Accounts } from "./accounts.ts";
import type { Backups } from "./backups.ts";
import type { Engine } from "./engine.ts";
import { EngineError } from "./engine.ts";
import { type Environment, switchText } from "./environment.ts";
import { type Instances, Refusal } from "./instances.ts";
import type { Row, Store } from "./store.ts";
import type { Tasks } from "./tasks.ts";

export interface Api {
  environment: Environment;
  store: Store;
  engine: Engine;
  tasks: Tasks;
  instances: Instances;
  backups: Backups;
  accounts: Accounts;
  begun: number;
}

interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
  user: Row | undefined;
  id: number;
  rest: string;
  body(): Promise<Record<string, unknown>>;
}

type Answer = readonly [status: number, body?: unknown] | "sent";
/** Who may ask: everyone, who has a session, an administrator. */
type Who = "all" | "session" | "admin";
type Route = readonly [call: string, who: Who, answer: (api: Api, call: Call) => Promise<Answer>];

const routes: readonly Route[] = [
  ["GET /health", "all", async (api) => [200, await health(api)]],
  [
    "GET /auth/setup-required",
    "all",
    async ({ accounts }) => [200, { setup_required: accounts.setupRequired() }],
  ],
  ["POST /auth/setup", "all", setUp],
  ["POST /auth/login", "all", login],
  ["GET /auth/me", "session", async (_, { user }) => [200, { ...user, teams: [] }]],
  [
    "GET /instances",
    "session",
    async ({ instances }, call) => [200, seesAll(call) ? await instances.list() : []],
  ],
  [
    "POST /instances",
    "session",
    async ({ instances }, call) => [201, await instances.create(await call.body())],
  ],
  ["GET /instances/:id", "session", async ({ instances }, { id }) => [200, await instances.get(id)]],
  [
    "PUT /instances/:id",
    "session",
    async (api, call) => [200, await api.instances.change(call.id, await call.body())],
  ],
  ["DELETE /instances/:id", "session", async ({ instances }, { id }) => [204, await instances.remove(id)]],
  ["POST /instances/:id/start", "session", async ({ instances }, { id }) => [200, await instances.start(id)]],
  ["POST /instances/:id/stop", "session", async ({ instances }, { id }) => [200, await instances.stop(id)]],
  [
    "POST /instances/:id/restart",
    "session",
    async ({ instances }, { id }) => [200, await instances.restart(id)],
  ],
  [
    "POST /instances/:id/update-image",
    "session",
    async (api, { id }) => [202, await api.instances.updateImage(id)],
  ],
  ["GET /instances/:id/backups", "session", async ({ backups }, { id }) => [200, backups.ofInstance(id)]],
  [
    "POST /instances/:id/backups",
    "session",
    async (api, call) => [202, api.backups.create(call.id, await call.body())],
  ],
  [
    "GET /backups",
    "session",
    async ({ backups }, call) => [200, seesAll(call) ? backups.page(call.query) : nothing],
  ],
  ["GET /backups/:id", "session", async ({ backups }, { id }) => [200, backups.row(id)]],
  ["DELETE /backups/:id", "session", async ({ backups }, { id }) => [204, await backups.remove(id)]],
  ["GET /backups/:id/download", "session", download],
  ["POST /backups/:id/restore", "session", async ({ backups }, { id }) => [202, backups.restore(id)]],
  ["GET /users", "admin", async ({ accounts }) => [200, accounts.all()]],
  ["POST /users", "admin", createUser],
  ["GET /settings", "admin", async ({ store }) => [200, store.settings()]],
  ["PUT /settings", "admin", changeSettings],
  ["GET /tasks", "session", async ({ tasks }, call) => [200, seesAll(call) ? tasks.list(call.query) : []]],
  ["GET /openclaw/:id/*", "session", passToGateway],
];

/** Whoever is no administrator gets 200 and nothing: that is how the real program answers members of no team. */
function seesAll({ user }: Call): boolean {
  return user?.role === "admin";
}

const nothing = { backups: [], total: 0, limit: 50, offset: 0 };

export async function respond(api: Api, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://stand-in");
  if (switchText(api.environment, "hang")?.split(" ")[0] === url.pathname) return;
  try {
    const [status, body] = await answer(api, request, response, url);
    if (response.writableEnded || response.headersSent) return;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(body === undefined ? undefined : `${JSON.stringify(body)}\n`);
  } catch (error) {
    const status = error instanceof Refusal ? error.status : error instanceof EngineError ? 503 : 500;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.writeHead(status, { "content-type": "application/json" });
    response.end(`${JSON.stringify({ detail: (error as Error).message })}\n`);
  }
}

async function answer(
  api: Api,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<readonly [status: number, body?: unknown]> {
  const user = api.accounts.userOf(request.headers.cookie);
  for (const [call, who, work] of routes) {
    const found = patternOf(call).exec(`${request.method} ${url.pathname}`);
    if (found === null) continue;
    if (who !== "all" && user === undefined) throw new Refusal(401, "Authentication required");
    if (who === "admin" && user?.role !== "admin") throw new Refusal(403, "Admin access required");
    const { id, rest = "" } = found.groups ?? {};
    const query = url.searchParams;
    const body = () => bodyOf(request);
    const result = await work(api, { request, response, user, query, id: Number(id), rest, body });
    return result === "sent" ? [200] : result;
  }
  throw new Refusal(404, "Not found");
}

function patternOf(call: string): RegExp {
  const [method = "", path = ""] = call.split(" ");
  const base = path === "/health" || path.startsWith("/openclaw/") ? "" : "/api/v1";
  return new RegExp(`^${method} ${base}${path.replace(":id", "(?<id>\\d+)").replace("*", "(?<rest>.*)")}$`);
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  try {
    return (await json(request)) as Record<string, unknown>;
  } catch {
    throw new Refusal(400, "Invalid request body");
  }
}

/** Always under HTTP 200, whatever it says. `stand_in` is the one field that the real program does not have. */
async function health({ engine, environment, begun }: Api): Promise<unknown> {
  const available = await engine.available();
  const sick = !available || switchText(environment, "unhealthy") !== undefined;
  const backend = available ? "docker" : "none";
  return {
    stand_in: true,
    status: sick ? "unhealthy" : "healthy",
    database: "connected",
    orchestrator: available ? "connected" : "disconnected",
    orchestrator_backend: backend,
    orchestrator_status: { backend, available, attempts: [] },
    uptime: `${Math.round((Date.now() - begun) / 1000)}s`,
    build_date: `stand-in-${environment.version}`,
  };
}

async function setUp({ accounts }: Api, call: Call): Promise<Answer> {
  if (!accounts.setupRequired()) throw new Refusal(409, "Setup already completed");
  return created(accounts, { ...(await call.body()), role: "admin" });
}

async function createUser({ accounts }: Api, call: Call): Promise<Answer> {
  return created(accounts, await call.body());
}

function created(accounts: Accounts, body: Record<string, unknown>): Answer {
  const { username, password, role: wanted = "user" } = body;
  if (typeof username !== "string" || typeof password !== "string" || typeof wanted !== "string")
    throw new Refusal(400, "Invalid request body");
  const { id, role } = accounts.create(username, password, wanted);
  return [201, { id, username, role }];
}

async function login({ accounts }: Api, call: Call): Promise<Answer> {
  const { username, password } = await call.body();
  const session = accounts.login(String(username), String(password));
  if (session === undefined) throw new Refusal(401, "Invalid credentials");
  call.response.setHeader("set-cookie", session.cookie);
  const { id, role } = session.user;
  return [200, { id, username, role }];
}

/** Takes any key, also one that nothing reads. */
async function changeSettings({ store }: Api, call: Call): Promise<Answer> {
  for (const [key, value] of Object.entries(await call.body())) store.setSetting(key, String(value));
  return [200, store.settings()];
}

async function download({ backups }: Api, { id, response }: Call): Promise<Answer> {
  const archive = backups.download(id);
  response.writeHead(200, { "content-type": "application/gzip" });
  await pipeline(archive, response);
  return "sent";
}

/** The control plane's way to the gateway of an instance, as far as a GET needs it. */
async function passToGateway({ instances, environment }: Api, { id, rest, response }: Call): Promise<Answer> {
  const host = String(instances.row(id).name);
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    askGateway({ host, port: environment.gatewayPort, path: `/${rest}` }, resolve)
      .on("error", reject)
      .end();
  }).catch(() => {
    throw new Refusal(502, "Gateway not reachable");
  });
  response.writeHead(incoming.statusCode ?? 502, {
    "content-type": incoming.headers["content-type"] ?? "text/plain",
  });
  await pipeline(incoming, response);
  return "sent";
}
