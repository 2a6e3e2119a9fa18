import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CommandLines } from "../support/command-lines.ts";
import { partsOfThisRun, World } from "../support/world.ts";

describe("what everybody on a machine can read while an update runs", () => {
  let world: World;
  let name: string;

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    world = await World.create({ stable: images.fixture[1] }, { instances: 1, patience: true });
    name = world.instances[0] as string;
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
  });
  afterAll(() => world.destroy());

  it("has no secret in a command line, of a process or of a container", async () => {
    const { stack, docker, images } = world;
    const idle = (what: string) => ["-e", "setInterval(() => {}, 1000)", `${what}-of-${stack}`];
    const own = spawn(process.execPath, idle("process"), { stdio: "ignore" });
    const lines = new CommandLines(world);
    let seen: readonly string[];
    try {
      const inside = await docker.getContainer(name).exec({ Cmd: ["node", ...idle("exec")] });
      await inside.start({ Detach: true });
      await world.configure({ images: { ...images, candidate: world.parts.images.fixture[2] } });
      const update = await world.up();
      expect(update.code, update.output).toBe(0);
    } finally {
      seen = await lines.stop();
      own.kill();
    }
    const sight = (text: string) => seen.some((line) => line.includes(text));
    // Whoever has an argument is seen: a process, one in a container, a container, and who holds the secrets.
    expect({
      process: sight(`process-of-${stack}`),
      exec: sight(`exec-of-${stack}`),
      deployer: sight(`--stack ${stack}`),
      program: sight("operations/prepare.ts"),
      snapshot: sight(` hot-snapshot ${name}`),
      check: sight("fixture --version"),
    }).toEqual({ process: true, exec: true, deployer: true, program: true, snapshot: true, check: true });
    const told = Object.values(world.secrets).flatMap((secret) =>
      seen.filter((line) => line.includes(secret)),
    );
    expect(told).toEqual([]);
  });
});
