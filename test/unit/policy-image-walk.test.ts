import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Scalar, stringify } from "yaml";
import type { Found } from "../../policies/found-image.ts";
import { foundInText, namesImage, walk } from "../../policies/image-walk.ts";
import spellings from "../policy/data/texts.json" with { type: "json" };
import { unknownCheckingProxy, unknownText } from "../policy/props.ts";
import { values } from "../policy/walked-values.ts";

/** What is found in a value at the path `at`, told as `path text`; `?` where an image is not known, `??` where anything is not. */
function walked(value: unknown): string[] {
  return told(walk({ path: "at", value: (unknownCheckingProxy({ value }) as { value: unknown }).value }));
}

function told(found: readonly Found[]): string[] {
  return found.map((each) => {
    if ("hand" in each) return `${each.path} ${each.hand} by ${each.by}`;
    if ("unread" in each) return `${each.path} not read: ${each.unread}`;
    if ("value" in each) return `${each.path} ??`;
    return `${each.path} ${each.text ?? "?"}${each.alone ? " alone" : ""}`;
  });
}

describe("a value of which nobody has told the shape", () => {
  test.each(values)("%j", (value, found) => expect(walked(value)).toEqual(found));

  test.each(values.filter(([value]) => !JSON.stringify(value).includes(unknownText)))(
    "%j is found the same in a text, whatever the look at it before says",
    (value, found) => expect(told(foundInText("at", JSON.stringify(value)))).toEqual(found),
  );

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
    // A text in a text is one level more: lists of images as JSON, and what is in them.
    const listed = (levels: number) =>
      found({ images: JSON.stringify([nested(levels, (value) => [value], innermost)]) });
    expect(listed(60)).toEqual(["a:1"]);
    expect(listed(61)).toEqual(["??"]);
    const inTexts = (count: number) =>
      Array.from({ length: count }).reduce<string>(
        (text) => `a: |\n${text.replaceAll(/^/gm, " ")}`,
        "image: x:9",
      );
    expect(found(inTexts(31))).toEqual(["x:9"]);
    expect(found(inTexts(32))).toEqual(["??"]);
  });
});

/** Ways to put a value into another one, and how many of them one in another are searched: each takes its levels. */
test.each<[title: string, around: (value: unknown) => unknown, most: number]>([
  ["an image in a list of an image", (value) => ({ image: [value] }), 21],
  ["one of a list of images", (value) => ({ images: [value] }), 21],
  ["one of a map of images", (value) => ({ images: { a: value } }), 21],
  ["a reference", (value) => ({ image: { reference: value } }), 21],
  ["the value of a setting", (value) => [{ name: "AGENT_IMAGE", value }], 32],
  [
    "what stands beside the value of a setting",
    (value) => [{ name: "AGENT_IMAGE", value: "a:1", value2: value }],
    32,
  ],
  ["an image", (value) => ({ image: value }), 32],
  [
    "what stands beside the parts of an image",
    (value) => ({ image: { repository: "a", tag: "1", value } }),
    32,
  ],
  ["the name of an image of OpenShift's", (value) => ({ kind: "DockerImage", name: value }), 64],
])("%s is walked once, and to an end", (_title, around, most) => {
  const found = (count: number) =>
    walked(Array.from({ length: count }).reduce<unknown>(around, { image: "x:9" })).filter(
      (each) => !each.endsWith(" a:1"),
    );
  expect(found(most)).toEqual([expect.stringMatching(/ x:9$/)]);
  expect(new Set(found(most + 1).map((each) => each.split(" ")[1]))).toEqual(new Set(["??"]));
});

/** Aliases of aliases, 9 to the power of 9 of them. */
const laughs = Array.from({ length: 9 }, (_, index) => {
  const items = Array.from({ length: 9 }, () => (index === 0 ? "image" : `*a${index - 1}`));
  return `a${index}: &a${index} [${items.join(",")}]`;
}).join("\n");

/** How many calls of a function that calls itself the stack has room for. */
function framesLeft(): number {
  let count = 0;
  const call = (): void => {
    count += 1;
    call();
  };
  try {
    call();
  } catch {
    return count;
  }
  return count;
}

/** What a function makes with so many calls before it. */
function inFrames<Made>(count: number, make: () => Made): Made {
  return count === 0 ? make() : inFrames(count - 1, make);
}

describe("a text", () => {
  test.each<[text: string, found: string[]]>([
    ["image: a:1", ["at.image a:1"]],
    ["image:a:1", ["at line 1 a:1"]],
    ["spec:\n  - image:   'a:1' # a note", ["at.spec[0].image a:1"]],
    ['"image": "a:1"', ["at.image a:1"]],
    ["{containers: [{name: a, image: nginx:latest}]}", ["at.containers[0].image nginx:latest"]],
    ["image: {repository: nginx, tag: 1.10}", ["at.image nginx:1.10"]],
    ["image:\n  tag: latest\n  repository: nginx", ["at.image nginx:latest"]],
    ["image:\n  tag: latest", ["at.image.tag latest alone"]],
    ["base: &b {repository: nginx}\nimage: {<<: *b, tag: 1.2.3}", ["at.image nginx:1.2.3"]],
    ["image: &i nginx:1\nother:\n  image: *i", ["at.image nginx:1", "at.other.image nginx:1"]],
    ["image: >-\n  nginx:1", ["at.image nginx:1"]],
    ['"im\\u0061ge": nginx:1', ["at.image nginx:1"]],
    ["a: b\n---\nimage: a:1\n---\nimage: b:1\n", ["at document 2.image a:1", "at document 3.image b:1"]],
    ["values: |\n  image: {repository: nginx, tag: latest}", ["at.values.image nginx:latest"]],
    [
      "metadata:\n  annotations: {keel.sh/policy: major}",
      ["at.metadata.annotations.keel.sh/policy moves by keel.sh/policy"],
    ],
    ["AGENT_IMAGE=a:1\nOTHER=b:1", ["at line 1 a:1"]],
    ["export AGENT_IMAGE='a:1' # note", ["at line 1 a:1"]],
    ["AGENT_IMAGE_REPOSITORY=a\nAGENT_IMAGE_TAG=latest", ["at line 1 a:latest"]],
    ["PRELOAD_IMAGES=a:1 b:2", ["at line 1 a:1", "at line 1 b:2"]],
    ["{{ if .Values.on }}\nimage: a:1\n{{ end }}", ["at line 2 a:1"]],
    ["{{ if .Values.on }}\nimage: {{ .Values.image }}\n{{ end }}", []],
    ["image: 'a:1\"", ["at line 1 'a:1\""]],
    ["image: '", ["at line 1 '"]],
    ["image: ''", []],
    ["image: # nothing", []],
    ["image: a:1#2", ["at.image a:1#2"]],
    ["image:", []],
    ["image: {{ .Values.image }}", []],
    ["image: ./here", []],
    ["image: /here", []],
    ["image: http://example.com/a", []],
    ["image: https://example.com/a", []],
    ["image: data:image/png;base64,AA", []],
    ["image: a/http://b", ["at.image a/http://b"]],
    [": a:1", []],
    ["image a", []],
    ["note: image: a:1", []],
    ['  {"image": "a:1"}', ["at.image a:1"]],
    ['[{"image": "a:1"}]', ["at[0].image a:1"]],
    ['{"image": "a:1"', ["at line 1 a:1"]],
    ["{\nimage: a:1\n}", ["at.image a:1"]],
    ['"image"', []],
    ["5", []],
  ])("%j", (text, found) => expect(told(foundInText("at", text))).toEqual(found));

  test.each<[what: string, text: string, found: string[]]>([
    [
      "65 lists in each other, in flow style",
      `image: a:1\nx: ${"[".repeat(65)}`,
      ["at not read: deep", "at line 1 a:1"],
    ],
    ["100 lists that begin in a value", `image: a:1\nx: ${"- ".repeat(100)}`, ["at line 1 a:1"]],
    ["64 lists in each other, in flow style", `image: a:1\nx: ${"[".repeat(64)}`, ["at line 1 a:1"]],
    ["100 lists beside each other", `image: a:1\nx: ${"[]".repeat(100)}`, ["at line 1 a:1"]],
    [
      "65 mappings in each other, in flow style",
      `image: a:1\nx: ${"{".repeat(65)}`,
      ["at not read: deep", "at line 1 a:1"],
    ],
    ["63 lists in each other, in block style", `image: a:1\n${"- ".repeat(63)}`, ["at line 1 a:1"]],
    ["64 lists and keys in turn", `image: a:1\n${"- ? ".repeat(32)}`, ["at not read: deep", "at line 1 a:1"]],
    [
      "64 lists in each other, in block style",
      `image: a:1\n${"- ".repeat(64)}`,
      ["at not read: deep", "at line 1 a:1"],
    ],
    ["2,000 tags", `image: a:1\nx: ${"!!a ".repeat(2000)}`, ["at not read: tags", "at line 1 a:1"]],
    ["256 kB", `image: a:1\n# ${"x".repeat(256 * 1024 - 13)}`, ["at.image a:1"]],
    [
      "one character more than 256 kB",
      `image: a:1\n# ${"x".repeat(256 * 1024 - 12)}`,
      ["at not read: long", "at line 1 a:1"],
    ],
    ["1,000 anchors", `image: a:1\nx: [${"&a b, ".repeat(1000)}]`, ["at.image a:1"]],
    ["1,001 anchors", `image: a:1\nx: [${"&a b, ".repeat(1001)}]`, ["at not read: tags", "at line 1 a:1"]],
    ["65 lists in each other and no word of an image", `x: ${"[".repeat(65)}`, []],
    ["aliases of aliases", laughs, ["at not read: aliases"]],
  ])("that may be much to read: %s", (_, text, found) =>
    expect(told(foundInText("at", text))).toEqual(found),
  );

  test("is read document by document beside one that is none, a hundred of them, and the rest as one", () => {
    const documents = (count: number, last: string) =>
      foundInText("at", `image: 'redis:1\n---\n${"a: b\n---\n".repeat(count - 2)}${last}`);
    const flow = "{spec:\n  {image: nginx:1}}\n";
    const broken = "at line 1 'redis:1";
    expect(told(documents(100, flow))).toEqual(["at document 100.spec.image nginx:1", broken]);
    expect(told(documents(150, flow))).toEqual(["at document 150.spec.image nginx:1", broken]);
    expect(told(documents(99, `${flow}---\n[`))).toEqual(["at document 99.spec.image nginx:1", broken]);
    expect(told(documents(100, `${flow}---\n[`))).toEqual(["at document 100.spec.image nginx:1", broken]);
    expect(told(documents(101, "a: b\n---\nAGENT_IMAGE=nginx:2\n---\nimage: nginx:3"))).toEqual([
      "at document 103.image nginx:3",
      broken,
      "at line 203 nginx:2",
      "at line 205 nginx:3",
    ]);
    expect(told(documents(101, `${flow}---\n[`))).toEqual([broken, "at line 202 nginx:1"]);
  });

  test("is told of, and what stands beside it is found, where it nests deeper and deeper line by line", () => {
    const nested = (count: number) => {
      const lines = Array.from(
        { length: count },
        (_, index) => `${" ".repeat(index * 126)}${"- ".repeat(63)}`,
      );
      return `# image\n${lines.map((line) => line.trimEnd()).join("\n")} x`;
    };
    // With half of the stack its reader does not get to the end.
    const half = Math.floor(framesLeft() / 2);
    const found = inFrames(half, () => foundInText("at", `${nested(61)}\n---\nimage: b:1`));
    expect(told(found)).toEqual(["at not read: deep", "at document 2.image b:1"]);
    // How deep its reader gets hangs on the machine; what it gets to is searched 64 levels deep.
    const deep = expect.stringMatching(/^at( document 1)?(\[0\])* (not read: deep|\?\?)$/);
    for (const count of [2, 10, 30, 60]) {
      expect(told(foundInText("at", nested(count)))).toEqual([deep]);
      expect(told(foundInText("at", `${nested(count)}\n---\nimage: a:1`))).toEqual([
        deep,
        "at document 2.image a:1",
      ]);
    }
  });

  test("leaves errors of others as they are", () => {
    const { stackTraceLimit } = Error;
    for (const text of ["image: a:1", "image: 'a", "image: *a"]) foundInText("at", text);
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  });

  test("says the same in every style that YAML has", () => {
    const scalar = fc.constantFrom(
      "PLAIN",
      "QUOTE_SINGLE",
      "QUOTE_DOUBLE",
      "BLOCK_FOLDED",
      "BLOCK_LITERAL",
    ) as fc.Arbitrary<Scalar.Type>;
    const style = fc.record({
      defaultKeyType: scalar,
      defaultStringType: scalar,
      collectionStyle: fc.constantFrom("any" as const, "block" as const, "flow" as const),
      indent: fc.integer({ min: 1, max: 8 }),
      indentSeq: fc.boolean(),
      lineWidth: fc.constantFrom(0, 80),
      simpleKeys: fc.constant(false),
      doubleQuotedMinMultiLineLength: fc.integer({ min: 1, max: 80 }),
    });
    const value = {
      spec: {
        containers: [
          { name: "main", image: "ghcr.io/acme/agent:1" },
          { image: { repository: "b", tag: "2" } },
        ],
        "side/Image": "c:3",
      },
    };
    const found = walked(value);
    expect(found).toHaveLength(3);
    fc.assert(
      fc.property(style, fc.nat({ max: 3 }), (options, before) => {
        const text = `${"a: b\n---\n".repeat(before)}${stringify(value, options)}`;
        const place = before === 0 ? "at" : `at document ${before + 1}`;
        expect(told(foundInText("at", text)).map((each) => each.trim())).toEqual(
          found.map((each) => each.replace(/^at/, place)),
        );
      }),
    );
  });

  test.each(spellings)("$case", ({ text, found }) => expect(told(foundInText("at", text))).toEqual(found));
});

test.each([
  ["image_", true],
  ["_image", true],
  ["IMAGE__URI", true],
  ["image-url", true],
  ["imageReference", true],
  ["my_os_image", true],
  ["os_image", false],
  ["os_agent_image", true],
  ["image_names", false],
  ["url", false],
  ["name_image_tag", false],
  ["", false],
  ["--", false],
])("the name %s names an image: %s", (name, names) => expect(namesImage(name)).toBe(names));
