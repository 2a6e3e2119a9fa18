import { join } from "node:path";
import { look } from "../fleet/running.ts";
import { configOf } from "../fleet/stack.ts";
import { stackStatus } from "../fleet/status.ts";
import { statusLines } from "../fleet/status-table.ts";
import { dockerClient } from "../platforms/docker/client.ts";
import { OperationFailure } from "../platforms/failure.ts";
import { buildImages } from "../toolchain/images/build.ts";
import { withLock } from "../toolchain/lock.ts";
import { lineProgress, type Progress } from "../toolchain/progress.ts";
import { environmentOf, setUp, type Toolchain } from "../toolchain/set-up.ts";
import { failWith, SetUpError } from "../toolchain/set-up-error.ts";
import { removeFormerDemo } from "./clean-up.ts";
import { freePort } from "./free-port.ts";
import { instances, stackName } from "./settings.ts";
import { DemoStack } from "./stack.ts";
import { Story, StoryBroken } from "./story.ts";

/** The main job of `npm start`: a control plane and real gateways, updated under a stream of requests; one version fails and is taken back. */
async function main(): Promise<number> {
  const progress = lineProgress();
  const toolchain = await setUp(progress);
  const images = await buildImages({ ...toolchain, progress });
  const refuse = (pid: number) => {
    throw new OperationFailure(`A demo is running already: process ${pid}. Wait until it has ended.`);
  };
  return withLock(join(toolchain.cache, "demo.lock"), refuse, () => tell(toolchain, images, progress));
}

async function tell(
  toolchain: Toolchain,
  images: Awaited<ReturnType<typeof buildImages>>,
  progress: Progress,
): Promise<number> {
  // From here on everything that is written is for this user alone, whoever writes it.
  process.umask(0o077);
  const environment = environmentOf(toolchain);
  Object.assign(process.env, environment);
  const docker = dockerClient(toolchain.dockerHost);
  const folder = join(toolchain.cache, "demo");
  const demo = await progress.step("a stack of the demo's own", async () => {
    await removeFormerDemo(docker, folder, images.tools);
    return DemoStack.create(
      {
        dockerHost: toolchain.dockerHost,
        folder,
        stable: images.openclaw["2026.4.15"],
        tools: images.tools,
        controlPlane: images.controlPlane["1.4.1"],
        proxy: images.proxy,
        ingressPort: await freePort(),
      },
      environment,
    );
  });
  // Commands are called as an operator types them: they find the backend where the environment says.
  Object.assign(process.env, demo.environment);
  const story = new Story({
    demo,
    docker,
    terminal: process.stdout,
    images: {
      controlPlane: { before: images.controlPlane["1.4.1"], after: images.controlPlane["1.4.2"] },
      openclaw: {
        stable: images.openclaw["2026.4.15"],
        broken: images.openclaw["2026.4.22"],
        fixed: images.openclaw["2026.4.23"],
      },
      small: images.fixture["1"],
    },
  });
  await story.tell().catch((error) => {
    if (!(error instanceof StoryBroken)) throw error;
  });
  story.title("which digest is running (`fleet status`)");
  const status = stackStatus(
    await look(configOf({ stack: stackName, configFile: demo.configFile }), stackName),
  );
  console.log(statusLines(status).join("\n"));
  for (const { name, running } of status.workloads) console.log(`${name}: ${running?.image ?? "nothing"}`);
  return conclude(status.asWanted, story.broken, toolchain, demo);
}

function conclude(
  asWanted: boolean,
  broken: readonly string[],
  toolchain: Toolchain,
  demo: DemoStack,
): number {
  const host =
    toolchain.dockerHost === "unix:///var/run/docker.sock" ? "" : `DOCKER_HOST=${toolchain.dockerHost} `;
  const fleet = `npm run fleet -- status --stack ${stackName} --config-file ${demo.configFile}`;
  console.log(`
The gateways stay up. To look at them:
  ${fleet}
  ${host}docker exec ${instances[0]} openclaw --version
  ${host}docker logs --tail 20 ${instances[0]}
To remove them and everything that was set up: npm run clean
`);
  if (asWanted && broken.length === 0) {
    console.log("The demo went as it promises.");
    return 0;
  }
  console.log(["The demo did not go as it promises:", ...broken.map((each) => `  ✗ ${each}`)].join("\n"));
  return 1;
}

process.exitCode = await main().catch((error) =>
  failWith(error instanceof OperationFailure ? new SetUpError(error.message) : error),
);
