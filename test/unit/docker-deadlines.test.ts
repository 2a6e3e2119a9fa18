import { createServer, type RequestListener, type Server } from "node:http";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { dockerClient, unreachableHost } from "../../platforms/docker/client.ts";
import { deadlineOf } from "../../platforms/docker/deadlines.ts";
import { listContainers } from "../../platforms/docker/list.ts";
import { EngineFailure } from "../../platforms/failure.ts";
import { scratchFolder } from "../support/scratch.ts";

const call = (method: string, path: string, options?: { t?: number }) => ({ method, path, options });

test.each([
  ["a question", call("GET", "/containers/a/json?"), 30],
  ["a log", call("GET", "/containers/a/logs?"), 120],
  ["a change", call("POST", "/containers/create?"), 120],
  ["a removal", call("DELETE", "/containers/a?"), 120],
  ["a stop: its grace, and the answer", call("POST", "/containers/a/stop?", { t: 45 }), 75],
  ["a stop without a grace: Docker's own", call("POST", "/containers/a/stop?"), 40],
  ["the wait for an end: its caller's", call("POST", "/containers/a/wait?"), undefined],
])("the deadline of %s", (_, asked, seconds) => {
  expect(deadlineOf(asked, 30)).toBe(seconds);
});

describe("an engine that does not answer", () => {
  let server: Server | undefined;

  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function host(listener: RequestListener): Promise<string> {
    const socket = join(scratchFolder(), "docker.sock");
    server = createServer(listener);
    await new Promise<void>((resolve) => {
      server?.listen(socket, resolve);
    });
    return `unix://${socket}`;
  }

  const silent: RequestListener = () => {};
  /** Its answer begins and does not end. */
  const stuck: RequestListener = (_, response) => {
    response.writeHead(200, { "content-type": "application/json" }).write("[");
  };

  test.each([
    ["silent", silent],
    ["stuck within its answer", stuck],
  ])("%s, is one sentence", async (_, listener) => {
    const at = await host(listener);
    const sentence =
      "within 0.2 s. Look at it on its host (`systemctl status docker`, `journalctl -u docker`). Once it answers again, run `fleet recover`.";
    const asked = dockerClient(at, { answer: 0.2 }).listContainers();
    await expect(asked).rejects.toThrow(
      `The Docker engine at ${at} did not answer \`GET /containers/json\` ${sentence}`,
    );
    await expect(listContainers(at, { answer: 0.2 })).rejects.toThrow(sentence);
  });

  test("keeps no connection open", async () => {
    const at = await host(silent);
    await expect(dockerClient(at, { answer: 0.2 }).ping()).rejects.toThrow(EngineFailure);
    const open = () => new Promise((resolve) => server?.getConnections((_, count) => resolve(count)));
    await expect.poll(open).toBe(0);
  });

  test("is told apart from one that says no", async () => {
    const at = await host((_, response) => response.writeHead(500).end('{"message":"no space left"}'));
    const error = await dockerClient(at, { answer: 600 })
      .ping()
      .catch((reason: unknown) => reason);
    expect(String(error)).toContain("no space left");
    expect(error).not.toBeInstanceOf(EngineFailure);
  });
});

test("an engine that is not there is one sentence, whatever is asked", async () => {
  const asked = dockerClient("unix:///nowhere/docker.sock").getContainer("a").stop({ t: 1 });
  const error = await asked.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(EngineFailure);
  expect(String(error)).toContain(
    "The Docker host unix:///nowhere/docker.sock does not answer (ENOENT). Start it",
  );
  expect(String(unreachableHost("unix:///nowhere/docker.sock", error))).toContain(
    "; nothing was done. Start it",
  );
});

test("DOCKER_HOST does not lead the client to another engine", async () => {
  const before = process.env.DOCKER_HOST;
  process.env.DOCKER_HOST = "tcp://127.0.0.1:1";
  try {
    await expect(dockerClient("unix:///nowhere/docker.sock").ping()).rejects.toThrow(
      "unix:///nowhere/docker.sock",
    );
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
  }
});
