import { generateKeyPairSync } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { dockerCommand } from "../support/docker-command.ts";
import {
  type PackConfig,
  type PolicedRun,
  packFolder,
  policed,
  refusalsBy,
  rulesThatRefuse,
} from "../support/policy-preview.ts";
import { partsOfThisRun, World } from "../support/world.ts";

/** Our own program under the pack, as strict as it is shipped for production. */
describe("a fleet under the pack", () => {
  const images = { old: "", new: "", other: "" };
  let world: World;
  let strict: PackConfig;
  let strictFile: string;
  let bringUp: PolicedRun;
  /** What the stack file names between two tests. */
  let settled: { images: World["images"]; wave: number };

  beforeAll(async () => {
    const { fixture, tools } = (await partsOfThisRun()).images;
    [images.old, images.new, images.other] = [fixture[1], fixture[2], tools];
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    world = await World.create(
      { stable: images.old },
      {
        instances: 2,
        group: { bake: { length: "2s", interval: "1s" } },
        settings: ({ folder }) => ({
          evidence: { directory: join(folder, "evidence"), signingKey: join(folder, "key.pem") },
        }),
      },
    );
    await writeFile(join(world.folder, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }), {
      mode: 0o600,
    });
    strict = await productionConfig(publicKey.export({ type: "spki", format: "der" }).toString("base64"));
    strictFile = join(world.folder, "strict.json");
    await writeFile(strictFile, JSON.stringify(strict));
    bringUp = await policed(world, "up", { config: strict });
    settled = { images: world.images, wave: 0 };
  }, 5 * 60_000);
  afterEach(() => world.configure(settled));
  afterAll(() => world.destroy());

  const judged = (config = strict, ...flags: string[]) => policed(world, "preview", { config, flags });

  function expectPassed(run: PolicedRun): void {
    expect(run.violations, run.output).toEqual([]);
    expect(run.code, run.output).toBe(0);
  }

  /** The world as another client sees it: containers, volumes and records. */
  async function seen(): Promise<object> {
    const records = (name: string) =>
      readFile(join(world.folder, "evidence", world.stack, name, "records.jsonl"), "utf8");
    return {
      containers: await Promise.all(world.instances.map((name) => world.identity(name))),
      volumes: await dockerCommand("volume", "ls", "--quiet", "--filter", `name=${world.stack}`),
      made: await dockerCommand("ps", "--all", "--quiet", "--filter", `name=${world.stack}`),
      records: await Promise.all(world.instances.map(records)),
    };
  }

  it("is brought up, updated wave by wave, promoted and taken back, and no rule stops any of it", async () => {
    const pack = ["--policy-pack", packFolder, "--policy-pack-config", strictFile];
    expectPassed(bringUp);
    await world.configure({ images: { stable: images.old, candidate: images.new } });
    const canary = await world.fleet("update", ...pack);
    expect(canary.output).toMatch(/^ {4}✅ clawforce-fleet@/m);
    expect(canary.code, canary.output).toBe(0);
    await world.configure({ wave: 1 });
    expectPassed(await policed(world, "up", { config: strict }));

    const promoted = await world.fleet("promote", ...pack);
    expect(promoted.code, promoted.output).toBe(0);
    expectPassed(await judged());
    settled = { images: { stable: images.new, previous: images.old }, wave: 0 };

    const back = await world.fleet("rollback", ...pack);
    expect(back.code, back.output).toBe(0);
    settled = { images: { stable: images.old }, wave: 0 };
    expectPassed(await judged());
  });

  it("is not touched by an update that a rule stops", async () => {
    const before = await seen();
    await world.configure({ images: { ...world.images, candidate: images.other } });
    const config = { ...strict, "no-mutable-image": { registries: ["ghcr.io"] } };
    const stopped = await policed(world, "up", { config });
    expect(rulesThatRefuse(stopped), stopped.output).toEqual(["no-mutable-image"]);
    expect(stopped.code).toBe(1);
    expect(await seen()).toEqual(before);

    const pack = join(world.folder, "ghcr-only.json");
    await writeFile(pack, JSON.stringify(config));
    const stackFile = await readFile(world.configFile, "utf8");
    const byFleet = await world.fleet("update", "--policy-pack", packFolder, "--policy-pack-config", pack);
    expect(byFleet.output).toContain(
      "The update was refused at its preview: nothing was touched, the stack file is as it was.\nPolicies:\n",
    );
    expect(byFleet.output).toContain(refusalsBy("no-mutable-image", stopped)[0]);
    expect(byFleet.code).toBe(1);
    expect(await readFile(world.configFile, "utf8")).toBe(stackFile);
    expect(await seen()).toEqual(before);
  });
});

/** policies/production.json with the key whose records count in this world. */
async function productionConfig(publicKey: string): Promise<PackConfig> {
  const shipped = JSON.parse(await readFile(join(packFolder, "production.json"), "utf8")) as PackConfig;
  return Object.fromEntries(
    Object.entries(shipped).map(([rule, settings]) => [
      rule,
      typeof settings === "object" && "trustedKeys" in settings
        ? { ...settings, trustedKeys: [publicKey] }
        : settings,
    ]),
  );
}
