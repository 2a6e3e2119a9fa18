import { readFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";

/** The stand-in itself, as a program of Node.js. */
export const modelServerProgram = readFileSync(join(import.meta.dirname, "model-server/server.mjs"), "utf8");

/** Of its container. */
interface ModelServerParts {
  /** Its name in the network. */
  name: string;
  /** An image with Node.js. */
  image: string;
  network: string;
  labels: Record<string, string>;
}

/** Starts a stand-in of a model provider. Whoever made its labels removes it. */
export async function startModelServer(
  docker: Docker,
  { name, image, network, labels }: ModelServerParts,
): Promise<Docker.Container> {
  const container = await docker.createContainer({
    name,
    Image: image,
    Entrypoint: [],
    Cmd: ["node", "--input-type=module", "-e", modelServerProgram],
    Healthcheck: { Test: ["NONE"] },
    Labels: labels,
    HostConfig: { NetworkMode: network, Init: true },
  });
  await container.start();
  return container;
}

/** What a gateway's configuration says of it: `steady` is the model to use, `spare` the one that a failover takes. */
export function modelSettings(server: string): Record<string, unknown> {
  // Without a price each turn of 2026.4.23 ends with an error, after its reply.
  const cost = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  const model = (id: string) => ({ id, name: id, cost, contextWindow: 64_000, maxTokens: 1000 });
  return {
    agents: {
      defaults: {
        skipBootstrap: true,
        model: { primary: "standin/steady", fallbacks: ["standin/spare"] },
      },
    },
    models: {
      providers: {
        standin: {
          baseUrl: `http://${server}:8080/v1`,
          apiKey: "none",
          api: "openai-completions",
          models: [model("steady"), model("spare"), model("broken")],
        },
      },
    },
  };
}

/** One turn of the agent that every gateway has, in its main session. */
export function turnArgv(message: string): string[] {
  return ["openclaw", "agent", "--agent", "main", "--message", message, "--json"];
}
