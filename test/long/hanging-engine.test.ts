import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { StepName } from "../../lifecycle/update/step-names.ts";
import type { Run } from "../support/outcome.ts";
import { OwnEngine } from "../support/own-engine.ts";
import { partsOfThisRun, until, World } from "../support/world.ts";

/** Seconds that the engine has for an answer here; the put-back goes on for ten times as long. */
const answer = 4;

/** An engine that is frozen takes connections and answers nothing, as one that hangs does. */
describe("an engine that hangs", () => {
  let engine: OwnEngine;
  let world: World;
  let name = "";
  const images = { old: "", new: "" };

  beforeAll(async () => {
    engine = await OwnEngine.start();
    const { fixture } = (await partsOfThisRun()).images;
    [images.old, images.new] = [fixture[1], fixture[2]];
    world = await World.create(
      { stable: images.old },
      {
        instances: 1,
        patience: true,
        dockerHost: engine.host,
        settings: () => ({ platform: { kind: "docker", host: engine.host, answer: `${answer}s` } }),
      },
    );
    name = world.instances[0] ?? "";
    await mustUp();
    await world.ask(name, "/messages", { method: "POST", body: { text: "kept" } });
  });
  afterEach(() => engine.thaw());
  afterAll(async () => {
    engine?.thaw();
    await world?.destroy();
    await engine?.stop();
  });

  async function mustUp(): Promise<void> {
    const { code, output } = await world.up();
    expect(code, output).toBe(0);
  }

  /** An update in which the engine freezes at the beginning of a step. */
  async function frozenAt(step: StepName): Promise<{ ended: Promise<Run> }> {
    await healthy();
    await world.configure({ images: { stable: images.old, candidate: images.new } });
    const run = await world.startUpTo(name, step);
    engine.freeze();
    await world.release(name, step);
    return run;
  }

  /** The health checks of a frozen engine time out: an update of what counts as sick would be refused. */
  async function healthy(): Promise<void> {
    const isHealthy = async () => (await world.inspect(name)).State.Health?.Status === "healthy";
    await until("the gateway is healthy again", isHealthy, 180);
  }

  async function expectServes(image: string): Promise<void> {
    const { Config, State } = await world.inspect(name);
    expect([Config.Image, State.Running]).toEqual([image, true]);
    expect(await world.ask(name, "/messages")).toMatchObject({ body: [{ text: "kept" }] });
  }

  it("is one sentence at a preview", async () => {
    engine.freeze();
    const { code, output } = await world.preview();
    expect(code, output).not.toBe(0);
    expect(output).toContain(
      `The Docker engine at ${engine.host} did not answer \`GET /containers/json\` within ${answer} s; nothing was done. Look at it`,
    );
  });

  it.each<StepName>(["pull", "hot snapshot", "drill"])(
    "ends the preparation at the %s; the gateway serves all the time",
    async (step) => {
      const before = await world.identity(name);
      const { code, output } = await (await frozenAt(step)).ended;
      expect(code, output).toBe(1);
      expect(output).toContain(`${name}: ${step} failed: The Docker engine at ${engine.host} did not answer`);
      engine.thaw();
      expect(await world.identity(name)).toEqual(before);
      await expectServes(images.old);
    },
  );

  it.each<StepName>(["stop", "cold snapshot", "check"])(
    "is waited for at the %s; the gateway is put back when the engine comes to itself",
    async (step) => {
      const run = await frozenAt(step);
      await sleep(6 * answer * 1000);
      engine.thaw();
      const { code, output } = await run.ended;
      expect(code, output).toBe(1);
      expect(output).toContain(`${name}: ${step} failed: The Docker engine at ${engine.host} did not answer`);
      expect(output).toContain(`Nothing was removed: ${name} serves ${images.old} again.`);
      await expectServes(images.old);
    },
  );

  it("that does not come to itself is named, and `fleet recover` brings the gateway back", async () => {
    const { code, output } = await (await frozenAt("cold snapshot")).ended;
    expect(code, output).toBe(1);
    expect(output).toContain(`Nothing was removed, but ${name} may be stopped: The Docker engine at`);
    expect(output).toContain("Once it answers again, run `fleet recover`.");
    engine.thaw();
    await world.configure({ images: { stable: images.old } });
    const recovered = await world.fleet("recover");
    expect(recovered.code, recovered.output).toBe(0);
    await expectServes(images.old);
  });

  it("ends the gate; the next `up` goes on", async () => {
    const { code, output } = await (await frozenAt("gate")).ended;
    expect(code, output).toBe(1);
    expect(output).toContain(`${name}: gate failed: The Docker engine at ${engine.host} did not answer`);
    engine.thaw();
    await mustUp();
    await expectServes(images.new);
    await world.configure({ images: { stable: images.old } });
    await mustUp();
    await expectServes(images.old);
  });

  it("ends the creation of the new container; `fleet recover` brings the gateway back", async () => {
    await healthy();
    await world.configure({ images: { stable: images.old, candidate: images.new } });
    const { Id } = await world.inspect(name);
    const run = world.startUp();
    await until(
      "the old container is removed",
      async () => !(await world.docker.listContainers({ all: true })).some((each) => each.Id === Id),
      300,
    );
    engine.freeze();
    const { code, output } = await run.ended;
    expect(code, output).toBe(1);
    engine.thaw();
    const recovered = await world.fleet("recover");
    expect(recovered.code, recovered.output).toBe(0);
    await expectServes(images.new);
  });
});
