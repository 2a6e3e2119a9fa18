import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubernetesOfThisRun } from "../support/cluster.ts";
import { ClusterWorld } from "../support/cluster-world.ts";
import { judgedWith, policed, refusalsBy, rulesThatRefuse } from "../support/policy-preview.ts";
import { changedCopy, refusalsOf, reviewedIn, rowsOf } from "../support/reviewed-program.ts";
import { partsOfThisRun } from "../support/world.ts";

const kubernetes = await kubernetesOfThisRun();
const { images } = await partsOfThisRun();
const resources = "platforms/kubernetes/resources.ts";

describe.skipIf("missing" in kubernetes)("a fleet on Kubernetes, judged by the pack", () => {
  let on: ClusterWorld;
  let [canary, second] = ["", ""];

  beforeAll(async () => {
    if ("missing" in kubernetes) return;
    on = await ClusterWorld.create(kubernetes, { stable: images.fixture[1] }, { instances: 2 });
    [canary = "", second = ""] = on.world.instances;
  });
  afterAll(() => on?.destroy());

  const judged = () => policed(on.world, "preview");
  const judgedBy = (file: string, from: string, to: string) => judgedWith(on.world, [{ file, from, to }], {});

  it("may start, and has to be made at no replicas", async () => {
    const first = await judged();
    expect(rulesThatRefuse(first), first.output).toEqual([]);
    expect(first.code, first.output).toBe(0);
    const one = await judgedBy("platforms/kubernetes/unit-objects.ts", "replicas: 0,", "replicas: 1,");
    expect(refusalsBy("single-writer", one)).toEqual(
      [canary, second].map((name) =>
        expect.stringContaining(`[single-writer] ${name} spec.replicas: is 1, and the set is made`),
      ),
    );
    expect(one.code).not.toBe(0);
    const up = await on.world.up();
    expect(up.code, up.output).toBe(0);
  });

  it("may bring its canary over, and nothing more", async () => {
    const stays = await judged();
    expect(rulesThatRefuse(stays), stays.output).toEqual([]);
    await on.world.configure({ images: { stable: images.fixture[1], candidate: images.fixture[2] } });
    const update = await judged();
    expect(rulesThatRefuse(update), update.output).toEqual([]);
    expect(update.code, update.output).toBe(0);
    await on.world.configure({ images: { stable: images.fixture[2] } });
    const whole = await judged();
    expect(rulesThatRefuse(whole)).toContain("canary-before-fleet");
    expect(refusalsBy("canary-before-fleet", whole).join("\n")).toContain(second);
    await on.world.configure({ images: { stable: images.fixture[1], candidate: images.fixture[2] } });
  });

  it.each<[what: string, file: string, from: string, to: string, rule: string, says: string]>([
    [
      "an update starts its pod by itself",
      resources,
      '"spec.replicas",',
      "",
      "single-writer",
      "spec.replicas: is 0, and is not under ignoreChanges",
    ],
    [
      "it has another image than it says",
      "platforms/kubernetes/pod-template.ts",
      "image: spec.image,",
      `image: ${JSON.stringify(images.fixture[3])},`,
      "canary-before-fleet",
      "its container has ",
    ],
    [
      "it is not made for what its copy is made for",
      "platforms/kubernetes/pod-template.ts",
      "[madeAnnotation]: spec.trigger",
      '[madeAnnotation]: "something else"',
      "canary-before-fleet",
      'its pod is made for "something else"',
    ],
    [
      "its image stays what it was",
      resources,
      '"spec.replicas",',
      '"spec.replicas", "spec.template.spec.containers[0].image",',
      "no-mutable-image",
      "the image is under ignoreChanges",
    ],
  ])("is refused where %s", async (_, file, from, to, rule, says) => {
    const run = await judgedBy(file, from, to);
    expect(refusalsBy(rule, run).join("\n"), run.output).toContain(says);
    expect(run.code).not.toBe(0);
  });

  it("is reviewed as what it is: the update of its canary, other settings, or no restart at all", async () => {
    const update = await reviewedIn(on.world);
    expect(update.code, update.said).toBe(0);
    expect(rowsOf(update.document)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^\\| \`${canary}\` \\| runtime \\| \`fixture:.*\` \\| \`fixture:.*\` \\| update, as canary \\| itself, .* \\| stays, after a cold snapshot \\|$`,
        ),
      ),
    ]);
    const still = await changedCopy(on.world, {
      [resources]: [['...(isKept && { ignoreChanges: ["*"] })', 'ignoreChanges: ["*"]']],
    });
    const notStarted = await reviewedIn(on.world, still);
    expect(notStarted.code, notStarted.said).toBe(1);
    expect(refusalsOf(notStarted.document).join("\n")).toContain("and nothing would start it");
    await on.world.configure({ images: { stable: images.fixture[1] } });
    const labels = await changedCopy(on.world, {
      "platforms/kubernetes/unit-objects.ts": [
        ["labels,\n      // The provider", 'labels: { ...labels, team: "a" },\n      // The provider'],
      ],
    });
    const labelled = await reviewedIn(on.world, labels);
    expect(labelled.code, labelled.said).toBe(0);
    expect(rowsOf(labelled.document)).toEqual(
      [canary, second].map((name) =>
        expect.stringMatching(
          new RegExp(`^\\| \`${name}\` .* \\| no restart: metadata.labels.team \\| nothing \\| stays \\|$`),
        ),
      ),
    );
  });

  it("is refused by the review where a hook is not there, which no rule of the pack sees", async () => {
    const folder = await changedCopy(on.world, {
      [resources]: [
        ["beforeUpdate: [beforeChange],", ""],
        ["...(hooks?.beforeCreate && { beforeCreate: hooks.beforeCreate }),", ""],
      ],
    });
    const { code, document, said } = await reviewedIn(on.world, folder);
    expect(code, said).toBe(1);
    expect(refusalsOf(document)).toEqual(
      [canary, second].flatMap((name) => [
        expect.stringContaining(`\\[cut-over\\] ${name}: its set has no hook "replace"`),
        expect.stringContaining(`\\[cut-over\\] ${name}: its start has no hook "restore"`),
      ]),
    );
  });

  it("is judged once more when the update of its canary is done, by what is there then", async () => {
    await on.world.configure({ images: { stable: images.fixture[1], candidate: images.fixture[2] } });
    const up = await policed(on.world, "up");
    expect(up.code, up.output).toBe(0);
    expect(rulesThatRefuse(up), up.output).toEqual([]);
    expect(await on.imageOf(canary)).toBe(images.fixture[2]);
    expect(await on.imageOf(second)).toBe(images.fixture[1]);
  });
});
