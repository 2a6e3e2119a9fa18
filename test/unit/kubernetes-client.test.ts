import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { EngineFailure } from "../../platforms/failure.ts";
import type { OpenOptions } from "../../platforms/kind.ts";
import { Cluster } from "../../platforms/kubernetes/cluster.ts";
import { createOnce, followPod } from "../../platforms/kubernetes/pods.ts";
import { isConflict, isForbidden, isNotFound, Refusal } from "../../platforms/kubernetes/refusal.ts";
import { settings } from "./kubernetes-objects.ts";

const folder = mkdtempSync(join(tmpdir(), "cluster-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let port: number;
let answers: Answer[];
let asked: string[];

function status(code: number, body: object = {}, headers = {}): Answer {
  return (_request, response) => response.writeHead(code, headers).end(JSON.stringify(body));
}

async function listen(): Promise<void> {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    (answers.shift() ?? status(500, { message: "nobody has said this answer" }))(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
}

function close(): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

beforeEach(async () => {
  port = 0;
  answers = [];
  asked = [];
  await listen();
});
afterEach(close);

function cluster(answer = 30, options?: OpenOptions): Cluster {
  const kubeconfig = join(folder, "config");
  const content = {
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: "u", user: { token: "secret" } }],
  };
  writeFileSync(kubeconfig, stringify(content));
  return new Cluster(settings({ namespace: "ns", kubeconfig, answer }), options);
}

describe("a question to the API server", () => {
  test("goes to the namespace, with the credentials and the query", async () => {
    answers = [status(200, { items: [] })];
    const one = cluster();
    const query = { labelSelector: "a=b,c", command: ["x", "y z"], left: undefined };
    expect(await one.ask({ path: one.in("apps/v1", "statefulsets", "a b"), query })).toEqual({ items: [] });
    expect(asked).toEqual([
      "GET /apis/apps/v1/namespaces/ns/statefulsets/a%20b?labelSelector=a%3Db%2Cc&command=x&command=y+z Bearer secret",
    ]);
  });

  test("that is refused says what the server said, and no secret", async () => {
    const message = 'pods is forbidden: User "u" cannot list resource "pods" in API group ""';
    answers = [
      status(403, { message, reason: "Forbidden" }),
      status(404),
      status(409),
      status(422, { message: "no." }),
    ];
    const one = cluster();
    const refused = async () => {
      const error = await one.ask({ path: "/x" }).catch((each) => each);
      expect(error).toBeInstanceOf(Refusal);
      return error as Refusal;
    };
    const forbidden = await refused();
    expect(forbidden.message).toBe(`${message}. Give the deployer this right, then try again (\`GET /x\`).`);
    expect(isForbidden(forbidden)).toBe(true);
    expect(isNotFound(await refused())).toBe(true);
    expect(isConflict(await refused())).toBe(true);
    expect((await refused()).message).toBe("Kubernetes refused `GET /x`: no.");
  });

  test("whose credentials are refused names the context", async () => {
    answers = [status(401)];
    await expect(cluster().ask({ path: "/x" })).rejects.toThrow(
      `The cluster at http://127.0.0.1:${port} does not accept the credentials of the context test. Log in again`,
    );
  });

  test("fails at once where no server has ever answered", async () => {
    await close();
    const error: unknown = await cluster()
      .ask({ path: "/x" })
      .catch((each) => each);
    await listen();
    expect(error).toBeInstanceOf(EngineFailure);
    expect((error as EngineFailure).message).toBe(
      `The API server http://127.0.0.1:${port} does not answer (ECONNREFUSED). Start it, or correct clawforce:platform.context (it is test).`,
    );
  });

  test("is asked again while a server that has answered before is gone", async () => {
    answers = [status(200), status(503, { message: "etcd is gone" }), status(200, { ok: true })];
    const one = cluster();
    await one.ask({ path: "/x" });
    await close();
    const waiting = one.ask({ path: "/y" });
    await new Promise((resolve) => setTimeout(resolve, 700));
    await listen();
    expect(await waiting).toEqual({ ok: true });
    expect(asked).toHaveLength(3);
  });

  test("is asked again where it answered whoever has started this program", async () => {
    answers = [status(200, { ok: true })];
    const one = cluster(30, { answers: true });
    await close();
    const waiting = one.ask({ path: "/x" });
    await new Promise((resolve) => setTimeout(resolve, 700));
    await listen();
    expect(await waiting).toEqual({ ok: true });
  });

  test("is given up when the server is gone for longer than that", async () => {
    answers = [status(200), status(503, { message: "not yet" })];
    const one = cluster();
    await one.ask({ path: "/x" });
    await expect(one.ask({ path: "/y", patience: 0 })).rejects.toThrow(
      "can't serve `GET /y` now (HTTP 503: not yet)",
    );
  });

  test("is refused for what it wants by a quota or a policy of the namespace", async () => {
    const message = 'pods "x" is forbidden: exceeded quota: compute';
    answers = [status(403, { message, reason: "Forbidden" })];
    await expect(cluster().ask({ path: "/x" })).rejects.toThrow(`Kubernetes refused \`GET /x\`: ${message}.`);
  });

  test("has a deadline for its whole answer", async () => {
    answers = [(_request, response) => response.writeHead(200).write("{")];
    await expect(cluster(0.2).ask({ path: "/x" })).rejects.toThrow("did not answer `GET /x` within 0.2 s");
  });

  test("has a deadline", async () => {
    answers = [() => {}];
    await expect(cluster(0.2).ask({ path: "/x" })).rejects.toThrow(
      `The API server http://127.0.0.1:${port} did not answer \`GET /x\` within 0.2 s.`,
    );
  });

  test("tells the time of the server", async () => {
    answers = [status(200, {}, { date: "Mon, 30 Nov 2020 08:00:00 GMT" })];
    const one = cluster();
    await one.ask({ path: "/x" });
    expect(one.now.toISOString()).toMatch(/^2020-11-30T08:00:/);
  });
});

describe("a creation", () => {
  const pod = { metadata: { name: "p", annotations: { "clawforce.io/call": "1" } } };

  test("whose answer was lost finds its own", async () => {
    answers = [status(409), status(200, { ...pod, spec: "as it is" })];
    expect(await createOnce(cluster(), "/pods", pod)).toMatchObject({ spec: "as it is" });
    expect(asked.map((line) => line.split(" Bearer")[0])).toEqual(["POST /pods", "GET /pods/p"]);
  });

  test("of a name that another call has made fails", async () => {
    const other = { metadata: { name: "p", annotations: { "clawforce.io/call": "2" } } };
    answers = [status(409, { message: "exists" }), status(200, other)];
    await expect(createOnce(cluster(), "/pods", pod)).rejects.toThrow("exists");
  });
});

describe("a pod that no node takes", () => {
  const turnedAway = (minutes: number) => {
    const lastTransitionTime = new Date(Date.now() - minutes * 60_000).toISOString();
    const reasons = {
      reason: "Unschedulable",
      message: "0/1 nodes are available: 1 node(s) were unschedulable.",
    };
    const condition = { type: "PodScheduled", status: "False", ...reasons, lastTransitionTime };
    return status(200, { metadata: { name: "p" }, status: { phase: "Pending", conditions: [condition] } });
  };
  const placed = status(200, { metadata: { name: "p" }, spec: { nodeName: "n" }, status: {} });
  const follow = () =>
    followPod(cluster(), "p", {
      ...{ deadline: 3600, late: () => new Error("late") },
      look: ({ spec }) => spec?.nodeName,
    });

  test("is waited for, as a drained node comes back", async () => {
    answers = [turnedAway(0), turnedAway(9), placed];
    expect(await follow()).toBe("n");
  });

  test("is given up after a while, with the scheduler's reason", async () => {
    answers = [turnedAway(11), placed];
    await expect(follow()).rejects.toThrow(
      "the pod p has waited for 10 minutes: no node takes it (Unschedulable: 0/1 nodes are available: " +
        "1 node(s) were unschedulable.). Make room on a node or uncordon one, then try again.",
    );
  });
});
