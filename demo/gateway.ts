import type Docker from "dockerode";
import { inspectContainer } from "../platforms/docker/client.ts";
import { execInContainer } from "../platforms/docker/exec.ts";
import { startContainer, stopContainer } from "../platforms/docker/lifecycle.ts";
import { OperationFailure } from "../platforms/failure.ts";
import { modelSettings, turnArgv } from "./model-server.ts";

const stateFolder = "/home/node/.openclaw";
/** Seconds: a machine that starts four gateways and answers a stream takes its time. */
const patience = 600;

const write = "require('node:fs').writeFileSync(process.argv[1], process.argv[2])";

interface Surroundings {
  /** Name of the stand-in of a model. */
  modelServer: string;
  /** Name of the ingress: from 2026.9 on a gateway answers 403 to proxies that it does not know. */
  ingress: string;
}

/** Gives a gateway a model, and a session and a job that an update may lose. */
export async function liveIn(
  docker: Docker,
  name: string,
  { modelServer, ingress }: Surroundings,
): Promise<void> {
  const { NetworkSettings } = await docker.getContainer(ingress).inspect();
  // Not their whole network: who asks from this host has an address in it as well, and would be taken for a proxy.
  const trustedProxies = Object.values(NetworkSettings.Networks).map(({ IPAddress }) => IPAddress);
  const settings = JSON.stringify({ ...modelSettings(modelServer), gateway: { trustedProxies } });
  await must(docker, name, ["node", "-e", write, `${stateFolder}/openclaw.json`, settings]);
  await stopContainer(docker, name, 60);
  await startContainer(docker, name, patience);
  await must(docker, name, turnArgv("message 1"));
  await must(docker, name, jobArgv);
}

/** A job that an update may lose. */
export const jobArgv = [
  ...["openclaw", "cron", "add", "--name", "monthly", "--cron", "0 3 1 * *"],
  ...["--session", "isolated", "--message", "hello"],
];

/** The image of a container that is healthy. */
export async function servedImage(docker: Docker, name: string): Promise<string | undefined> {
  const found = await inspectContainer(docker, name);
  const serves = found?.State.Running === true && found.State.Health?.Status === "healthy";
  return serves ? found.Config.Image : undefined;
}

/** Whether it answers in the session that it had before, and has its job. */
export async function hasWhatItHad(docker: Docker, name: string): Promise<boolean> {
  const turn = await execInContainer(docker, name, turnArgv("message 2"), { deadline: patience });
  const jobs = await execInContainer(docker, name, ["openclaw", "cron", "list", "--json"], {
    deadline: patience,
  });
  return turn.exitCode === 0 && turn.stdout.includes("pong") && jobs.stdout.includes('"monthly"');
}

async function must(docker: Docker, name: string, argv: string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await execInContainer(docker, name, argv, { deadline: patience });
  if (exitCode !== 0) {
    throw new OperationFailure(
      `${name}: \`${argv.slice(0, 3).join(" ")}\` failed: ${stdout}${stderr}`.trim(),
    );
  }
}
