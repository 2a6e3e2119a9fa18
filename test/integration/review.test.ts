import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { changedCopy, refusalsOf, reviewedIn, rowsOf } from "../support/reviewed-program.ts";
import { partsOfThisRun, World } from "../support/world.ts";

describe("the review of a change", () => {
  const images = { old: "", new: "" };
  let world: World;
  let [canary, other] = ["", ""];
  let before: object[];

  beforeAll(async () => {
    const { fixture } = (await partsOfThisRun()).images;
    [images.old, images.new] = [fixture[1], fixture[2]];
    world = await World.create({ stable: images.old }, { instances: 2 });
    [canary, other] = world.instances as [string, string];
    const { code, output } = await world.up();
    expect(code, output).toBe(0);
    before = await identities();
  });
  afterAll(async () => {
    expect(await identities()).toEqual(before);
    await world.destroy();
  });

  const identities = () => Promise.all([world.identity(canary), world.identity(other)]);

  const review = (folder?: string) => reviewedIn(world, folder);
  const copyWith = (edits: Record<string, [from: string, to: string][]>) => changedCopy(world, edits);

  it("passes the update of the canary: one row, what becomes what, and exit code 0", async () => {
    await world.configure({ images: { stable: images.old, candidate: images.new } });
    const { code, document, said } = await review();
    expect(code, said).toBe(0);
    const short = (image: string) =>
      `\`fixture:${image.split(/[:@]/).at(-3)}@${image.split(":").at(-1)?.slice(0, 12)}\``;
    expect(rowsOf(document)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^\\| \`${canary}\` \\| runtime \\| ${short(images.old)} \\| ${short(images.new)} \\| update \\| itself, .* \\| stays \\|$`,
        ),
      ),
    ]);
    expect(document).toContain(`## Review of \`${world.stack}\`: passed\n`);
    expect(said).toContain(`${world.stack}: passed. No refusals, `);
  });

  it("refuses the whole fleet on a digest that no canary has run, with exit code 1", async () => {
    await world.configure({ images: { stable: images.new } });
    const { code, document, said } = await review();
    expect(code, said).toBe(1);
    expect(rowsOf(document)).toHaveLength(2);
    expect(refusalsOf(document).filter((line) => line.includes("\\[canary-before-fleet\\]"))).not.toEqual([]);
    expect(document).toContain(`## Review of \`${world.stack}\`: refused\n`);
  });

  it("refuses a workload that leaves the program while its volume is protected", async () => {
    await world.configure({ images: { stable: images.old } });
    const text = await readFile(world.configFile, "utf8");
    await writeFile(
      world.configFile,
      text.replace(new RegExp(`\n +- name: ${other}`), "").replace(/\n +- 2\n/, "\n"),
    );
    const { code, document, said } = await review();
    expect(code, said).toBe(1);
    expect(rowsOf(document)).toEqual([
      expect.stringMatching(
        `^\\| \`${other}\` \\| .* \\| removed \\| for good \\| stays on the host, after a cold snapshot \\|$`,
      ),
    ]);
    expect(refusalsOf(document)).toEqual([
      expect.stringContaining(`${other}-state" cannot be deleted because it is protected.`),
      expect.stringContaining(
        "\\[pack\\] the policy pack clawforce-fleet: its rules about the whole stack did not run.",
      ),
      expect.stringContaining(`\\[state-kept\\] ${other}-state: the Volume would leave the program.`),
    ]);
  });

  it("refuses what only the engine shows of a changed program: lost options, a lost hook, an unmarked secret", async () => {
    await world.configure({ images: { stable: images.old } });
    const folder = await copyWith({
      "components/workload.ts": [
        ["protect: true, retainOnDelete: true", ""],
        ["beforeDelete: [hooks.cutOver], ", ""],
      ],
      "platforms/docker/container-args.ts": [
        ["pulumi.output(token)", "pulumi.output(pulumi.unsecret(token))"],
      ],
    });
    const { code, document, said } = await review(folder);
    expect(code, said).toBe(1);
    for (const name of [canary, other]) {
      for (const told of [
        `\\[cut-over\\] ${name}: its container has no hook "cut-over" before its removal.`,
        `\\[state-kept\\] ${name}-state: it loses \\\`protect\\\`.`,
        `\\[state-kept\\] ${name}-state: it loses \\\`retainOnDelete\\\`.`,
        `\\[secret-marked\\] ${name}: envs "OPENCLAW\\_GATEWAY\\_TOKEN" is named like a secret and is not marked as one.`,
      ]) {
        expect(
          refusalsOf(document).some((line) => line.includes(told)),
          `${told}\n${document}`,
        ).toBe(true);
      }
    }
    expect(document + said).not.toContain("secret-of-");
  });
});
