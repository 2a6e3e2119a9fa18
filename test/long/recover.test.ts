import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectFolder } from "../../fleet/project.ts";
import type { StepName } from "../../lifecycle/update/step-names.ts";
import { killAll, withDescendants } from "../support/deployer.ts";
import { dockerCommand } from "../support/docker-command.ts";
import type { Run } from "../support/outcome.ts";
import { partsOfThisRun, until, World } from "../support/world.ts";

type Direction = "forward" | "back";

/** How Docker shows the second workload while the deployer is dead. */
type Left = "old serves" | "old is stopped" | "is missing" | "new is there";

/** Each step, in the direction in which it is reached here; they alternate, so that each kill starts from where the last one ended. */
const kills: [StepName, Direction, Left][] = [
  ["preflight", "forward", "old serves"],
  ["restore", "back", "is missing"],
  ["drill", "forward", "old serves"],
  ["pull", "back", "old serves"],
  ["drain", "forward", "old serves"],
  ["stop", "back", "old serves"],
  ["cold snapshot", "forward", "old is stopped"],
  ["check", "back", "old is stopped"],
  ["gate", "forward", "new is there"],
  ["verification", "back", "new is there"],
];

describe("fleet recover", () => {
  let world: World;
  let [first, second, third] = ["", "", ""];
  /** Posted to the second workload on the old version: each snapshot that is gone back to has them. */
  const posted: string[] = [];
  const images = { old: "", new: "" };

  beforeAll(async () => {
    const { fixture } = (await partsOfThisRun()).images;
    [images.old, images.new] = [fixture[1], fixture[2]];
    world = await World.create({ stable: images.old, candidate: images.new });
    [first, second, third] = world.instances as [string, string, string];
    const { code, output } = await world.up();
    expect(code, output).toBe(0);
    await world.ask(first, "/messages", { method: "POST", body: { text: "to the first" } });
    await world.ask(third, "/messages", { method: "POST", body: { text: "to the third" } });
  });
  afterAll(() => world.destroy());

  /** The second workload runs what a move in this direction starts from, and the configuration asks for the move. */
  async function beginning(direction: Direction): Promise<void> {
    const [start, end] = direction === "forward" ? [0, 1] : [1, 0];
    if (world.wave !== start) {
      await world.configure({ wave: start });
      const { code, output } = await world.up();
      expect(code, output).toBe(0);
    }
    if (direction === "forward") {
      await world.removeSwitch(second, "slow-start");
      posted.push(`message ${posted.length + 1}`);
      await world.ask(second, "/messages", { method: "POST", body: { text: posted.at(-1) } });
    }
    await world.configure({ wave: end });
  }

  const startUpTo = (step: StepName) => world.startUpTo(second, step);

  const wanted = () => (world.wave === 1 ? images.new : images.old);
  const replaced = () => (world.wave === 1 ? images.old : images.new);
  const untouched = () => Promise.all([world.identity(first), world.identity(third)]);

  async function expectLeft(left: Left): Promise<void> {
    const shown = await dockerCommand(
      "ps",
      "--no-trunc",
      "--all",
      "--filter",
      `name=^${second}$`,
      "--format",
      "{{.Image}} {{.State}}",
    );
    expect(shown.trim()).toBe(
      {
        "old serves": `${replaced()} running`,
        "old is stopped": `${replaced()} exited`,
        "is missing": "",
        "new is there": `${wanted()} running`,
      }[left],
    );
  }

  /** All three serve what the configuration wants, nothing is held, locked or left over, and nothing was lost. */
  async function expectRecovered(
    recovered: Run,
    before: Awaited<ReturnType<typeof untouched>>,
  ): Promise<void> {
    expect(recovered.code, recovered.output).toBe(0);
    expect(recovered.output).toContain(`${world.stack}: 3 workloads, all as the configuration wants.`);
    expect(await untouched()).toEqual(before);
    for (const [name, image] of [
      [first, images.new],
      [second, wanted()],
      [third, images.old],
    ] as const) {
      const format = "{{.Config.Image}} {{.State.Status}} {{.State.Health.Status}}";
      expect(await dockerCommand("inspect", "--format", format, name)).toBe(`${image} running healthy\n`);
    }
    const texts = async (name: string) =>
      ((await world.ask(name, "/messages")).body as { text: string }[]).map(({ text }) => text);
    expect([await texts(first), await texts(second), await texts(third)]).toEqual([
      ["to the first"],
      posted,
      ["to the third"],
    ]);
    expect(await leftOvers()).toEqual([]);
    expect(stateLocks()).toEqual([]);
    const files = readdirSync(join(world.folder, "evidence", world.stack, second));
    expect(files.toSorted()).toEqual(["preparation.json", "records.jsonl", "workload.json"]);
  }

  async function leftOvers(): Promise<string[]> {
    const mine = (lines: string) => lines.split("\n").filter((line) => line.includes(`=${world.stack}-`));
    return [
      ...mine(
        await dockerCommand("ps", "--all", "--filter", "label=clawforce.one-shot", "--format", "{{.Labels}}"),
      ),
      ...mine(
        await dockerCommand(
          "volume",
          "ls",
          "--filter",
          "label=clawforce.one-shot",
          "--format",
          "{{.Labels}}",
        ),
      ),
    ];
  }

  function stateLocks(): string[] {
    const folder = join(world.folder, "state/.pulumi/locks/organization/clawforce", world.stack);
    return existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".json")) : [];
  }

  async function expectStatusWhileDead(): Promise<void> {
    expect(stateLocks()).toHaveLength(1);
    const status = await world.fleet("status", "--json");
    expect(status.code, status.output).toBe(3);
    const { workloads } = JSON.parse(status.output) as {
      workloads: { name: string; differences: string[] }[];
    };
    expect(workloads.filter(({ differences }) => differences.length > 0).map(({ name }) => name)).toEqual([
      second,
    ]);
  }

  it.each(kills)(
    "after a kill at %s (%s, %s): all three serve, and only the second was touched",
    async (step, direction, left) => {
      await beginning(direction);
      const run = await startUpTo(step);
      await killAll(withDescendants(run.pid));
      await run.ended;
      const before = await untouched();
      await expectLeft(left);
      await expectStatusWhileDead();

      await expectRecovered(await world.fleet("recover"), before);
    },
  );

  it("after a kill while Docker starts the new container: it is created anew and serves", async () => {
    await beginning("forward");
    await world.setSwitch(second, "slow-start", "4 only 2");
    const run = world.startUp();
    await until(
      "the new container starts",
      async () => {
        const shown = await dockerCommand(
          "ps",
          "--no-trunc",
          "--filter",
          `name=^${second}$`,
          "--format",
          "{{.Image}}",
        );
        return shown.trim() === images.new;
      },
      120,
    );
    await killAll(withDescendants(run.pid));
    await run.ended;
    const before = await untouched();
    await expectStatusWhileDead();
    await expectRecovered(await world.fleet("recover"), before);
  });

  it("refuses while the deployer lives, and waits for an operation that outlives it", async () => {
    await beginning("back");
    const run = await startUpTo("cold snapshot");
    const operation = await world.pidAtBreakpoint(second, "cold snapshot");
    const before = await Promise.all([first, second, third].map((name) => world.identity(name)));
    const refused = await world.fleet("recover");
    expect(refused.output).toMatch(
      new RegExp(
        `^An update is under way: process ${run.pid} of \\w+ lives, and has held Pulumi's lock since .*\\. Nothing was touched\\.`,
      ),
    );
    expect(refused.code).toBe(1);
    expect(await Promise.all([first, second, third].map((name) => world.identity(name)))).toEqual(before);
    expect(stateLocks()).toHaveLength(1);

    const others = withDescendants(run.pid).filter((pid) => pid !== run.pid && pid !== operation);
    await killAll([run.pid]);
    try {
      const impatient = await world.fleet("recover", "--wait", "1s");
      expect(impatient.output).toContain(`Waited 1s for process ${operation} (cut-over of ${second}):`);
      expect(impatient.code).toBe(1);
      const recovering = startFleet("recover");
      await until("recover waits", async () => recovering.output().includes("waiting for process"));
      await world.release(second, "cold snapshot");
      const recovered = await recovering.ended;
      expect(recovered.output).toContain(`waiting for process ${operation} (cut-over of ${second})`);
      await expectRecovered(recovered, [before[0], before[2]] as Awaited<ReturnType<typeof untouched>>);
      // The operation went on to its end although nobody listened any more.
      const took = (await world.records(second)).filter(({ kind }) => kind === "snapshot");
      expect(took.slice(-2)).toMatchObject([{ role: "pre-restore" }, { role: "pre-restore" }]);
    } finally {
      await killAll(others);
    }
  });

  it("ends with 1 when the new version does not come up, and the way back is one change and an update", async () => {
    await beginning("forward");
    await world.setSwitch(second, "refuse-start", "only 2");
    const run = await startUpTo("check");
    await killAll(withDescendants(run.pid));
    await run.ended;
    const before = await untouched();
    const recovered = await world.fleet("recover");
    expect(recovered.output).toContain(`${second}: was exited, brought back by fleet recover, healthy`);
    expect(recovered.output).toContain(
      `pulumi up failed. ${second} does not serve. What to do now: docs/recover.md.`,
    );
    expect(recovered.code).toBe(1);
    await world.configure({ wave: 0 });
    const { code, output } = await world.up();
    expect(code, output).toBe(0);
    await world.removeSwitch(second, "refuse-start");
    await expectRecovered(await world.fleet("recover"), before);
  });

  it("after a kill in the middle of the hot snapshot, and of a restic check: removes what they left, and the next snapshot works", async () => {
    await beginning("forward");
    const run = await startUpTo("hot snapshot");
    await world.release(second, "hot snapshot");
    await until("the one-shot container is there", async () => (await leftOvers()).length > 0);
    await killAll(withDescendants(run.pid));
    await run.ended;
    expect(await leftOvers()).not.toEqual([]);
    const before = await untouched();
    await until("Docker has ended what the dead deployer had started", async () => {
      const ours = ["--filter", `label=clawforce.one-shot=${second}`, "--quiet"];
      return (await dockerCommand("ps", ...ours)) === "";
    });
    expect(await lockRepository()).toMatch(/^[0-9a-f]{64}\n$/);
    await leaveDrillAndProbes();
    await expectRecovered(await world.fleet("recover"), before);
  });

  /** What kills during a drill, during checks, and while a control plane is asked or told leave. */
  async function leaveDrillAndProbes(): Promise<void> {
    const scratch = `clawforce-drill-${world.stack}-${second}`;
    const labels = ["--label", `clawforce.one-shot=${second}`, "--label", "clawforce.purpose=drill"];
    await dockerCommand("volume", "create", ...labels, scratch);
    await dockerCommand("create", "--name", scratch, ...labels, "--volume", `${scratch}:/state`, images.old);
    for (const what of ["probe", "api", "database", "look"]) {
      const probe = ["--label", `clawforce.one-shot=${second}/${what}`, "--network", `container:${second}`];
      await dockerCommand("run", "--detach", "--rm", ...probe, "--entrypoint", "sleep", images.old, "600");
    }
  }

  /** Leaves the exclusive lock of a check that was killed. Returns its name. */
  function lockRepository(): Promise<string> {
    // Under its last name: it is written under a temporary one.
    const found = "lock=$(ls /repository/locks | grep -Ex '[0-9a-f]{64}')";
    const script = `restic check --quiet & check=$!; until ${found}; do :; done; kill -9 $check; echo "$lock"`;
    const repository = join(world.folder, "repositories", second);
    const password = `RESTIC_PASSWORD=${world.secrets.snapshotPassword}`;
    return dockerCommand(
      ...["run", "--rm", "--entrypoint", "timeout", "--hostname", "clawforce"],
      ...["--env", "RESTIC_REPOSITORY=/repository", "--env", password],
      ...["--volume", `${repository}:/repository`, world.parts.images.tools, "30", "bash", "-c", script],
    );
  }

  function startFleet(command: string): { output: () => string; ended: Promise<Run> } {
    const flags = ["--stack", world.stack, "--config-file", world.configFile];
    const child = spawn("node", [join(projectFolder, "fleet/main.ts"), command, ...flags], {
      cwd: projectFolder,
      env: world.environment(),
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    const ended = new Promise<Run>((resolve) => child.once("close", (code) => resolve({ code, output })));
    return { output: () => output, ended };
  }

  it("starts what was stopped and lets go on what was paused, without the engine", async () => {
    await dockerCommand("stop", first);
    await dockerCommand("pause", third);
    const kept = await world.identity(second);
    const dry = await world.fleet("recover", "--dry-run");
    expect(dry.output).toContain(
      `It would:\n  ${first}: bring its container back and wait until it is healthy\n  ${third}: bring its container back`,
    );
    expect((await world.inspect(first)).State.Running).toBe(false);
    const recovered = await world.fleet("recover");
    expect(recovered.code, recovered.output).toBe(0);
    expect(recovered.output).not.toContain("pulumi up");
    expect((await world.inspect(first)).State.Health?.Status).toBe("healthy");
    expect((await world.inspect(third)).State.Paused).toBe(false);
    expect(await world.identity(second)).toEqual(kept);
  });

  it("creates a container again that was removed, on its state", async () => {
    await dockerCommand("rm", "--force", third);
    const { output, code } = await world.fleet("recover");
    expect(code, output).toBe(0);
    expect((await world.ask(third, "/messages")).body).toMatchObject([{ text: "to the third" }]);
  });

  it("with nothing to do says so and changes nothing, and neither do two updates after it", async () => {
    const before = await Promise.all([first, second, third].map((name) => world.identity(name)));
    const recovered = await world.fleet("recover");
    expect(recovered.output).toMatch(/^Nothing to recover; nothing was touched\.\n/);
    expect(recovered.code).toBe(0);
    for (const _ of [1, 2]) {
      const { code, output } = await world.up();
      expect(code, output).toBe(0);
      expect(output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
    }
    expect(await Promise.all([first, second, third].map((name) => world.identity(name)))).toEqual(before);
  });
});
