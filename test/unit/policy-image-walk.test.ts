import { describe, expect, test } from "vitest";
import { type Found, foundInText, namesImage, walk } from "../../policies/image-walk.ts";
import { unknownCheckingProxy, unknownText } from "../policy/props.ts";

/** What is found in a value at the path `at`, told as `path text`; `?` where an image is not known, `??` where anything is not. */
function walked(value: unknown): string[] {
  return told(walk({ path: "at", value: (unknownCheckingProxy({ value }) as { value: unknown }).value }));
}

function told(found: readonly Found[]): string[] {
  return found.map(({ path, text, named }) => `${path} ${text ?? (named ? "?" : "??")}`);
}

describe("a value of which nobody has told the shape", () => {
  test.each<[value: unknown, found: string[]]>([
    [{ rbd: { image: "disk" } }, []],
    [{ rbd: { image: { name: "disk" } } }, []],
    [{ rbd: { sidecarImage: "a:1" } }, ["at.rbd.sidecarImage a:1"]],
    [{ orbd: { image: "a:1" } }, ["at.orbd.image a:1"]],
    [{ rbd: { inner: { image: "a:1" } } }, ["at.rbd.inner.image a:1"]],
    [{ images: unknownText }, ["at.images ?"]],
    [{ images: ["a:1", unknownText, 5, null] }, ["at.images[0] a:1", "at.images[1] ?"]],
    [
      { images: { agent: "a:1", other: { name: "b", tag: "2" } } },
      ["at.images.agent a:1", "at.images.other b:2"],
    ],
    [{ images: 5 }, []],
    [{ image: 5 }, []],
    [{ image: null }, []],
    [{ image: ["a:1", { image: "b:1" }] }, ["at.image[1].image b:1"]],
    [{ image: { agent: { image: "a:1" } } }, ["at.image.agent.image a:1"]],
    [{ image: { reference: "a:1", tag: "2" } }, ["at.image.reference a:1"]],
    [{ image: { reference: unknownText } }, ["at.image.reference ?"]],
    [{ image: { reference: "", name: "a" } }, ["at.image a"]],
    [{ image: { name: "a" } }, ["at.image a"]],
    [{ image: { name: "a", repository: "b" } }, ["at.image b"]],
    [{ image: { registry: "ghcr.io", tag: "1" } }, []],
    [{ image: { repository: { of: "a" }, tag: "1" } }, []],
    [{ image: { repository: "a", tag: true } }, []],
    [{ image: { repository: "a", tag: unknownText } }, ["at.image ?"]],
    [{ image: { repository: "a", digest: unknownText } }, ["at.image ?"]],
    [{ image: { repository: "a", registry: 5 } }, ["at.image 5/a"]],
    [{ image: { repository: "https://example.com/a.git" } }, []],
    [{ proxy: { repository: "a" } }, []],
    [{ proxy: { repository: "a", inner: { image: "b:1" } } }, ["at.proxy.inner.image b:1"]],
    [{ proxy: { repository: "a", digest: "sha256:b" } }, ["at.proxy a@sha256:b"]],
    [{ proxy: { repository: "a", tag: 1.5 } }, ["at.proxy a:1.5"]],
    [{ proxy: { name: "a", tag: "1" } }, []],
    [{ proxy: { reference: "a:1" } }, []],
    [{ repository: "a", tag: "1" }, ["at a:1"]],
    [{ tag: "1", digest: "sha256:b" }, []],
    [{ list: [[{ image: "a:1" }]] }, ["at.list[0][0].image a:1"]],
    [5, []],
    [{ any: unknownText }, ["at.any ??"]],
  ])("%j", (value, found) => expect(walked(value)).toEqual(found));

  test("is searched 64 levels deep, and below nothing is taken for known", () => {
    const nested = (levels: number, around: (value: unknown) => unknown, innermost: unknown) =>
      Array.from({ length: levels }).reduce<unknown>(around, innermost);
    const found = (value: unknown) => walked(value).map((each) => each.split(" ")[1]);
    const innermost = { image: "a:1" };
    for (const around of [(value: unknown) => ({ below: value }), (value: unknown) => [value]]) {
      expect(found(nested(64, around, innermost))).toEqual(["a:1"]);
      expect(found(nested(65, around, innermost))).toEqual(["??"]);
    }
    const ofImages = (value: unknown) => ({ images: [value] });
    expect(found(nested(20, ofImages, "a:1"))).toEqual(["a:1"]);
    expect(found(nested(100, ofImages, "a:1"))).toEqual(["??"]);
    expect(found(nested(100, (value) => ({ image: value }), "a:1"))).toEqual(["??"]);
  });
});

describe("a text", () => {
  test.each<[text: string, found: string[]]>([
    ["image: a:1", ["at line 1 a:1"]],
    ["image:a:1", ["at line 1 a:1"]],
    ["spec:\n  - image:   'a:1'\t# a note", ["at line 2 a:1"]],
    ['"image": "a:1"', ["at line 1 a:1"]],
    ["image: 'a:1\"", ["at line 1 'a:1\""]],
    ["image: '", ["at line 1 '"]],
    ["image: ''", []],
    ["image: # nothing", []],
    ["image: a:1#2", ["at line 1 a:1#2"]],
    ["image:", []],
    ["image: {{ .Values.image }}", []],
    ["image: ./here", []],
    ["image: /here", []],
    ["image: http://example.com/a.png", []],
    ["image: data:image/png;base64,AA", []],
    ["image: a/http://b", ["at line 1 a/http://b"]],
    [": a:1", []],
    ["image a", []],
    ["note: image: a:1", []],
    ['  {"image": "a:1"}', ["at.image a:1"]],
    ['[{"image": "a:1"}]', ["at[0].image a:1"]],
    ['{"image": "a:1"', ["at line 1 a:1"]],
    ["{\nimage: a:1\n}", ["at line 2 a:1"]],
    ['"image"', []],
    ["5", []],
  ])("%j", (text, found) => expect(told(foundInText("at", text))).toEqual(found));
});

test.each([
  ["image_", true],
  ["_image", true],
  ["IMAGE__URI", true],
  ["image-url", true],
  ["imageReference", true],
  ["my_os_image", true],
  ["os_image", false],
  ["image_names", false],
  ["url", false],
  ["name_image_tag", false],
])("the name %s names an image: %s", (name, names) => expect(namesImage(name)).toBe(names));
