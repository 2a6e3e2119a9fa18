import { execFile } from "node:child_process";
import { cp, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectFolder } from "../../fleet/project.ts";
import type { StackStatus } from "../../fleet/status-table.ts";
import { dockerCommand } from "../support/docker-command.ts";
import type { Run } from "../support/outcome.ts";
import { partsOfThisRun, runProgram, World } from "../support/world.ts";

describe("fleet status", () => {
  let world: World;
  let [first, second] = ["", ""];
  const images = { old: "", new: "" };

  beforeAll(async () => {
    const { fixture } = (await partsOfThisRun()).images;
    [images.old, images.new] = [fixture[1], fixture[2]];
    world = await World.create({ stable: images.old }, { instances: 2 });
    [first, second] = world.instances as [string, string];
    const { code, output } = await world.up();
    expect(code, output).toBe(0);
  });
  afterAll(() => world.destroy());

  async function statusOf(): Promise<{ code: number | null; status: StackStatus }> {
    const { code, output } = await world.fleet("status", "--json");
    return { code, status: JSON.parse(output) as StackStatus };
  }

  it("says what runs, by digest and since when, as Docker itself has it, and ends with 0 when all is as wanted", async () => {
    const { code, status } = await statusOf();
    expect(code).toBe(0);
    expect(status).toMatchObject({ stack: world.stack, asWanted: true, notInConfiguration: [] });
    for (const workload of status.workloads) {
      const format =
        "{{.Id}} {{.Config.Image}} {{.State.StartedAt}} {{.RestartCount}} {{.State.Health.Status}}";
      const { running } = workload;
      expect(
        `${running?.id} ${running?.image} ${running?.since} ${running?.restarts} ${running?.health}\n`,
      ).toBe(await dockerCommand("inspect", "--format", format, workload.name));
      expect(running?.digest).toBe(images.old.slice(images.old.indexOf("sha256:")));
      expect(workload).toMatchObject({
        wanted: images.old,
        before: null,
        verification: { outcome: "passed" },
        differences: [],
      });
    }
  });

  it("has a doctor beside it, who finds nothing missing here, and says what is", async () => {
    const well = await world.fleet("doctor");
    expect(well.code, well.output).toBe(0);
    expect(well.output).toContain("✓ passphrase: it opens the secrets of the stack file\n");
    expect(well.output).toContain("✓ snapshots: ");
    expect(well.output).toContain(`Nothing is missing. Next: \`pulumi preview --stack ${world.stack}\`.`);
    const candidate = images.old.replace(/fixture:1@.*/, `nobody:1@sha256:${"0".repeat(63)}1`);
    await world.configure({ images: { stable: images.old, candidate } });
    const sick = await runProgram(
      process.execPath,
      [join(projectFolder, "fleet/main.ts"), "doctor", ...world.stackFlags()],
      { ...world.environment(), PULUMI_CONFIG_PASSPHRASE: "another one" },
    );
    await world.configure({ images: { stable: images.old } });
    expect(sick.code).toBe(1);
    expect(sick.output).toMatch(/✗ passphrase: .*incorrect passphrase.*\n {4}\S/);
    expect(sick.output).toMatch(/✗ images: .*nobody.*\n {4}\S/);
    expect(sick.output).toContain("2 things are missing.");
  });

  it("works from any folder, with a stack file that is named from there", async () => {
    const { code, output } = await inFolder(dirname(world.configFile), basename(world.configFile));
    expect(output).toMatch(new RegExp(`^WORKLOAD .*\\n${first} .* yes\\n${second} .* yes\\n`));
    expect(output).toContain(`${world.stack}: 2 workloads, all as the configuration wants.\n`);
    expect(code).toBe(0);
  });

  it("while an update is under way says where it stands, and afterwards from which release it came", async () => {
    await world.configure({ images: { stable: images.old, candidate: images.new } });
    const run = await world.startUpTo(first, "cold snapshot");
    const pid = await world.pidAtBreakpoint(first, "cold snapshot");
    const during = await statusOf();
    expect(during.code).toBe(3);
    expect(during.status.workloads.map(({ name, differences }) => [name, differences])).toEqual([
      [
        first,
        [
          expect.stringMatching(/^has been stopped for .* \(exit code 0\)/),
          expect.stringMatching(
            /^runs fixture:1@\w{12}, the configuration wants fixture:2@\w{12}: `pulumi up`$/,
          ),
          expect.stringMatching(
            `^its cut-over has been at "snapshotting" for .*: under way: process ${pid} \\(cut-over\\)$`,
          ),
        ],
      ],
      [second, []],
    ]);
    await world.release(first, "cold snapshot");
    const { code, output } = await run.ended;
    expect(code, output).toBe(0);
    const after = await statusOf();
    expect(after).toMatchObject({ code: 0, status: { asWanted: true } });
    expect(after.status.workloads[0]).toMatchObject({ before: images.old, running: { image: images.new } });
  });

  it("names what is missing and what the configuration does not know", async () => {
    const stray = `${world.stack}-stray`;
    await dockerCommand("rm", "--force", second);
    await dockerCommand("create", "--name", stray, "--label", `clawforce.stack=${world.stack}`, images.old);
    const { code, status } = await statusOf();
    expect(code).toBe(3);
    expect(status.workloads[1]).toMatchObject({
      running: null,
      differences: ["its container is missing: `fleet recover` creates it again on its state"],
    });
    expect(status.notInConfiguration).toMatchObject([{ name: stray, image: images.old, state: "created" }]);
    const { output } = await world.fleet("status");
    expect(output).toContain(`  ${stray}: not in the configuration (fixture:1@`);
    expect(output).toContain("1 of 2 workloads not as the configuration wants, 1 more is not in it.");
  });

  it("ends with 1 and one sentence when the Docker host does not answer", async () => {
    const folder = join(world.folder, "unreachable");
    const file = join(folder, "Pulumi.s.yaml");
    await cp(join(world.folder, "project"), folder, { recursive: true });
    const text = (await readFile(world.configFile, "utf8")).replaceAll(
      world.parts.dockerHost,
      "unix:///no/such.sock",
    );
    await writeFile(file, text);
    expect(await inFolder(folder, file)).toEqual({
      code: 1,
      output:
        "The Docker host unix:///no/such.sock does not answer (ENOENT); nothing was done. Start it, or correct clawforce:platform.host.\n",
    });
  });

  function inFolder(cwd: string, configFile: string): Promise<Run> {
    const argv = [
      join(projectFolder, "fleet/main.ts"),
      "status",
      "--stack",
      world.stack,
      "--config-file",
      configFile,
    ];
    return new Promise((resolve) => {
      execFile(process.execPath, argv, { cwd, env: world.environment() }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
      });
    });
  }
});
