import { createHash } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { partsOfThisRun, runProgram, World } from "../support/world.ts";
import { fixtureGroup } from "../support/world-settings.ts";

describe("a new value of a secret", () => {
  let world: World;
  const [old, next] = ["the-first-key", "the-second-key"];
  const [inFile, nextInFile] = ["the-first-of-the-file", "the-second-of-the-file"];

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    world = await World.create(
      { stable: images.fixture[1] },
      {
        instances: 3,
        patience: true,
        settings: ({ stack, instances, wave, folder }) => {
          const { container, ...group } = fixtureGroup(stack, true);
          return {
            instanceGroups: {
              [`${stack}-group`]: {
                ...{ ...group, agentImage: "agent", instances, waves: [1, 2, 3], wave },
                container: {
                  ...(container as object),
                  secrets: { MODEL_API_KEY: "model-key" },
                  envFile: join(folder, "gateway.env"),
                },
              },
            },
          };
        },
      },
    );
    await setFile(inFile);
    await setKey(old);
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
  });
  afterAll(() => world.destroy());

  async function setKey(value: string): Promise<void> {
    const argv = ["config", "set", "--secret", "--path", "clawforce:secrets.model-key", value];
    expect((await world.pulumi([...argv, ...world.stackFlags()])).code).toBe(0);
  }

  function setFile(value: string): Promise<void> {
    return writeFile(join(world.folder, "gateway.env"), `# secrets\nFILE_KEY=${value}\n`, { mode: 0o600 });
  }

  const keys = (variable = "MODEL_API_KEY") =>
    Promise.all(
      world.instances.map(async (name) =>
        (await world.inspect(name)).Config.Env.find((each) => each.startsWith(`${variable}=`))?.slice(
          variable.length + 1,
        ),
      ),
    );
  const identities = () => Promise.all(world.instances.map((name) => world.identity(name)));

  it("goes to the canary alone, prepared and drilled, and is said of the others", async () => {
    const [, ...others] = await identities();
    await setKey(next);
    const [canary = "", second = ""] = world.instances;
    const preview = await world.preview();
    expect(preview.output).toMatch(
      new RegExp(`${canary}: change of settings on .* \\(the value of secrets.MODEL_API_KEY changes\\)`),
    );
    expect(preview.output).toContain(
      `${second}: keeps its settings until clawforce:instanceGroups.${world.stack}-group.wave is 1 (the value of secrets.MODEL_API_KEY changes)`,
    );
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    expect(await keys()).toEqual([next, old, old]);
    expect((await identities()).slice(1)).toEqual(others);
    expect((await world.records(canary)).map(({ kind }) => kind)).toContain("drill");
    const again = await world.up();
    expect(again.code, again.output).toBe(0);
    expect(again.output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
    expect(await keys()).toEqual([next, old, old]);
  });

  it("leaves the others their value when one of them is made anew meanwhile", async () => {
    const third = world.instances[2] ?? "";
    const { id } = await world.identity(third);
    const up = await world.up("--replace", await urnOf(third));
    expect(up.code, up.output).toBe(0);
    expect((await world.identity(third)).id).not.toBe(id);
    expect(await keys()).toEqual([next, old, old]);
  });

  it("goes on with the next wave by `fleet update`", async () => {
    const update = await world.fleet("update");
    expect(update.code, update.output).toBe(0);
    expect(update.output).toContain("the value of secrets.MODEL_API_KEY changes");
    expect(await keys()).toEqual([next, next, old]);
    world.wave = 1;
  });

  it("is taken back at once by the old one, from all that have it", async () => {
    const untouched = await world.identity(world.instances[2] ?? "");
    await setKey(old);
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect(back.output).toContain("back to settings that it has passed on");
    expect(await keys()).toEqual([old, old, old]);
    expect(await world.identity(world.instances[2] ?? "")).toEqual(untouched);
  });

  it("of a file goes to the canary first, too", async () => {
    world.wave = 0;
    await world.configure();
    await setFile(nextInFile);
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    expect(await keys("FILE_KEY")).toEqual([nextInFile, inFile, inFile]);
    expect(await keys()).toEqual([old, old, old]);
    await writeFile(join(world.folder, "gateway.env"), `export FILE_KEY=${nextInFile}\n`);
    const refused = await world.preview();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain("gateway.env, line 1: the name before `=` has a blank in it.");
    expect(refused.output).not.toContain(nextInFile);
    await setFile(nextInFile);
  });

  it("stands nowhere, nor anything that is made of it alone", async () => {
    await rm(join(world.folder, "gateway.env"));
    for (const value of [old, next, inFile, nextInFile]) {
      const hashes = ["sha256", "sha1", "md5"].map((kind) => createHash(kind).update(value).digest("hex"));
      for (const each of [value, ...hashes.map((hash) => hash.slice(0, 16))]) {
        expect(await runProgram("grep", ["-rlF", each, world.folder], {})).toMatchObject({
          code: 1,
          output: "",
        });
      }
    }
  });

  async function urnOf(name: string): Promise<string> {
    const { output } = await world.pulumi(["stack", "export", "--stack", world.stack]);
    const { deployment } = JSON.parse(output) as {
      deployment: { resources: { urn: string; type: string }[] };
    };
    const found = deployment.resources.find(
      ({ urn, type }) => type === "docker:index/container:Container" && urn.endsWith(`::${name}`),
    );
    return found?.urn ?? "";
  }
});
