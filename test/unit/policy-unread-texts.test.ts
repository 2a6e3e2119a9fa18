import { expect, test } from "vitest";
import { digestPinned, noMutableImage } from "../../policies/image-rules.ts";
import { judged } from "../policy/judged.ts";

test.each([
  [
    "a: b\n".repeat(52 * 1024),
    "the text is longer than 256 kB, and was not read as YAML",
    "it in parts that are shorter",
  ],
  ["[".repeat(65), "the text nests deeper than 64 levels, and was not read as YAML", "it with less nesting"],
  [
    `[${" &a".repeat(1001)}`,
    "the text has more than 1,000 tags and anchors, and was not read as YAML",
    "it with fewer of them",
  ],
  [
    "b: *a",
    "the text has aliases of nothing, or too many of them, and was not read",
    "what they stand for in their place",
  ],
])(
  "a text that may name an image and is not read is told with what is too much of it: %.8s",
  (rest, what, write) => {
    const type = "kubernetes:core/v1:ConfigMap";
    for (const rule of [noMutableImage, digestPinned])
      expect(judged(rule, { type, props: { data: { conf: `# image\n${rest}` } } })).toEqual([
        {
          level: "advisory",
          message: `${rule.description}\n[${rule.name}] web data.conf: ${what}. Why: an image may stand in it that no rule sees. Write: ${write}.`,
        },
      ]);
  },
);

test("a template is read without a warning of the reader's own, which would stand in somebody's preview", async () => {
  const warnings: string[] = [];
  const listen = ({ message }: Error) => void warnings.push(message);
  process.on("warning", listen);
  try {
    const text = "image: {{ .Values.image }}\n";
    judged(noMutableImage, { type: "kubernetes:core/v1:ConfigMap", props: { data: { conf: text } } });
    await new Promise(setImmediate);
  } finally {
    process.off("warning", listen);
  }
  expect(warnings).toEqual([]);
});
