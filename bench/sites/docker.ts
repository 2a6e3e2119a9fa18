import type Docker from "dockerode";
import { freePort } from "../../demo/free-port.ts";
import { until, World } from "../../test/support/world.ts";
import type { Life } from "../update-figures.ts";
import { followed, type Line } from "./followed.ts";
import { group, ingress, type Site } from "./site.ts";

/** One gateway on the Docker host, asked through the port of the proxy. */
export async function onDocker(stable: string): Promise<Site> {
  const port = await freePort();
  const world = await World.create(
    { stable },
    { instances: 1, patience: true, group, ingress: { ...ingress, publish: { port } } },
  );
  const close = () => world.destroy();
  try {
    const first = await world.up();
    if (first.code !== 0) throw new Error(first.output);
    return { ...siteOf(world), address: "127.0.0.1", port, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function siteOf(world: World): Omit<Site, "address" | "port" | "close"> {
  const { docker } = world;
  const [name = ""] = world.instances;
  const kept = `${name}-kept`;
  const healthy = () =>
    until(`${name} is healthy`, async () => (await world.inspect(name)).State.Health?.Status === "healthy");
  return {
    world,
    client: "docker stop, rm, run",
    watch: async () => {
      const since = (Date.now() / 1000).toFixed(3);
      const which = ["--since", since, "--filter", `container=${name}`, "--format", "{{.Action}}"];
      return followed("docker", ["events", ...which], world.environment(), lifeOfContainer);
    },
    // As `docker compose up` does it: the old one makes room for the new one under another name. Here it stays until it is
    // put back: the program knows it by its id.
    replace: async (image) => {
      const old = await world.inspect(name);
      await docker.getContainer(old.Id).stop();
      await docker.getContainer(old.Id).rename({ name: kept });
      await (await docker.createContainer(sameOn(image, name, old))).start();
      await healthy();
    },
    putBack: async () => {
      await docker.getContainer(name).remove({ force: true });
      const own = docker.getContainer(kept);
      await own.rename({ name });
      await own.start();
      await healthy();
    },
  };
}

/** What the other one was made with, on another image. */
function sameOn(
  image: string,
  name: string,
  { Config, HostConfig, NetworkSettings }: Docker.ContainerInspectInfo,
): Docker.ContainerCreateOptions {
  const networks = Object.keys(NetworkSettings.Networks).map((each) => [each, {}]);
  return {
    ...{ ...Config, Hostname: "", name, Image: image, HostConfig },
    NetworkingConfig: { EndpointsConfig: Object.fromEntries(networks) },
  };
}

export function lifeOfContainer(lines: readonly Line[]): Life | undefined {
  const [told, gone] = ["kill", "die"].map((what) => lines.find(({ text }) => text === what));
  const made = lines.find(({ text, at }) => text === "start" && at >= (gone?.at ?? 0));
  const ready = lines.find(({ text, at }) => text === "health_status: healthy" && at >= (made?.at ?? 0));
  if (told === undefined || gone === undefined || made === undefined || ready === undefined) return undefined;
  return { told: told.at, gone: gone.at, made: made.at, ready: ready.at };
}
