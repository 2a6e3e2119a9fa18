import { join } from "node:path";
import { look } from "../fleet/running.ts";
import { configOf } from "../fleet/stack.ts";
import { stackStatus } from "../fleet/status.ts";
import { statusLines } from "../fleet/status-table.ts";
import { dockerClient } from "../operations/docker/client.ts";
import { OperationFailure } from "../operations/failure.ts";
import { acquireMutex } from "../operations/mutex.ts";
import { buildImages } from "../toolchain/images/build.ts";
import { lineProgress } from "../toolchain/progress.ts";
import { environmentOf, setUp, type Toolchain } from "../toolchain/set-up.ts";
import { failWith, SetUpError } from "../toolchain/set-up-error.ts";
import { removeFormerDemo } from "./clean-up.ts";
import { instances, stackName } from "./settings.ts";
import { DemoStack } from "./stack.ts";
import { Story } from "./story.ts";

const versions = { stable: "2026.4.15", candidate: "2026.4.23" } as const;

/** The main job of `npm start`: real gateways, updated, one of them failing on purpose, taken back, finished. */
async function main(): Promise<number> {
  const progress = lineProgress();
  const toolchain = await setUp(progress);
  const images = await buildImages({ ...toolchain, progress });
  const mutex = await acquireMutex(join(toolchain.cache, "demo.lock"), "the demo", 2);
  try {
    // From here on everything that is written is for this user alone, whoever writes it.
    process.umask(0o077);
    const environment = environmentOf(toolchain);
    Object.assign(process.env, environment);
    const docker = dockerClient(toolchain.dockerHost);
    const folder = join(toolchain.cache, "demo");
    const demo = await progress.step("a stack of the demo's own", async () => {
      await removeFormerDemo(docker, folder, images.tools);
      const stable = images.openclaw[versions.stable];
      return DemoStack.create(
        { dockerHost: toolchain.dockerHost, folder, stable, tools: images.tools },
        environment,
      );
    });
    const story = new Story({
      demo,
      docker,
      terminal: process.stdout,
      stable: images.openclaw[versions.stable],
      candidate: images.openclaw[versions.candidate],
      candidateVersion: versions.candidate,
    });
    const told = await story.tell();
    await story.report();
    story.title("which digest is running (`fleet status`)");
    const status = stackStatus(
      await look(configOf({ stack: stackName, configFile: demo.configFile }), stackName),
    );
    console.log(statusLines(status).join("\n"));
    for (const { name, running } of status.workloads) console.log(`${name}: ${running?.image ?? "nothing"}`);
    return conclude(told && status.asWanted, story.broken, toolchain, demo);
  } finally {
    await mutex.release();
  }
}

function conclude(told: boolean, broken: readonly string[], toolchain: Toolchain, demo: DemoStack): number {
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
  if (told && broken.length === 0) {
    console.log("The demo went as it promises.");
    return 0;
  }
  console.log(["The demo did not go as it promises:", ...broken.map((each) => `  ✗ ${each}`)].join("\n"));
  return 1;
}

process.exitCode = await main().catch((error) =>
  failWith(error instanceof OperationFailure ? new SetUpError(error.message) : error),
);
