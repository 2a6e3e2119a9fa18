import { randomBytes } from "node:crypto";
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerClient } from "../../platforms/docker/client.ts";
import { execInContainer } from "../../platforms/docker/exec.ts";
import { openHttp } from "../../platforms/docker/http.ts";
import { oneShotLabel } from "../../platforms/docker/one-shot.ts";
import type { HttpClient } from "../../platforms/http.ts";
import { hostileTokens } from "../support/hostile-tokens.ts";
import { scratchFolder } from "../support/scratch.ts";
import { partsOfThisRun, until } from "../support/world.ts";

/** Answers with what has arrived, byte by byte; /silent never does. */
const echo = `
  require("node:http").createServer((request, response) => {
    if (request.url === "/silent") return;
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([key, value]) => [key, Buffer.from(value, "latin1").toString("utf8")]));
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => response.end(JSON.stringify({
      method: request.method, url: request.url, headers, body: Buffer.concat(chunks).toString("utf8") })));
  }).listen(18789, "127.0.0.1");`;

describe("the HTTP client in a workload's network", () => {
  const name = `http${randomBytes(4).toString("hex")}`;
  let docker: Docker;
  let server: Docker.Container;
  let client: HttpClient;

  beforeAll(async () => {
    const { dockerHost, images } = await partsOfThisRun();
    docker = dockerClient(dockerHost);
    server = await docker.createContainer({
      name,
      Image: images.fixture[1],
      Entrypoint: [],
      Cmd: ["node", "-e", echo],
      Healthcheck: { Test: ["NONE"] },
      Labels: { [oneShotLabel]: name },
      HostConfig: { NetworkMode: "none", Init: true },
    });
    await server.start();
    client = await openHttp(docker, {
      image: images.tools,
      label: `${name}/probe`,
      networkMode: `container:${name}`,
      url: "http://127.0.0.1:18789",
    });
    await until("the server answers", () =>
      client.send({ method: "GET", path: "/", headers: {}, deadline: 5 }).then(
        () => true,
        () => false,
      ),
    );
  });
  afterAll(async () => {
    await client?.close();
    await server?.remove({ force: true });
  });

  async function arrived(token: string): Promise<{ headers: Record<string, string>; url: string }> {
    const headers = { authorization: `Bearer ${token}` };
    const path = "/a?list[]={1,2}&b=%22";
    return JSON.parse((await client.send({ method: "GET", path, headers, deadline: 10 })).body);
  }

  it.each(hostileTokens.carried)("delivers the token %j as it is, in one request", async (token) => {
    const { headers, url } = await arrived(token);
    expect(headers.authorization).toBe(`Bearer ${token}`);
    expect(url).toBe("/a?list[]={1,2}&b=%22");
    expect(Object.keys(headers).toSorted()).toEqual(["accept", "authorization", "host", "user-agent"]);
  });

  it.each(hostileTokens.refused)("sends nothing for the token %j, and writes no file", async (token) => {
    await expect(arrived(token)).rejects.toThrow("no request can carry it, and none was sent");
    const own = (await docker.listContainers({ filters: { label: [`${oneShotLabel}=${name}/probe`] } }))[0];
    const listed = await execInContainer(docker, own?.Id ?? "", ["ls", "-A", "/tmp"], { deadline: 30 });
    expect(listed.stdout).not.toContain("hostile");
  });

  it("delivers a body with quotes, backslashes and line breaks", async () => {
    const body = '{"password":"a \\"quoted\\" \\\\ one\\n",\n"b":"@file"}';
    const headers = { "content-type": "application/json" };
    const answer = await client.send({ method: "POST", path: "/", headers, body, deadline: 10 });
    expect(JSON.parse(answer.body)).toMatchObject({ method: "POST", body });
  });

  it("downloads into a file that nobody else may read", async () => {
    const file = join(scratchFolder(), "download");
    const request = { method: "GET", path: "/x", headers: {}, deadline: 10 } as const;
    expect(await client.download(request, file)).toBe(200);
    expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({ url: "/x" });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await rm(file);
  });

  it("tells a late answer from one that never was asked for", async () => {
    const silent = { method: "GET", path: "/silent", headers: {}, deadline: 1 } as const;
    await expect(client.send(silent)).rejects.toMatchObject({ unknown: true, late: true });
    const nobody = { method: "GET", path: "/", port: 1, headers: {}, deadline: 5 } as const;
    await expect(client.send(nobody)).rejects.toMatchObject({ unknown: false, late: false });
  });

  it("leaves no container of its own when it can't be opened, and closes twice without a word", async () => {
    const { images } = await partsOfThisRun();
    const route = { image: images.tools, label: `${name}/none`, url: "http://127.0.0.1" };
    await expect(openHttp(docker, { ...route, networkMode: "container:none-of-ours" })).rejects.toThrow();
    const left = await docker.listContainers({
      all: true,
      filters: { label: [`${oneShotLabel}=${name}/none`] },
    });
    expect(left).toEqual([]);
    const other = await openHttp(docker, { ...route, networkMode: "none" });
    await other.close();
    await other.close();
  });
});
