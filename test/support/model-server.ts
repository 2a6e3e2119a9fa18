import { startModelServer } from "../../demo/model-server.ts";
import { oneShotLabel } from "../../platforms/docker/one-shot.ts";
import type { World } from "./world.ts";
import { networkOf } from "./world-settings.ts";

/** Starts the stand-in of a model provider in the world's network; the world removes it. Returns its name there. */
export async function modelServerOf(world: World): Promise<string> {
  const name = `${world.stack}-model-server`;
  await startModelServer(world.docker, {
    name,
    image: world.parts.images.fixture[1],
    network: networkOf(world.stack),
    labels: { [oneShotLabel]: name },
  });
  return name;
}
