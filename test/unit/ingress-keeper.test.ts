import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { DockerPlatform } from "../../platforms/docker/platform.ts";
import { keeperFor, keptText } from "../../platforms/proxies/kamal/keeper.ts";
import { scratchFolder } from "../support/scratch.ts";

const file = new URL("../../platforms/proxies/kamal/scripts/keep-deadlines.sh", import.meta.url);
const ours = readFileSync(file, "utf8").trim();

describe("the script of a proxy that runs", () => {
  const [head = "", ...rest] = ours.split("\n");

  test.each([
    ["with another comment", [head, "# Said in another way.", ...rest]],
    ["with none of them", ours.split("\n").filter((line) => !line.startsWith("#"))],
    ["with blank lines", [head, ...rest.flatMap((line) => [line, ""])]],
  ])("stays as it is %s", (_, lines) => {
    const running = lines.join("\n");
    expect(running).not.toBe(ours);
    expect(keptText(ours, running)).toBe(running);
  });

  test.each([
    ["does something else", ours.replace("sleep 0.5", "sleep 5")],
    ["does less", ours.split("\n").slice(0, -1).join("\n")],
    ["does it in another order", ours.split("\n").toReversed().join("\n")],
    ["is none", undefined],
  ])("becomes ours where it %s", (_, running) => {
    expect(keptText(ours, running)).toBe(ours);
  });
});

describe("a preview", () => {
  let server: Server | undefined;
  afterEach(() => void server?.close());

  async function host(status: number, body: string): Promise<string> {
    const socket = join(scratchFolder(), "docker.sock");
    server = createServer((request, response) => {
      response.writeHead(request.url === "/containers/front/json" ? status : 418).end(body);
    });
    await new Promise<void>((resolve) => {
      server?.listen(socket, resolve);
    });
    return `unix://${socket}`;
  }

  const keeper = (at: string, ingress?: object) =>
    keeperFor({ ingress } as Parameters<typeof keeperFor>[0], new DockerPlatform({ host: at }));

  test("asks the proxy's container for its script", async () => {
    const running = `# another\n${ours}`;
    const at = await host(200, JSON.stringify({ Config: { Cmd: ["bash", "-c", running] } }));
    expect(await keeper(at, { name: "front" })).toBe(running);
  });

  test("takes ours for a proxy that is not there yet, and asks nobody without one", async () => {
    expect(await keeper(await host(404, "{}"), { name: "front" })).toBe(ours);
    expect(await keeper("unix:///nowhere")).toBe(ours);
  });
});
