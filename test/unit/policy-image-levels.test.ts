import { describe, expect, test } from "vitest";
import { digestPinned, noMutableImage } from "../../policies/image-rules.ts";
import { judged, said } from "../policy/judged.ts";
import { unknownText } from "../policy/props.ts";

const container = "docker:index/container:Container";
const digest = `sha256:${"a".repeat(64)}`;
const rules = [noMutableImage, digestPinned];

/** A resource against which each rule has one finding, by the finding's name. */
const findings: Readonly<Record<string, [props: object, config?: object]>> = {
  unknown: [{ image: unknownText }],
  unknownEntry: [{ image: `img:1@${digest}`, envs: [unknownText] }],
  unreadable: [{ image: "img:1 " }],
  opaque: [{ type: "kubernetes:helm.sh/v3:Release", chart: "agent" }],
  frozen: [{ image: `img:1@${digest}`, ignoreChanges: ["image"] }],
  moved: [{ image: `img:1@${digest}`, labels: [{ label: "io.containers.autoupdate", value: "registry" }] }],
  untagged: [{ image: "img" }],
  latest: [{ image: "img:latest" }],
  floating: [{ image: "img:stable" }],
  partial: [{ image: "img:1.2" }],
  latestBesideDigest: [{ image: `img:latest@${digest}` }],
  registry: [{ image: `evil.com/img:1@${digest}` }, { registries: ["ghcr.io"] }],
  built: [{ type: "docker:index/image:Image", imageName: "img:1.2.3" }],
  noDigest: [{ image: "img:1.2.3" }],
  otherDigest: [{ image: `img:1@sha384:${"c".repeat(96)}` }],
  placeholder: [{ image: `img:1@sha256:${"0".repeat(64)}` }],
};

describe.each(rules.map((rule) => [rule.name, rule] as const))("the levels of %s", (_name, rule) => {
  const levels = rule.configSchema?.properties.levels?.properties as Record<string, { default: string }>;
  const of = (kind: string, level?: string) => {
    const [{ type = container, ignoreChanges = [], ...props }, config] = findings[kind] as [
      { type?: string; ignoreChanges?: string[] },
      object?,
    ];
    const settings = { ...config, ...(level !== undefined && { levels: { [kind]: level } }) };
    return judged(rule, { type, props, ignoreChanges }, settings).map((violation) => violation.level);
  };

  test("are asked for each finding by its own name, and are the schema's by default", () => {
    for (const [kind, { default: usual }] of Object.entries(levels)) {
      const refused = [undefined];
      expect(of(kind), kind).toEqual(usual === "mandatory" ? refused : ["advisory"]);
      expect(of(kind, "disabled"), kind).toEqual([]);
      expect(of(kind, "advisory"), kind).toEqual(["advisory"]);
      expect(of(kind, "mandatory"), kind).toEqual(refused);
    }
  });
});

describe("what an image rule says to write", () => {
  const write = (image: string) => said(digestPinned, image)[0]?.replace(/^.*Write: /, "");

  test("is the name as its author has it, without a tag that says nothing and without a bad digest", () => {
    const of = (name: string, version: string, asked: string) =>
      `${name}:${version}@sha256:<64 hex digits> (or run: docker buildx imagetools inspect ${asked}).`;
    expect(write(`host:5000/a/img@sha384:${"c".repeat(96)}`)).toBe(
      of("host:5000/a/img", "<version>", "host:5000/a/img"),
    );
    expect(write(`host:5000/img:2@sha384:${"c".repeat(96)}`)).toBe(
      of("host:5000/img", "2", "host:5000/img:2"),
    );
    expect(write("host:5000/img:latest")).toBe(of("host:5000/img", "<version>", "host:5000/img"));
  });

  test("names nothing of a secret, whatever is wrong with it", () => {
    const secret = (text: string, config: object = {}) =>
      rules.flatMap((rule) =>
        judged(
          rule,
          { type: "kubernetes:core/v1:Secret", props: { stringData: { agent_image: text } } },
          config,
        ).map(({ message }) => message.slice(message.indexOf(" web ") + 5)),
      );
    const place = "stringData.agent_image: the image in a secret (not shown here)";
    const form = "Write: <repository>:<version>@sha256:<64 hex digits>.";
    expect(secret("hunter2:latest")).toEqual([
      `${place} has a tag that says \`latest\`. Why: it changes without a review. ${form}`,
      `${place} has no digest. Why: the registry can give other bytes for the same tag. ${form}`,
    ]);
    expect(secret("hunter2:edge")[0]).toBe(
      `${place} has a floating tag. Why: it moves on with each release. ${form}`,
    );
    expect(secret("hunter2:1.2")[0]).toBe(
      `${place} has a partial version as its tag. Why: it moves on with each release below it. ${form}`,
    );
    expect(secret("hunter2")[0]).toBe(
      `${place} has no tag. Why: that means latest, which changes without a review. ${form}`,
    );
    expect(secret(`hunter2:latest@${digest}`)).toEqual([
      `${place} has a tag that says \`latest\` beside its digest. Why: people read the tag, and it says no version. ${form}`,
    ]);
    expect(secret(`hunter2:1@${digest}`, { registries: ["ghcr.io"] })).toEqual([
      `${place} has a registry that is not allowed. Why: only images from known registries have been looked at. Write: an image of ghcr.io.`,
    ]);
  });

  test("is the same for all partial versions, and for no longer one", () => {
    for (const tag of ["1", "12", "123", "v12", "1.23", "12.345"]) {
      expect(said(noMutableImage, `img:${tag}`)[0], tag).toContain(`the partial version "${tag}"`);
    }
    for (const tag of ["1234", "1.2345", "1.2.3", "x1", "1x", "1.", "1-2"]) {
      expect(said(noMutableImage, `img:${tag}`), tag).toEqual([]);
    }
  });
});
