import { readFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { oneShotLabel } from "../../platforms/docker/one-shot.ts";
import type { World } from "./world.ts";

const program = readFileSync(join(import.meta.dirname, "../images/model-server/server.mjs"), "utf8");

/** Starts the stand-in of a model provider in the world's network; the world removes it. Returns its name there. */
export async function startModelServer(world: World, network: string): Promise<string> {
  const name = `${world.stack}-model-server`;
  const container: Docker.Container = await world.docker.createContainer({
    name,
    Image: world.parts.images.fixture[1],
    Entrypoint: [],
    Cmd: ["node", "--input-type=module", "-e", program],
    Healthcheck: { Test: ["NONE"] },
    Labels: { [oneShotLabel]: `${world.stack}-model-server` },
    HostConfig: { NetworkMode: network, Init: true },
  });
  await container.start();
  return name;
}

/** What a gateway's configuration says of it: `steady` is the model to use, `spare` the one that a failover takes. */
export function modelSettings(server: string): Record<string, unknown> {
  const model = (id: string) => ({ id, name: id, contextWindow: 64_000, maxTokens: 1000 });
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
