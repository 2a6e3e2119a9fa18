import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { listContainers } from "../../platforms/docker/list.ts";
import { observe } from "../../platforms/docker/observe.ts";
import { scratchFolder } from "../support/scratch.ts";

describe("the list of a host's containers", () => {
  let server: Server | undefined;

  afterEach(() => {
    server?.close();
  });

  async function host(status: number, body: string): Promise<string> {
    const socket = join(scratchFolder(), "docker.sock");
    server = createServer((request, response) => {
      const known = request.url === "/containers/json?all=1";
      response.writeHead(known ? status : 404).end(body);
    });
    await new Promise<void>((resolve) => {
      server?.listen(socket, resolve);
    });
    return `unix://${socket}`;
  }

  test("comes from the host's socket", async () => {
    const image = `openclaw@sha256:${"a".repeat(64)}`;
    const labels = { "clawforce.stack": "prod", "clawforce.workload": "a-1" };
    const container = {
      Id: "1",
      Labels: labels,
      Names: ["/a-1"],
      Image: image,
      State: "running",
      Status: "Up 3 minutes",
    };
    const found = await observe(
      { host: await host(200, JSON.stringify([container])) },
      [{ unit: "a-1", workload: "a-1" }],
      "prod",
    );
    expect([...found]).toEqual([["a-1", { id: "1", image, state: "running", serves: true, of: "a-1" }]]);
  });

  test("has what a stack has made for a workload under another name, and nothing else", async () => {
    const image = `openclaw@sha256:${"a".repeat(64)}`;
    const listed = (name: string, labels: object) => ({
      ...{ Id: name, Labels: labels, Names: [`/${name}`], Image: image, State: "running", Status: "Up" },
    });
    const answer = [
      listed("Gateway_1", { "clawforce.stack": "prod", "clawforce.workload": "a-1" }),
      listed("other", { "clawforce.stack": "prod", "clawforce.workload": "a-2" }),
      listed("of-another-stack", { "clawforce.stack": "staging", "clawforce.workload": "a-1" }),
    ];
    const found = await observe(
      { host: await host(200, JSON.stringify(answer)) },
      [{ unit: "a-1", workload: "a-1" }],
      "prod",
    );
    expect([...found].map(([name, { of }]) => [name, of])).toEqual([["Gateway_1", "a-1"]]);
  });

  test("is refused with what the host said", async () => {
    await expect(listContainers(await host(500, '{"message":"no space left"}\n'))).rejects.toThrow(
      'Docker answered the list of containers with HTTP 500: {"message":"no space left"}',
    );
  });

  test("of a host that is not there is one sentence", async () => {
    await expect(
      observe({ host: "unix:///nowhere/docker.sock" }, [{ unit: "a-1", workload: "a-1" }], "prod"),
    ).rejects.toThrow(
      "The Docker host unix:///nowhere/docker.sock does not answer (ENOENT); nothing was done. Start it, or correct clawforce:platform.host.",
    );
  });
});
