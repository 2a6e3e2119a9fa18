import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseDocument } from "yaml";
import { freePort } from "../../demo/free-port.ts";
import { projectFolder } from "../../fleet/project.ts";
import { missingFrom, type Shown, stepsOf } from "../support/walkthrough.ts";
import { partsOfThisRun, runProgram, until, World } from "../support/world.ts";
import { fixtureGroup } from "../support/world-settings.ts";

const services = ["anna", "bert", "carl", "dora"];

describe("docs/adopt.md, followed word by word with the real Docker Compose", () => {
  let world: World;
  let page = "";
  let environment: Record<string, string>;
  let folder = "";
  /** Text of the page -> text of this run. */
  const texts = new Map<string, string>();
  const own = (text: string) => [...texts].reduce((all, [shown, mine]) => all.replaceAll(shown, mine), text);
  const gateways = () => [...services.map((name) => own(`front-desk-${name}-1`)), own("night-desk")];

  beforeAll(async () => {
    const { images, compose } = await partsOfThisRun();
    if (compose === undefined) throw new Error("Run `npm run test:long`: it sets up Docker Compose.");
    world = await World.create(
      { stable: images.fixture[1] },
      { instances: 0, patience: true, settings: () => ({ agentImages: {}, instanceGroups: {} }) },
    );
    folder = join(world.folder, "desk");
    await mkdir(folder);
    for (const name of ["front-desk", "night-desk", "archive-dora"])
      texts.set(name, `${world.stack}-${name}`);
    for (const port of ["18801", "18802", "18805"]) texts.set(port, `${await freePort()}`);
    const repository = images.fixture[1].replace(/:1@.*/, "");
    texts.set("ghcr.io/openclaw/openclaw", repository).set("openclaw:2026.4.15", "fixture:1");
    texts.set(`${repository}:2026.4.15`, `${repository}:1`).set(`${repository}:2026.4.23`, `${repository}:2`);
    texts.set("openclaw:2026.4.23", "fixture:2").set("openclaw 2026.4.23", "openclaw 2");
    texts.set("pilot", world.stack);
    page = own(await readFile(join(projectFolder, "docs/adopt.md"), "utf8"));
    environment = { ...world.environment(), DOCKER_CONFIG: compose };
  });

  afterAll(() => world?.destroy());

  /** The stand-in of a gateway has no OpenClaw in it, so its checks are others than the usual ones. */
  async function withChecksOfTheStandIn(): Promise<void> {
    const file = parseDocument(await readFile(world.configFile, "utf8"));
    const { container, ...usual } = fixtureGroup(world.stack, true) as { container: { health: object } };
    const groups = (file.toJS() as { config: Record<string, object> }).config["clawforce:instanceGroups"];
    for (const group of Object.keys(groups ?? {})) {
      const path = ["config", "clawforce:instanceGroups", group];
      for (const [name, value] of Object.entries(usual)) file.setIn([...path, name], file.createNode(value));
      file.setIn([...path, "container", "health"], file.createNode(container.health));
    }
    await writeFile(world.configFile, String(file));
  }

  /** What is wrong with what it prints; empty: nothing. */
  async function follow({ command, output }: Shown): Promise<string[]> {
    const typed = command
      .replaceAll("npm run fleet --", "npm run --silent fleet --")
      .replaceAll(`--stack ${world.stack}`, world.stackFlags().join(" "));
    const isOfCompose = /^(docker|cp) /.test(command);
    const run = { folder: isOfCompose ? folder : projectFolder };
    const { output: printed } = await runProgram("bash", ["-c", typed], environment, run);
    if (command.includes("--write")) await withChecksOfTheStandIn();
    const missing = missingFrom(printed, output);
    return missing === undefined ? [] : [`$ ${command}\n${printed}\n*** the page: ${missing}\n`];
  }

  const runs = async (name: string) => (await world.inspect(name)).State.Running;

  it("prints at each command what the page shows, and each gateway keeps its state", async () => {
    const wrong: string[] = [];
    for (const step of stepsOf(page)) {
      if ("file" in step) await writeFile(join(folder, step.file), step.text);
      else wrong.push(...(await follow(step)));
      if ("command" in step && step.command.startsWith("docker run")) await remember();
    }
    expect(wrong).toEqual([]);
    for (const name of gateways()) {
      expect((await world.ask(name, "/messages")).body).toMatchObject([{ text: `of ${name}` }]);
    }
  });

  async function remember(): Promise<void> {
    for (const name of gateways()) {
      await until(
        `${name} answers`,
        async () => (await world.inspect(name)).State.Health?.Status === "healthy",
      );
      await world.ask(name, "/messages", { method: "POST", body: { text: `of ${name}` } });
    }
  }

  it("leaves no second gateway on a state, whatever Compose was told", async () => {
    for (const name of gateways()) {
      expect(await runs(name)).toBe(true);
      expect(await runs(`${name}-before-adoption`)).toBe(false);
    }
  });
});
