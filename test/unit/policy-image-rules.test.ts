import type { ResourceValidationPolicy } from "@pulumi/policy";
import { describe, expect, test } from "vitest";
import { knownTypes } from "../../policies/image-paths.ts";
import { digestPinned, noMutableImage } from "../../policies/image-rules.ts";
import { judged, said } from "../policy/judged.ts";
import { built, unknownText } from "../policy/props.ts";

const container = "docker:index/container:Container";
const digest = `sha256:${"a".repeat(64)}`;
const rules = [noMutableImage, digestPinned];

const write = (name: string, version: string, asked: string) =>
  `Write: ${name}:${version}@sha256:<64 hex digits> (or run: docker buildx imagetools inspect ${asked}).`;
const noMutable = "[no-mutable-image] web image:";
const pinned = "[digest-pinned] web image:";
const warned = (policy: ResourceValidationPolicy) => `advisory: ${policy.description}\n`;

describe("no-mutable-image", () => {
  test.each([
    `ghcr.io/openclaw/openclaw:2026.4.23@${digest}`,
    `img@${digest}`,
    `img:stable@${digest}`,
    `host:5000/img:1@${digest}`,
    "img:1.2.3",
    "img:v1.2.3-rc.1",
    "img:2026.4.23",
    "img:20261121",
    "img:sha-1a2b3c4",
    "host:5000/img:1.2.3",
  ])("lets %s be", (image) => {
    expect(said(noMutableImage, image)).toEqual([]);
  });

  test.each<[image: unknown, message: string]>([
    [
      "img",
      `image "img" has no tag. Why: that means latest, which changes without a review. ${write("img", "<version>", "img")}`,
    ],
    [
      "host:5000/img",
      `image "host:5000/img" has no tag. Why: that means latest, which changes without a review. ${write("host:5000/img", "<version>", "host:5000/img")}`,
    ],
    ...["latest", "LATEST", "Latest", "latest-arm64", "1-latest"].map((tag): [string, string] => [
      `img:${tag}`,
      `image "img:${tag}" has the tag "${tag}". Why: it changes without a review. ${write("img", "<version>", "img")}`,
    ]),
    ...(
      "stable EDGE main master trunk develop dev nightly canary alpha beta rc next current lts prod production " +
      "staging release test testing unstable rolling mainline snapshot"
    )
      .split(" ")
      .map((tag): [string, string] => [
        `img:${tag}`,
        `image "img:${tag}" has the floating tag "${tag}". Why: it moves on with each release. ${write("img", tag, `img:${tag}`)}`,
      ]),
    ...["1", "v1", "1.2", "v1.2"].map((tag): [string, string] => [
      `img:${tag}`,
      `image "img:${tag}" has the partial version "${tag}". Why: it moves on with each release below it. ${write("img", tag, `img:${tag}`)}`,
    ]),
    [
      "img:1 ",
      'image "img:1 " has the character U+0020. Why: no registry can be asked for it. Write: <repository>:<version>@sha256:<64 hex digits>.',
    ],
    [
      "img:1\u200b",
      'image "img:1\\u200b" has the character U+200B. Why: no registry can be asked for it. Write: <repository>:<version>@sha256:<64 hex digits>.',
    ],
    [
      "",
      'image "" is empty. Why: no registry can be asked for it. Write: <repository>:<version>@sha256:<64 hex digits>.',
    ],
    [
      unknownText,
      "the image is not known at preview. Why: nobody can review what is not known. Write: the reference as literal text, with its digest, not the output of another resource.",
    ],
    [
      5,
      "the image is no text. Why: only a text can be a reference. Write: <repository>:<version>@sha256:<64 hex digits>.",
    ],
  ])("refuses %j and says what to write", (image, message) => {
    expect(said(noMutableImage, image)).toEqual([`${noMutable} ${message}`]);
  });

  test("says which part of a repository can't be one, and tells no id of an image to get a digest", () => {
    const odd =
      "has a repository with something else than a-z and 0-9, or than one `.`, `_`, `__` or hyphens between them";
    const generic = "Write: <repository>:<version>@sha256:<64 hex digits>";
    const why = "Why: no registry can be asked for it.";
    expect(said(noMutableImage, "ghcr.io/acme/Web:1.2.3")).toEqual([
      `${noMutable} image "ghcr.io/acme/Web:1.2.3" ${odd}: "Web". ${why} ${generic}.`,
    ]);
    const hex = "a1".repeat(32);
    for (const id of [`sha256:${hex}`, hex, `sha256:${hex.slice(0, 12)}`])
      for (const rule of rules)
        expect(said(rule, id)).toEqual([
          `[${rule.name}] web image: image "${id}" is the id of an image on one host, which no registry knows. ${why} ` +
            `${generic} (or run: docker image inspect --format '{{json .RepoDigests}}' ${id}).`,
        ]);
    // Repositories with such names, and what only looks like an id.
    expect(said(digestPinned, `sha256@sha256:${hex}`)).toEqual([]);
    expect(said(noMutableImage, "sha256:1.2.3")).toEqual([]);
    expect(said(noMutableImage, hex.slice(0, 12))[0]).toContain("has no tag");
  });

  test("takes a picture for no image, and an image whose name only looks like one for one", () => {
    const of = (value: string) =>
      judged(noMutableImage, {
        type: container,
        props: { image: `img:1@${digest}`, envs: [`HERO_IMAGE=${value}`] },
      });
    for (const value of [
      "logo.png",
      "assets/hero.WEBP",
      "a.svg",
      "a.jpg",
      "a.jpeg",
      "a.tif",
      "a.tiff",
      "https://example.com/a",
      "/a",
      "data:image/png;x",
    ])
      expect(of(value), value).toEqual([]);
    for (const value of ["logo.png:latest", "ghcr.io/acme/png", "png"])
      expect(of(value), value).toHaveLength(1);
  });

  test("says of a setting what it is called, wherever its path does not", () => {
    const named = (type: string, props: object) =>
      judged(noMutableImage, { type, props }).map(({ message }) => message);
    const hidden = "(not shown here) has a repository with something else";
    expect(named(container, { image: `img:1@${digest}`, envs: ["A=1", "AGENT_IMAGE=Hunter2"] })).toEqual([
      expect.stringContaining(`web envs[1]: the value of "AGENT_IMAGE" ${hidden}`),
    ]);
    const env = [{ name: "AGENT_IMAGE", value: "Hunter2" }];
    expect(
      named("kubernetes:core/v1:Pod", { spec: { containers: [{ image: `img:1@${digest}`, env }] } }),
    ).toEqual([
      expect.stringContaining(`web spec.containers[0].env[0].value: the value of "AGENT_IMAGE" ${hidden}`),
    ]);
    expect(named("kubernetes:core/v1:ConfigMap", { data: { agent_image: "Hunter2" } })).toEqual([
      expect.stringContaining(`web data.agent_image: the value ${hidden}`),
    ]);
  });

  test("only warns of `latest` beside a digest: the bytes are fixed, people read the tag", () => {
    expect(said(noMutableImage, `img:latest@${digest}`)).toEqual([
      `${warned(noMutableImage)}${noMutable} image "img:latest@${digest}" has the tag "latest" beside its digest. ` +
        `Why: people read the tag, and it says no version. Write: the tag of the version that the digest belongs to, as in img:<version>@${digest}.`,
    ]);
  });

  test("has floating tags of the operator's own", () => {
    expect(said(noMutableImage, "img:weekly", { floatingTags: ["Weekly"] })[0]).toContain(
      'the floating tag "weekly"',
    );
    expect(said(noMutableImage, "img:stable", { floatingTags: ["weekly"] })).toEqual([]);
    expect(said(noMutableImage, "img:latest", { floatingTags: [] })).toHaveLength(1);
  });

  test("lets images of allowed registries be, whatever case, and refuses those of others that look like them", () => {
    const config = { registries: ["ghcr.io", "docker.io"] };
    for (const image of [
      `ghcr.io/a/img:1@${digest}`,
      `GHCR.io/a/img:1@${digest}`,
      `img:1@${digest}`,
      `index.docker.io/img@${digest}`,
    ]) {
      expect(said(noMutableImage, image, config), image).toEqual([]);
    }
    expect(said(noMutableImage, `ghcr.io.evil.com/a/img:1@${digest}`, config)).toEqual([
      `${noMutable} image "ghcr.io.evil.com/a/img:1@${digest}" has the registry "ghcr.io.evil.com", which is not allowed. ` +
        "Why: only images from known registries have been looked at. Write: an image of ghcr.io or docker.io.",
    ]);
    expect(said(noMutableImage, `ghcr.io/a/img:1@${digest}`, { registries: ["hcr.io"] })).toHaveLength(1);
  });

  test("says the heaviest of two findings at one place, so that a warning hides no refusal", () => {
    const messages = said(noMutableImage, `evil.com/img:latest@${digest}`, { registries: ["ghcr.io"] });
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(/^\[no-mutable-image\] .* has the registry "evil\.com"/);
  });

  test("refuses an image that the program tells the engine not to update", () => {
    const props = { image: `img:1@${digest}` };
    expect(judged(noMutableImage, { type: container, props, ignoreChanges: ["image"] })).toEqual([
      {
        message: `${noMutable} the image is under ignoreChanges ("image"). Why: then something else runs than the program says, and no review sees it. Write: ignoreChanges without this path.`,
      },
    ]);
    expect(judged(noMutableImage, { type: container, props, ignoreChanges: ["labels"] })).toEqual([]);
  });

  test("judges the name that an update gives to what it builds, without asking for a digest", () => {
    const image = { type: "docker:index/image:Image", props: { imageName: "ghcr.io/a/img:latest" } };
    expect(judged(noMutableImage, image)).toEqual([
      {
        message:
          '[no-mutable-image] web imageName: image "ghcr.io/a/img:latest" has the tag "latest". ' +
          "Why: it changes without a review. Write: ghcr.io/a/img:<version>, a name that is given once.",
      },
    ]);
  });
});

describe("digest-pinned", () => {
  const sha512 = `sha512:${"b".repeat(128)}`;

  test.each([
    `img@${digest}`,
    `img:1@${digest}`,
    `img:latest@${digest}`,
    `img@${sha512}`,
    `host:5000/img@${digest}`,
  ])("lets %s be", (image) => {
    expect(said(digestPinned, image)).toEqual([]);
  });

  const noDigest = (image: string, rest: string) =>
    `image "${image}" has no digest. Why: the registry can give other bytes for the same tag. ${rest}`;

  test.each([
    ["img", noDigest("img", write("img", "<version>", "img"))],
    ["img:1.2.3", noDigest("img:1.2.3", write("img", "1.2.3", "img:1.2.3"))],
    ["img:latest", noDigest("img:latest", write("img", "<version>", "img"))],
    ["host:5000/img", noDigest("host:5000/img", write("host:5000/img", "<version>", "host:5000/img"))],
    ["img:sha-1a2b3c4", noDigest("img:sha-1a2b3c4", write("img", "sha-1a2b3c4", "img:sha-1a2b3c4"))],
    [
      `img:sha256-${"a".repeat(64)}`,
      noDigest(
        `img:sha256-${"a".repeat(64)}`,
        write("img", `sha256-${"a".repeat(64)}`, `img:sha256-${"a".repeat(64)}`),
      ),
    ],
    [
      `img:1@sha384:${"c".repeat(96)}`,
      `image "img:1@sha384:${"c".repeat(96)}" has a digest that is neither sha256 nor sha512. Why: a registry or an engine may not know it. ${write("img", "1", "img:1")}`,
    ],
    [
      `img:1@sha256:${"0".repeat(64)}`,
      `image "img:1@sha256:${"0".repeat(64)}" has the placeholder digest of zeros. Why: no image has it. ${write("img", "1", "img:1")}`,
    ],
    [
      "img@sha256:abc",
      'image "img@sha256:abc" has a sha256 digest of 3 digits, not 64. Why: no registry can be asked for it. Write: <repository>:<version>@sha256:<64 hex digits>.',
    ],
    [
      unknownText,
      "the image is not known at preview. Why: nobody can review what is not known. Write: the reference as literal text, with its digest, not the output of another resource.",
    ],
  ])("refuses %j and says what to write", (image, message) => {
    expect(said(digestPinned, image)).toEqual([`${pinned} ${message}`]);
  });

  test("refuses what the update builds: nobody could review its digest", () => {
    expect(
      judged(digestPinned, { type: "docker:index/image:Image", props: { imageName: "img:1.2.3" } }),
    ).toEqual([
      {
        message:
          "[digest-pinned] web build: the image is built by this update. Why: its digest is known only after the review. " +
          "Write: an image that was built and pushed before, by its digest.",
      },
    ]);
  });

  test("asks for no digest in a name that is given, and for one in the image that gets it", () => {
    const props = { sourceImage: "img:1.2.3", targetImage: "mirror/img:1.2.3" };
    const messages = judged(digestPinned, { type: "docker:index/tag:Tag", props }).map(
      ({ message }) => message,
    );
    expect(messages).toHaveLength(1);
    expect(messages[0]).toContain('web sourceImage: image "img:1.2.3" has no digest.');
  });
});

describe.each(rules.map((rule) => [rule.name, rule] as const))("%s", (_name, rule) => {
  const everyPath = [...knownTypes].flatMap(([type, { images }]) =>
    images.map(({ path, use }) => [type, path, use] as const),
  );
  const runPaths = everyPath.filter(([, , use]) => use === "run");

  test("refuses a bad image at each path of each type, and lets a pinned one be", () => {
    for (const [type, path] of runPaths) {
      const of = (image: string) => judged(rule, { type, props: built(path, image) });
      expect(of("img:latest"), `${type} ${path}`).toHaveLength(1);
      expect(of(`img:1@${digest}`), `${type} ${path}`).toEqual([]);
    }
  });

  test("refuses an unknown image at each path of each type", () => {
    for (const [type, path] of everyPath) {
      const refused = judged(rule, { type, props: built(path, unknownText) })
        .filter(({ level }) => level === undefined)
        .map(({ message }) => message);
      expect(refused, `${type} ${path}`).toContainEqual(expect.stringContaining("is not known at preview"));
    }
  });

  test("still refuses a bad image beside an unknown variable, and warns of that", () => {
    const props = { image: "img:latest", envs: [unknownText] };
    const [refused, warning, ...rest] = judged(rule, { type: container, props });
    expect(refused?.message).toContain('web image: image "img:latest" has');
    expect(refused?.level).toBeUndefined();
    expect(warning).toEqual({
      level: "advisory",
      message:
        `${rule.description}\n[${rule.name}] web envs[0]: the value is not known at preview. ` +
        "Why: it can't be told whether it names an image. Write: the image as literal text; nothing, if the value names no image.",
    });
    expect(rest).toEqual([]);
  });

  test("names each bad container of a pod, wherever it stands, in one run", () => {
    const spec = {
      containers: [{ image: `a:1@${digest}` }, { image: "b" }],
      initContainers: [{ image: "c:latest" }],
      ephemeralContainers: [{ image: "d:latest" }],
      volumes: [{ image: { reference: "e:latest" } }, { rbd: { image: "disk" } }],
    };
    const props = { spec: { template: { spec } } };
    const paths = judged(rule, { type: "kubernetes:apps/v1:StatefulSet", props }).map(
      ({ message }) => / web (\S+):/.exec(message)?.[1],
    );
    expect(paths).toEqual([
      "spec.template.spec.containers[1].image",
      "spec.template.spec.initContainers[0].image",
      "spec.template.spec.ephemeralContainers[0].image",
      "spec.template.spec.volumes[0].image.reference",
    ]);
  });

  test("loses no violation by another bad container, wherever it is put", () => {
    const good = { image: `a:1@${digest}` };
    const [bad, worse] = [{ image: "b:latest" }, { image: unknownText }];
    const count = (containers: object[]) =>
      judged(rule, { type: "kubernetes:core/v1:Pod", props: { spec: { containers } } }).length;
    for (const [containers, expected] of [
      [[good], 0],
      [[bad, good], 1],
      [[good, bad], 1],
      [[bad, worse, good], 2],
      [[worse, good, bad], 2],
    ] as const) {
      expect(count([...containers])).toBe(expected);
    }
  });

  test("prints no setting that is no reference, and nothing of a secret", () => {
    const envs = ["AGENT_IMAGE=Hunter2 is my password"];
    const of = (type: string, props: object) => judged(rule, { type, props }).map(({ message }) => message);
    const [message] = of(container, { image: `img@${digest}`, envs });
    expect(message).toContain(
      'web envs[0]: the value of "AGENT_IMAGE" (not shown here) has the character U+0020.',
    );
    const secret = of("kubernetes:core/v1:Secret", {
      stringData: { agent_image: "hunter2", "a.yaml": "image: hunter2:latest" },
    });
    expect(secret).toHaveLength(2);
    expect([message, ...secret].join()).not.toMatch(/hunter2/i);
  });

  test("warns that the images of a chart are out of sight", () => {
    expect(judged(rule, { type: "kubernetes:helm.sh/v3:Release", props: { chart: "agent" } })).toEqual([
      {
        level: "advisory",
        message:
          `${rule.description}\n[${rule.name}] web chart: nobody can see here which images come from it. ` +
          "Why: a policy sees the values of a release, not its chart and files. Write: each image of the chart into `values`, with its digest.",
      },
    ]);
  });

  test("is as strict with each finding as the configuration says", () => {
    expect(said(rule, unknownText, { levels: { unknown: "disabled" } })).toEqual([]);
    expect(said(rule, unknownText, { levels: { unknown: "advisory" } })[0]).toMatch(/^advisory: /);
    const entry = { type: container, props: { image: `img@${digest}`, envs: [unknownText] } };
    expect(judged(rule, entry, { levels: { unknownEntry: "mandatory" } })[0]?.level).toBeUndefined();
    expect(judged(rule, entry, { levels: { unknownEntry: "disabled" } })).toEqual([]);
  });
});
