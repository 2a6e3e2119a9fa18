import { generateKeyPairSync } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { dockerCommand } from "../support/docker-command.ts";
import type { Edit } from "../support/edited-program.ts";
import {
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
          rehearsal: {},
          evidence: { directory: join(folder, "evidence"), signingKey: join(folder, "key.pem") },
          controlPlane: {
            ...controlPlaneSettings(`${stack}-plane`, { stack, dockerHost: parts.dockerHost }),
            image: planeImage,
            ...(planeImage !== planeImages.old && { previous: planeImages.old }),
          },
        }),
      },
    );
    plane = `${world.stack}-plane`;
    [canary, other] = world.instances as [string, string];
    await writeFile(join(world.folder, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }), {
      mode: 0o600,
    });
    const evidence = join(world.folder, "evidence");
    await mkdir(evidence, { mode: 0o700 });
    const key = publicKey.export({ type: "spki", format: "der" }).toString("base64");
    strict = await productionConfig(key, evidence);
    strictFile = join(world.folder, "strict.json");
    await writeFile(strictFile, JSON.stringify(strict));
    bringUp = await policed(world, "up", { config: strict });
    settled = { images: world.images, wave: 0 };
  });
  afterEach(async () => {
    planeImage = planeImages.old;
    await world.configure(settled);
  });
  afterAll(() => world?.destroy());

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
    // It says that all of them are started for the first time.
    expectPassed(bringUp, "canary-before-fleet");
    await world.configure({ images: { stable: images.old, candidate: images.new } });
    const first = await world.fleet("update", ...pack);
    expect(first.output).toMatch(/^ {4}✅ clawforce-fleet@/m);
    expect(first.code, first.output).toBe(0);
    await world.configure({ wave: 1 });
    // As it is shipped: without a key no record counts.
    const keyless = { ...strict, "canary-before-fleet": { minimumBake: "1s" } };
    const refused = await judged(keyless);
    expect(refusalsBy("canary-before-fleet", refused), refused.output).toEqual([
      expect.stringMatching(
        / Write: the public key of the machine .* into `trustedKeys` of the policy config: it has none\.$/,
      ),
    ]);
    expect(refused.code).toBe(1);
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

  it("is updated beside a workload that stays as it is because its records are damaged or lost", async () => {
    const file = join(world.folder, "evidence", world.stack, other, "records.jsonl");
    const whole = await readFile(file, "utf8");
    await world.configure({ images: { stable: images.old, candidate: images.new }, wave: 0 });
    for (const [text, said, ...warnings] of [
      // That the rules could not read them is said too.
      [
        whole.split("\n").toSpliced(1, 1).join("\n"),
        `${other}: its records are damaged`,
        "canary-before-fleet",
      ],
      ["", `${other}: its records are missing`],
    ] as const) {
      await writeFile(file, text);
      const run = await judged();
      expect(run.output).toContain(said);
      expectPassed(run, ...warnings);
    }
    await writeFile(file, whole);
  });

  /** Refused at preview for these messages of one rule, each by its beginning. */
  function expectRefused(run: PolicedRun, rule: string, ...messages: string[]): void {
    const said = refusalsBy(rule, run).map((message) => message.slice(`[${rule}] `.length));
    expect(
      said.map((message, index) => message.slice(0, messages[index]?.length)),
      run.output,
    ).toEqual(messages);
    expect(run.code).toBe(1);
  }

  const notRehearsed = () => `${other} image: image "${images.other}" is not rehearsed on "`;

  it("gets no other stable image at once", async () => {
    await world.configure({ images: { stable: images.other, previous: images.old } });
    expectRefused(
      await judged(),
      "canary-before-fleet",
      `agent stable: image "${images.other}" is no release: no workload has passed on it, or each has gone back from it. Why: `,
      `${other} image: image "${images.other}" is not proved: its canary ${canary} is only brought to it in this update. Why: a fleet must not run what one instance has not proved. Write: the reference as \`candidate\` of its agent image with \`wave: 0\`; raise the wave once the canary has passed.`,
      notRehearsed(),
    );
  });

  it("hands on all of its records: the rules read the evidence directory by themselves", async () => {
    await world.configure({ images: { stable: images.old, candidate: images.other }, wave: 0 });
    const edit = {
      file: "lifecycle/update/evidence-facts.ts",
      from: "evidenceOf(sealed, spoken)",
      to: "evidenceOf([], spoken)",
    };
    const run = await judgedWith(world, [edit], strict);
    const leftOut = [canary, other, plane].toSorted().map((name) => `${name} judged.evidence: its `);
    expectRefused(run, "canary-before-fleet", ...leftOut);
  });

  it("gets no wave ahead of its canary, not with --target either, which leaves the canary out", async () => {
    await world.configure({ images: { stable: images.old, candidate: images.other }, wave: 1 });
    const message = `${other} image: image "${images.other}" is not proved: its canary ${canary} is `;
    const messages = [message, notRehearsed()];
    expectRefused(await judged(), "canary-before-fleet", ...messages);
    expectRefused(await judged(strict, "--target", `**${other}`), "canary-before-fleet", ...messages);
  });

  it("has no container beside it that passes for one of its workloads", async () => {
    const run = await judgedWith(
      world,
      beside(
        `new docker.Container("label", { name: "${other}-b", image: "${images.other}",`,
        `  labels: [{ label: "clawforce.workload", value: "${other}" }] });`,
        `new docker.Container("name", { name: "${other}", image: "${images.other}" });`,
      ),
      strict,
    );
    expectRefused(
      run,
      "canary-before-fleet",
      'label labels: it has the label "clawforce.workload" and is no workload. Why: no canary, no snapshot and no gate stands before its change. Write: an instance of a group of the fleet instead.',
      "name name: ",
    );
  });

  it("and its control plane are not updated in one window, also where the program would let them be", async () => {
    planeImage = planeImages.new;
    await world.configure({ images: { stable: images.old, candidate: images.other }, wave: 0 });
    const run = await judgedWith(world, withoutWindow, strict);
    expectRefused(
      run,
      "one-track-per-window",
      `${plane} image: the control plane is to run "${planeImages.new}", and the update brings ${canary} to another image too. Why: a fault after it would have two suspects. Write: one of both changes; the other one in a window of its own.`,
    );
    expect(rulesThatRefuse(run)).toEqual(["one-track-per-window"]);
  });

  it("keeps what it can go back to", async () => {
    const edit = {
      file: "platforms/docker/resources.ts",
      from: "keepLocally: true",
      to: "keepLocally: false",
    };
    await world.configure({ images: { stable: images.old, candidate: images.other }, wave: 0 });
    const run = await judgedWith(world, [edit], strict);
    expect(refusalsBy("rollback-ready", run)).toContain(
      `[rollback-ready] agent-${digestPart(images.old)} keepLocally: it is not kept on the host. Why: going back must not depend on a registry. Write: keepLocally: true.`,
    );
    expect(rulesThatRefuse(run), run.output).toEqual(["rollback-ready"]);
    expect(run.code).toBe(1);
  });

  it("is copied before it is changed", async () => {
    const edit = {
      file: "components/workload.ts",
      from: "triggers: [spec.trigger, ",
      to: 'triggers: ["once", ',
    };
    await world.configure({ images: { stable: images.old, candidate: images.other }, wave: 0 });
    const run = await judgedWith(world, [edit], strict);
    expectRefused(
      run,
      "snapshot-before-change",
      `${canary}-preparation triggers: its first trigger is not the hash that makes the container anew when it changes. Why: `,
    );
    expect(rulesThatRefuse(run)).toEqual(["snapshot-before-change"]);
  });

  it("is refused for all that is wrong with it in one run, and passes without any of that", async () => {
    await world.configure({ images: { stable: images.old, candidate: images.other }, wave: 0 });
    const run = await judgedWith(world, manyEdits, strict);
    expect(run.violations.map(({ message }) => message.slice(0, message.indexOf(": ")))).toEqual([
      `[canary-before-fleet] ${canary} image`,
      `[digest-pinned] ${canary} image`,
      `[drain-budget] ${other} destroyGraceSeconds`,
      `[least-privilege] ${other} privileged`,
      `[no-mutable-image] ${canary} image`,
      `[no-mutable-image] ${other} image`,
      `[state-protected] ${other}-state opts.protect`,
    ]);
    expect(run.code).toBe(1);
    expectPassed(await judged());
  });
});

/** Of a reference, as the names of images in our program have it. */
function digestPart(reference: string): string {
  return reference.slice(reference.lastIndexOf(":") + 1).slice(0, 12);
}

/** Lines beside our program. */
function beside(...lines: string[]): Edit[] {
  const imports = ['import "./components/startup-speed.ts";', 'import * as docker from "@pulumi/docker";'];
  return [
    { file: "index.ts", from: `${imports[0]}\n`, to: `${imports.join("\n")}\n` },
    { file: "index.ts", from: "/** What runs once", to: `${lines.join("\n")}\n/** What runs once` },
  ];
}

/** Our program holds a window by itself; this one does not. */
const withoutWindow: Edit[] = [
  {
    file: "index.ts",
    from: "situationsInWindow(config, stack, platform)",
    to: "situationsOf(config, stack, platform)",
  },
  {
    file: "index.ts",
    from: "import { specOf }",
    to: 'import { situationsOf } from "./lifecycle/update/situations.ts";\nimport { specOf }',
  },
];

const second = 'name.endsWith("-2")';
const manyEdits: Edit[] = [
  {
    file: "platforms/docker/container-args.ts",
    from: "hostname: spec.name,",
    to: 'hostname: spec.name, privileged: spec.name.endsWith("-2"),',
  },
  {
    file: "platforms/docker/container-args.ts",
    from: "destroyGraceSeconds: Math.ceil(spec.stopGrace)",
    to: 'destroyGraceSeconds: spec.name.endsWith("-2") ? 0 : Math.ceil(spec.stopGrace)',
  },
  {
    file: "platforms/docker/resources.ts",
    from: "new docker.Container(name, inputs, {",
    to: `new docker.Container(name, { ...inputs, ...(name.endsWith("-1") && { image: late(spec.image) }) }, { ignoreChanges: ${second} ? ["image"] : [],`,
  },
  {
    file: "platforms/docker/resources.ts",
    from: "/** Containers, volumes,",
    to: 'const late = (name: string) => new docker.RemoteImage("late", { name, ["keepLocally"]: true }).repoDigest;\n/** Containers, volumes,',
  },
  {
    file: "components/workload.ts",
    from: "protect: true, retainOnDelete",
    to: `protect: !${second}, retainOnDelete`,
  },
];

/** policies/production.json with the key whose records count in this world, and for gateways that start in a second. */
async function productionConfig(publicKey: string, evidence: string): Promise<PackConfig> {
  const shipped = JSON.parse(await readFile(join(packFolder, "production.json"), "utf8"));
  for (const settings of Object.values<Record<string, unknown>>(shipped)) {
    if ("trustedKeys" in settings) settings.trustedKeys = [publicKey];
    if ("evidenceDirectory" in settings) settings.evidenceDirectory = evidence;
    if ("minimumBake" in settings) settings.minimumBake = "1s";
  }
  return shipped;
}
