import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../demo/free-port.ts";
import { type Edit, withEdits } from "../support/edited-program.ts";
import type { Run } from "../support/outcome.ts";
import { partsOfThisRun, runProgram, World } from "../support/world.ts";
import { fixtureGroup, hostOf } from "../support/world-settings.ts";

/**
 * What makes of this program one that leaves a state as version 0.1.0's first stacks have it: the task of each command in
 * a variable, the trigger of a container made from the stack file's values one by one, and no settings on record.
 */
const asBefore: Edit[] = [
  {
    file: "components/operation.ts",
    from: "stdin: inputOf(args),\n      environment: { [workloadVariable]: ownerOf(args.task), ",
    to: "environment: { CLAWFORCE_OPERATION: inputOf(args), ",
  },
  {
    file: "operations/task-input.ts",
    from: "await text(process.stdin)",
    to: "process.env.CLAWFORCE_OPERATION ?? await text(process.stdin)",
  },
  {
    file: "config/container-settings.ts",
    from: "return fingerprint({ image, ...settings, restore, ...changed });",
    to: `return fingerprint({
      image,
      command: settings.command,
      user: settings.user,
      environment: settings.environment,
      tokenVariable: settings.tokenVariable,
      state: settings.state,
      stateDirectory: settings.stateDirectory,
      network: settings.network,
      port: settings.port,
      publish: settings.publish,
      ...(settings.backups !== undefined && { backups: settings.backups }),
      ...(settings.dockerSocket !== undefined && { dockerSocket: settings.dockerSocket }),
      health: settings.health,
      restore,
    });`,
  },
  { file: "lifecycle/update/made.ts", from: "return (\n    one !== undefined &&", to: "return true || (" },
];

describe("a stack that a version of this program without settings on record has left", () => {
  let world: World;
  let environment: Record<string, string> = { ZED: "1", ALPHA: "2" };
  let before: { identities: unknown; running: unknown; sequences: number[] };

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    world = await World.create(
      { stable: images.fixture[1] },
      {
        ...{ instances: 2, ingress: { publish: { port: await freePort() } }, patience: true },
        snapshots: { drill: { deadline: "240s", memory: "100 MB" } },
        settings: ({ stack, instances, wave }) => {
          const { container, ...group } = fixtureGroup(stack, true);
          return {
            instanceGroups: {
              [`${stack}-group`]: {
                ...{ ...group, agentImage: "agent", waves: [1, 2], wave, bake: "1s" },
                instances: instances.map((name) => ({ name, hosts: [hostOf(name)] })),
                container: { ...(container as object), environment },
              },
            },
          };
        },
      },
    );
    const up = ["up", "--yes", "--skip-preview", "--non-interactive", ...world.stackFlags()];
    const first = await withEdits(asBefore, (folder) =>
      runProgram("pulumi", up, world.environment(), { folder }),
    );
    expect(first.code, first.output).toBe(0);
    before = await seen();
  });
  afterAll(() => world?.destroy());

  const recorded = () => Promise.all(world.instances.map((name) => world.records(name)));
  const seen = async () => ({
    identities: await Promise.all([...world.instances, world.ingress].map((name) => world.identity(name))),
    running: JSON.parse((await world.pulumi(["stack", "output", "running", "--json", ...stackOf()])).output),
    sequences: (await recorded()).map((records) => records.length),
  });
  const stackOf = () => ["--stack", world.stack];
  const counts = ({ output }: Run) =>
    Object.fromEntries(
      [...output.slice(output.indexOf("Resources:\n")).matchAll(/^ {4}[+~-]* *(\d+) ([a-z ]+)$/gm)].map(
        ([, count, what]) => [what, Number(count)],
      ),
    );

  it("has its commands updated in place, and nothing else: no program runs, no container is touched", async () => {
    const { deployment } = JSON.parse((await world.pulumi(["stack", "export", ...stackOf()])).output) as {
      deployment: { resources: { type: string; inputs?: { stdin?: string } }[] };
    };
    const commands = deployment.resources.filter(({ type }) => type === "command:local:Command");
    expect(commands.filter(({ inputs }) => inputs?.stdin !== undefined)).toEqual([]);
    expect((await recorded()).flat().filter(({ kind }) => kind === "settings")).toEqual([]);

    const preview = await world.preview();
    expect(preview.code, preview.output).toBe(0);
    expect(preview.output).toContain(
      `${world.instances.join(", ")}: the settings of their containers are not on record yet; this update writes them down.`,
    );
    expect(counts(preview)).toEqual({ "to update": commands.length, unchanged: expect.any(Number) });
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    expect(counts(up)).toEqual({ updated: commands.length, unchanged: expect.any(Number) });
    const { sequences, ...after } = await seen();
    expect(after).toEqual({ identities: before.identities, running: before.running });
    expect(sequences).toEqual(before.sequences.map((count) => count + 1));
    expect((await recorded()).map((records) => records.at(-1))).toMatchObject(
      world.instances.map(() => ({ kind: "settings", found: true, settings: { environment } })),
    );
  });

  it("is done with that in one update", async () => {
    const again = await world.up();
    expect(counts(again)).toEqual({ unchanged: expect.any(Number) });
  });

  it("has the next change of its settings go to the canary first", async () => {
    const [canary = "", second = ""] = world.instances;
    environment = { ALPHA: "2", ZED: "other" };
    await world.configure();
    const preview = await world.preview();
    expect(preview.output).toContain(`${canary}: change of settings on fixture:1@`);
    expect(preview.output).toContain(
      `${second}: keeps its settings until clawforce:instanceGroups.${world.stack}-group.wave is 1`,
    );
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    const [moved, ...others] = (await seen()).identities as unknown[];
    const [had, ...untouched] = before.identities as unknown[];
    expect(others).toEqual(untouched);
    expect(moved).not.toEqual(had);
  });
});
