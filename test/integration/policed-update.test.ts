import { generateKeyPairSync } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { dockerCommand } from "../support/docker-command.ts";
import {
  type Edit,
  judgedWith,
  type PackConfig,
  type PolicedRun,
  packFolder,
  policed,
  refusalsBy,
  rulesThatRefuse,
} from "../support/policy-preview.ts";
import { partsOfThisRun, World } from "../support/world.ts";
import { controlPlaneSettings } from "../support/world-settings.ts";

/** Our own program under the pack, as strict as it is shipped for production. */
describe("a fleet under the pack", () => {
  const images = { old: "", new: "", other: "" };
  const planeImages = { old: "", new: "" };
  let world: World;
  let plane: string;
  let [canary, other] = ["", ""];
  let planeImage = "";
  let strict: PackConfig;
  let strictFile: string;
  let bringUp: PolicedRun;
  /** What the stack file names between two tests. */
  let settled: { images: World["images"]; wave: number };

  beforeAll(async () => {
    const { fixture, tools, controlPlane } = (await partsOfThisRun()).images;
    [images.old, images.new, images.other] = [fixture[1], fixture[2], tools];
    [planeImages.old, planeImages.new] = [controlPlane["1.4.2"], controlPlane["1.5.0"]];
    planeImage = planeImages.old;
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    world = await World.create(
      { stable: images.old },
      {
        instances: 2,
        group: { bake: { length: "2s", interval: "1s" } },
        settings: ({ folder, stack, parts }) => ({
          evidence: { directory: join(folder, "evidence"), signingKey: join(folder, "key.pem") },
          controlPlane: {
            ...controlPlaneSettings(`${stack}-plane`, { stack, dockerHost: parts.dockerHost }),
            image: planeImage,
          },
        }),
      },
    );
    plane = `${world.stack}-plane`;
    [canary, other] = world.instances as [string, string];
    await writeFile(join(world.folder, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }), {
      mode: 0o600,
    });
    strict = await productionConfig(publicKey.export({ type: "spki", format: "der" }).toString("base64"));
    strictFile = join(world.folder, "strict.json");
    await writeFile(strictFile, JSON.stringify(strict));
    bringUp = await policed(world, "up", { config: strict });
    settled = { images: world.images, wave: 0 };
  }, 5 * 60_000);
  afterEach(async () => {
    planeImage = planeImages.old;
    await world.configure(settled);
  });
  afterAll(async () => {
    await world.destroy();
    for (const what of ["state", "backups"]) {
      await dockerCommand("volume", "rm", "--force", `${plane}-${what}`);
    }
  });

  const judged = (config = strict, ...flags: string[]) => policed(world, "preview", { config, flags });

  /** @param warnings - by what rules. */
  function expectPassed(run: PolicedRun, ...warnings: string[]): void {
    expect(rulesThatRefuse(run), run.output).toEqual([]);
    expect(new Set(run.violations.map(({ rule }) => rule)), run.output).toEqual(new Set(warnings));
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
    const first = await world.fleet("update", ...pack);
    expect(first.output).toMatch(/^ {4}✅ clawforce-fleet@/m);
    expect(first.code, first.output).toBe(0);
    await world.configure({ wave: 1 });
    expectPassed(await policed(world, "up", { config: strict }));

    const promoted = await world.fleet("promote", ...pack);
    expect(promoted.code, promoted.output).toBe(0);
    settled = { images: { stable: images.new, previous: images.old }, wave: 0 };
    await world.configure(settled);
    expectPassed(await judged());

    const back = await world.fleet("rollback", ...pack);
    expect(back.code, back.output).toBe(0);
    settled = { images: { stable: images.old }, wave: 0 };
    await world.configure(settled);
    expectPassed(await judged());
  });

  it("is not touched by an update that a rule stops, be it of pulumi or of fleet", async () => {
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

  /** A change of our program that no configuration can make, and what is said of it beside a new candidate. */
  const edits: [what: string, rule: string, edit: Edit, message: () => string][] = [
    [
      "a privileged gateway",
      "least-privilege",
      {
        file: "components/platforms/docker.ts",
        from: "hostname: spec.name,",
        to: "hostname: spec.name, privileged: spec.name.endsWith('-2'),",
      },
      () =>
        `[least-privilege] ${other} privileged: the container is privileged. Why: then nothing keeps it from its host. Write: privileged: false, and the one capability that it needs, if any.`,
    ],
    [
      "an image under ignoreChanges",
      "no-mutable-image",
      {
        file: "components/workload.ts",
        from: "      deleteBeforeReplace: true,",
        to: '      deleteBeforeReplace: true, ignoreChanges: name.endsWith("-2") ? ["image"] : [],',
      },
      () =>
        `[no-mutable-image] ${other} image: the image is under ignoreChanges ("image"). Why: what runs then is not what the program says, and no review sees it. Write: ignoreChanges without this path.`,
    ],
  ];

  it.each(edits)("passes with a new candidate, and not with %s (%s)", async (_, rule, edit, message) => {
    await world.configure({ images: { ...settled.images, candidate: images.other }, wave: 0 });
    const refused = await judgedWith(world, [edit], strict);
    expect(refusalsBy(rule, refused), refused.output).toContain(message());
    expect(refused.code).toBe(1);
    const twin = await judged();
    expectPassed(twin);
    expect(canary).not.toBe(other);
  });
});

/** policies/production.json with the key whose records count in this world, and for gateways that start in a second. */
async function productionConfig(publicKey: string): Promise<PackConfig> {
  const shipped = JSON.parse(await readFile(join(packFolder, "production.json"), "utf8"));
  for (const settings of Object.values<Record<string, unknown>>(shipped)) {
    if ("trustedKeys" in settings) settings.trustedKeys = [publicKey];
    if ("minimumBake" in settings) settings.minimumBake = "1s";
  }
  return shipped;
}
