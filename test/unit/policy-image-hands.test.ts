import { describe, expect, test } from "vitest";
import { digestPinned, noMutableImage } from "../../policies/image-rules.ts";
import cases from "../policy/data/image-hands.json" with { type: "json" };
import { placesOf } from "../policy/image-places.ts";
import { judged } from "../policy/judged.ts";
import { unknownText } from "../policy/props.ts";

const release = "kubernetes:helm.sh/v3:Release";
const warned = `advisory: ${noMutableImage.description}\n`;
const digest = "Write: the digest beside the tag: sha256:<64 hex digits>.";

/** What is said at a path, by the words of the table. */
function message(path: string, kind: string, what: string): string {
  const [, name = ""] = /^([^:]+):[^:]+$/.exec(what) ?? [];
  switch (kind) {
    case "moved":
      return `[no-mutable-image] web ${path}: "${what}" lets another program change the image. Why: then an image runs that no review has seen, and no canary has proved. Write: no such setting: the image is changed by this program alone.`;
    case "opaque":
      return path === "chart"
        ? `${warned}[no-mutable-image] web chart: nobody can see here which images come from it. Why: a policy sees the values of a release, not its chart and files. Write: each image of the chart into \`values\`, with its digest.`
        : `${warned}[no-mutable-image] web ${path}: an injector puts a container of its own into the pod. Why: its image stands in the injector's settings, which no policy sees. Write: the injector's image by its digest, in its settings or in its own annotation.`;
    case "latest":
      return what.startsWith("tag ")
        ? `[no-mutable-image] web ${path}: the tag "latest" of the image says latest. Why: it changes without a review. ${digest}`
        : `[no-mutable-image] web ${path}: image "${what}" has the tag "latest". Why: it changes without a review. Write: ${name}:<version>@sha256:<64 hex digits> (or run: docker buildx imagetools inspect ${name}).`;
    case "floating":
      return `[no-mutable-image] web ${path}: the tag "${what.slice(4)}" of the image is a floating one. Why: it moves on with each release. ${digest}`;
    case "partial":
      return `[no-mutable-image] web ${path}: the tag "${what.slice(4)}" of the image is a partial version. Why: it moves on with each release below it. ${digest}`;
    default:
      throw new Error(`${kind} is none of the words of this table.`);
  }
}

test.each(cases)("$case", ({ type, props, said }) => {
  const messages = judged(noMutableImage, { type, props }).map((each) =>
    each.level === undefined ? each.message : `${each.level}: ${each.message}`,
  );
  expect(messages.toSorted()).toEqual(
    said.map(([path = "", kind = "", what = ""]) => message(path, kind, what)).toSorted(),
  );
});

describe("what nobody knows at preview", () => {
  const pod = (metadata: unknown) => ({
    spec: { template: { metadata, spec: { containers: [{ image: "a:1.2.3" }] } } },
  });
  const at = "spec.template.metadata";

  test("is taken for what it may be where the name of an annotation says so, and is let be elsewhere", () => {
    const of = (annotations: unknown) =>
      placesOf("kubernetes:apps/v1:Deployment", pod({ annotations })).filter(({ path }) =>
        path.startsWith(at),
      );
    expect(of({ "keel.sh/policy": unknownText })).toEqual([
      { kind: "moved", path: `${at}.annotations.keel.sh/policy`, by: "keel.sh/policy" },
    ]);
    expect(of({ "linkerd.io/inject": unknownText })).toEqual([
      { kind: "opaque", path: `${at}.annotations.linkerd.io/inject`, of: "injector" },
    ]);
    expect(of({ "sidecar.istio.io/proxyImage": unknownText })).toEqual([
      { kind: "unknown", path: `${at}.annotations.sidecar.istio.io/proxyImage` },
    ]);
    expect(of({ "example.org/checksum": unknownText })).toEqual([]);
    expect(of(unknownText)).toEqual([{ kind: "unknown-entry", path: `${at}.annotations` }]);
    expect(of({ "keel.sh/policy": null })).toEqual([]);
    expect(of("x")).toEqual([]);
  });

  test("is refused as a part of an image, and beside it", () => {
    const container = "docker:index/container:Container";
    const envs = (...variables: unknown[]) =>
      placesOf(container, { image: "a:1.2.3", envs: variables }).slice(1);
    expect(envs("AGENT_IMAGE_REPOSITORY=a", unknownText)).toEqual([
      { kind: "unknown-entry", path: "envs[1]" },
    ]);
    const environment = {
      AGENT_IMAGE_REPOSITORY: "a",
      AGENT_IMAGE_TAG: unknownText,
      PRELOAD_IMAGES: unknownText,
    };
    expect(placesOf("command:local:Command", { environment })).toEqual([
      { kind: "unknown", path: "environment.AGENT_IMAGE_REPOSITORY" },
      { kind: "unknown", path: "environment.PRELOAD_IMAGES" },
    ]);
    expect(placesOf("command:local:Command", { environment: unknownText })).toEqual([
      { kind: "unknown-entry", path: "environment" },
    ]);
  });
});

test("a tag alone has no digest, and is shown for no secret", () => {
  const values = { image: { tag: "1.2.3" } };
  const said = (type: string, props: object) =>
    judged(digestPinned, { type, props })
      .map(({ message: each }) => each)
      .filter((each) => !each.includes(" chart: "));
  expect(said(release, { values })).toEqual([
    `[digest-pinned] web values.image.tag: the tag "1.2.3" of the image has no digest beside it. Why: the registry can give other bytes for the same tag. ${digest}`,
  ]);
  const stringData = { "values.yaml": "image: {tag: latest}" };
  expect(said("kubernetes:core/v1:Secret", { stringData })).toEqual([
    `[digest-pinned] web stringData.values.yaml.image.tag: the tag of the image in a secret (not shown here) has no digest beside it. Why: the registry can give other bytes for the same tag. ${digest}`,
  ]);
});
