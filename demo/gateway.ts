import type Docker from "dockerode";
import { inspectContainer } from "../platforms/docker/client.ts";
import { execInContainer } from "../platforms/docker/exec.ts";
import { startContainer, stopContainer } from "../platforms/docker/lifecycle.ts";
import { messageOf, OperationFailure } from "../platforms/failure.ts";
import type { Platform } from "../platforms/platform.ts";
import { modelSettings, turnArgv } from "./model-server.ts";

const stateFolder = "/home/node/.openclaw";
/** Seconds: a machine that starts several gateways and answers a stream takes its time. */
const patience = 600;

const write = "require('node:fs').writeFileSync(process.argv[1], process.argv[2])";

/** What is done with a gateway, wherever it runs. */
export type Gateways = Pick<Platform, "exec" | "stop" | "start">;

export function gatewaysOn(docker: Docker): Gateways {
  return {
    exec: (name, argv, options) => execInContainer(docker, name, argv, options),
    stop: (name, grace) => stopContainer(docker, name, grace),
    start: (name, wait) => startContainer(docker, name, wait),
  };
}

interface Surroundings {
  /** Name of the stand-in of a model. */
  modelServer: string;
  /** Addresses of the proxy: from 2026.9 on a gateway answers 403 to proxies that it does not know. */
  proxies: readonly string[];
}

/** Gives a gateway a model, and a session and a job that an update may lose. */
export async function liveIn(
  gateways: Gateways,
  name: string,
  { modelServer, proxies }: Surroundings,
): Promise<void> {
  const settings = { ...modelSettings(modelServer), gateway: { trustedProxies: proxies } };
  const file = `${stateFolder}/openclaw.json`;
  await must(gateways, name, ["node", "-e", write, file, JSON.stringify(settings)]);
  await gateways.stop(name, 60);
  await gateways.start(name, patience);
  await must(gateways, name, turnArgv("message 1"));
  await must(gateways, name, [
    ...["openclaw", "cron", "add", "--name", "monthly", "--cron", "0 3 1 * *"],
    ...["--session", "isolated", "--message", "hello"],
  ]);
}

/** Not its whole network: who asks from this host has an address in it as well, and would be taken for a proxy. */
export async function addressesOf(docker: Docker, container: string): Promise<string[]> {
  const { NetworkSettings } = await docker.getContainer(container).inspect();
  return Object.values(NetworkSettings.Networks).map(({ IPAddress }) => IPAddress);
}

/** The image of a container that is healthy. */
export async function servedImage(docker: Docker, name: string): Promise<string | undefined> {
  const found = await inspectContainer(docker, name);
  const serves = found?.State.Running === true && found.State.Health?.Status === "healthy";
  return serves ? found.Config.Image : undefined;
}

/** Whether it answers in the session that it had before, and has its job. `say`: is told why not. */
export async function hasWhatItHad(
  gateways: Gateways,
  name: string,
  say: (line: string) => void,
): Promise<boolean> {
  try {
    const turn = await must(gateways, name, turnArgv("message 2"));
    const jobs = await must(gateways, name, ["openclaw", "cron", "list", "--json"]);
    return turn.includes("pong") && jobs.includes('"monthly"');
  } catch (error) {
    say(messageOf(error));
    return false;
  }
}

async function must(gateways: Gateways, name: string, argv: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await gateways.exec(name, argv, { deadline: patience });
  if (exitCode === 0) return stdout;
  throw new OperationFailure(`${name}: \`${argv.slice(0, 3).join(" ")}\` failed: ${stdout}${stderr}`.trim());
}
