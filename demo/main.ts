import { join } from "node:path";
import { parseArgs } from "node:util";
import { look } from "../fleet/running.ts";
import { configOf } from "../fleet/stack.ts";
import { stackStatus } from "../fleet/status.ts";
import { statusLines } from "../fleet/status-table.ts";
import { dockerClient } from "../platforms/docker/client.ts";
import { OperationFailure } from "../platforms/failure.ts";
import { buildImages, type Images } from "../toolchain/images/build.ts";
import { migratingPair } from "../toolchain/images/openclaw-versions.ts";
import { withLock } from "../toolchain/lock.ts";
import { lineProgress, type Progress } from "../toolchain/progress.ts";
import { environmentOf, setUp, type Toolchain } from "../toolchain/set-up.ts";
import { failWith, SetUpError } from "../toolchain/set-up-error.ts";
import { removeFormerDemo, removeFormerExisting } from "./clean-up.ts";
import { tellOnCluster } from "./cluster.ts";
import { existingSettings, existingStack } from "./existing-settings.ts";
import { ExistingStory } from "./existing-story.ts";
import { freePort } from "./free-port.ts";
import { StoryBroken } from "./narrator.ts";
import { demoSettings, instances, stackName } from "./settings.ts";
import { DemoStack, secret } from "./stack.ts";
import { Story } from "./story.ts";

/** A state of the first, with sessions, is not what the second starts on. */
const demoVersions = migratingPair;

/** What the stories are told with. */
type DemoImages = Images<(typeof demoVersions)[number]>;

/** The main job of `npm start`: a control plane and real gateways, updated under a stream of requests; what is missing for it is found on a copy, and an update that fails is taken back. */
async function main(): Promise<number> {
  const wanted = wantedStory(process.argv.slice(2));
  const progress = lineProgress();
  const toolchain = await setUp(progress);
  const images = await buildImages({ versions: demoVersions }, { ...toolchain, progress });
  const refuse = (pid: number) => {
    throw new OperationFailure(`A demo is running already: process ${pid}. Wait until it has ended.`);
  };
  const story = { docker: tell, existing: tellExisting, kubernetes: tellKubernetes }[wanted];
  return withLock(join(toolchain.cache, "demo.lock"), refuse, () => story(toolchain, images, progress));
}

function wantedStory(argv: readonly string[]): "docker" | "existing" | "kubernetes" {
  const options = { existing: { type: "boolean" }, platform: { type: "string" } } as const;
  try {
    const { existing, platform = "docker" } = parseArgs({ args: [...argv], options }).values;
    if (existing === true && platform === "docker") return "existing";
    if (existing !== true && (platform === "docker" || platform === "kubernetes")) return platform;
  } catch {
    // Said below.
  }
  throw new SetUpError(
    `${argv.join(" ")}: write \`npm start\`, \`npm start -- --existing\` to see gateways adopted that run already, ` +
      "or `npm start -- --platform kubernetes` to see them on a disposable cluster.",
  );
}

/** From here on everything that is written is for this user alone, whoever writes it. */
function opened(toolchain: Toolchain) {
  process.umask(0o077);
  const environment = environmentOf(toolchain);
  Object.assign(process.env, environment);
  return { environment, docker: dockerClient(toolchain.dockerHost) };
}

/** Or to what broke, which is on its list. */
async function toldToItsEnd(story: { tell(): Promise<void> }): Promise<void> {
  await story.tell().catch((error) => {
    if (!(error instanceof StoryBroken)) throw error;
  });
}

/** Gateways that run already, adopted by a stack. */
async function tellExisting(toolchain: Toolchain, images: DemoImages, progress: Progress): Promise<number> {
  const { dockerHost, cache } = toolchain;
  const { environment, docker } = opened(toolchain);
  const folder = join(cache, "demo-existing");
  const demo = await progress.step("a stack of the demo's own", async () => {
    await removeFormerExisting(docker, folder, images.tools);
    const settings = existingSettings({ dockerHost, folder, tools: images.tools });
    const secrets = { "clawforce:snapshotPassword": secret() };
    return DemoStack.create({ name: existingStack, folder, settings, secrets }, environment);
  });
  Object.assign(process.env, demo.environment);
  const image = images.openclaw["2026.9.1"];
  const story = new ExistingStory({ demo, docker, image, terminal: process.stdout });
  await toldToItsEnd(story);
  console.log("\nThe gateways stay up. To remove them and everything that was set up: npm run clean\n");
  return verdictOn(story.broken);
}

/** Gateways on a disposable cluster. */
async function tellKubernetes(toolchain: Toolchain, images: DemoImages, progress: Progress): Promise<number> {
  opened(toolchain);
  const { tools, proxy, openclaw, fixture } = images;
  const needed = {
    ...{ tools, proxy, small: fixture["1"] },
    openclaw: { stable: openclaw["2026.9.1"], next: openclaw["2026.9.4"] },
  };
  return verdictOn(await tellOnCluster(toolchain, needed, progress, process.stdout, toldToItsEnd));
}

async function tell(toolchain: Toolchain, images: DemoImages, progress: Progress): Promise<number> {
  const { environment, docker } = opened(toolchain);
  const folder = join(toolchain.cache, "demo");
  const ingressPort = await freePort();
  const account = { username: "admin", password: secret() };
  const demo = await progress.step("a stack of the demo's own", async () => {
    await removeFormerDemo(docker, folder, images.tools);
    const settings = demoSettings({
      ...{ dockerHost: toolchain.dockerHost, folder, ingressPort },
      stable: images.openclaw["2026.9.1"],
      tools: images.tools,
      controlPlane: images.controlPlane["1.4.1"],
      proxy: images.proxy,
    });
    const tokens = instances.map((name) => [`clawforce:gatewayTokens.${name}`, secret()]);
    const secrets = {
      "clawforce:snapshotPassword": secret(),
      "clawforce:controlPlanePassword": account.password,
      ...Object.fromEntries(tokens),
    };
    return DemoStack.create({ name: stackName, folder, settings, secrets }, environment);
  });
  // Commands are called as an operator types them: they find the backend where the environment says.
  Object.assign(process.env, demo.environment);
  const story = new Story({
    ...{ demo, docker, ingressPort, account },
    terminal: process.stdout,
    images: {
      controlPlane: { before: images.controlPlane["1.4.1"], after: images.controlPlane["1.4.2"] },
      openclaw: {
        stable: images.openclaw["2026.9.1"],
        next: images.openclaw["2026.9.4"],
      },
      small: images.fixture["1"],
    },
  });
  await toldToItsEnd(story);
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
  return verdictOn(asWanted ? broken : ["everything is as the configuration wants it", ...broken]);
}

function verdictOn(broken: readonly string[]): number {
  if (broken.length === 0) {
    console.log("The demo went as it promises.");
    return 0;
  }
  console.log(["The demo did not go as it promises:", ...broken.map((each) => `  ✗ ${each}`)].join("\n"));
  return 1;
}

process.exitCode = await main().catch((error) =>
  failWith(error instanceof OperationFailure ? new SetUpError(error.message) : error),
);
