import { afterEach, describe, expect, test, vi } from "vitest";
import { readImageReference } from "../../policies/image-reference.ts";
import adversarial from "../policy/data/image-reference-adversarial.json" with { type: "json" };
import oracle from "../policy/data/image-reference-oracle.json" with { type: "json" };
import { written } from "../policy/written-reference.ts";

interface Outcome {
  valid: boolean;
  domain?: string;
  path?: string;
  tag?: string;
  digest?: string;
  canonical?: string;
}

/** What Docker and containerd make of each input, computed by the library they use. */
const cases: { input: string; normalized: Outcome }[] = [...oracle.cases, ...adversarial.cases];

afterEach(() => vi.restoreAllMocks());

/** What the reader says of an input, in the words of the oracle. */
function outcomeOf(input: string): Outcome {
  const read = readImageReference(input);
  if ("problem" in read) return { valid: false };
  const { registry, path, tag, digest } = read;
  return {
    valid: true,
    domain: registry,
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
    canonical: written(read),
  };
}

describe("the reader of image references", () => {
  test("has all inputs that were computed", () => {
    expect([oracle.cases.length, adversarial.cases.length]).toEqual([290, 69]);
  });

  test("reads each of them as Docker does", () => {
    for (const { input, normalized } of cases) {
      const { valid, ...parts } = normalized;
      expect(outcomeOf(input), JSON.stringify(input)).toEqual(valid ? { valid, ...parts } : { valid });
    }
  });

  test("reads again what it has written", () => {
    for (const { input } of cases) {
      const read = readImageReference(input);
      if ("problem" in read) continue;
      expect(readImageReference(written(read))).toEqual(read);
    }
  });

  test.each([
    ["", "is empty"],
    ["img:1 ", "has the character U+0020"],
    ["img\u200b:1", "has the character U+200B"],
    ["img:", "has an empty tag"],
    ["img:-1", "has a tag with other characters than letters, digits, `_`, `.` and `-`"],
    [`img:${"t".repeat(129)}`, "has a tag longer than 128 characters"],
    ["ghcr.io/", "names no repository"],
    ["ghcr.io:port/img", "has a registry whose port is no number"],
    ["[::z]/img", "has a registry that is no address"],
    ["-ghcr.io/img", "has a registry that is no host name"],
    [
      "Img",
      "has a repository with something else than a-z and 0-9, or than one `.`, `_`, `__` or hyphens between them",
    ],
    ["a".repeat(256), "has a repository longer than 255 characters"],
    ["img@sha256:abc", "has a sha256 digest of 3 digits, not 64"],
    [`img@sha256:${"A".repeat(64)}`, "has a digest with other characters than 0-9 and a-f"],
    ["img@md5:abc", "has a digest that does not begin with `sha256:`"],
    ["a".repeat(64), "is the id of an image on one host, which no registry knows"],
    ["a".repeat(1025), "is longer than 1024 characters"],
  ])("says of %j that it %s", (input, problem) => {
    expect(readImageReference(input)).toEqual({ problem });
  });

  const hostile = ["a", "a-", "a/", "a.", "a_", "__", "--", ":", "@", "[", "A/", "a:", "@sha256:", "a/a:a@"];

  function looksAt(text: string): number {
    const spy = vi.spyOn(String.prototype, "charCodeAt");
    readImageReference(text);
    const looks = spy.mock.calls.length;
    spy.mockRestore();
    return looks;
  }

  test.each(hostile)("looks at each character of many %j four times at most", (part) => {
    for (const length of [64, 128, 256, 512, 1024]) {
      const text = part.repeat(length).slice(0, length);
      expect(looksAt(text)).toBeGreaterThanOrEqual(1);
      expect(looksAt(text)).toBeLessThanOrEqual(4 * length);
    }
  });

  test.each(hostile)("does not look into 10 kB of %j", (part) => {
    const text = part.repeat(10_240).slice(0, 10_240);
    expect(looksAt(text)).toBe(0);
    expect(readImageReference(text)).toEqual({ problem: "is longer than 1024 characters" });
  });
});
