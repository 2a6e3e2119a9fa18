import { describe, expect, test } from "vitest";
import {
  digestOf,
  parseImageReference,
  pinnedImage,
  repositoryOf,
  shortReference,
  tagOf,
} from "../../config/image-reference.ts";
import { digest } from "./config-fixture.ts";

const sha256 = digest("a");
const sha512 = `sha512:${"b".repeat(128)}`;

const good: [text: string, parsed: ReturnType<typeof parseImageReference>][] = [
  ["img", { repository: "img" }],
  ["img:1", { repository: "img", tag: "1" }],
  ["img:latest", { repository: "img", tag: "latest" }],
  ["img:LATEST", { repository: "img", tag: "LATEST" }],
  [`img@${sha256}`, { repository: "img", digest: sha256 }],
  [`img:1.2.3@${sha256}`, { repository: "img", tag: "1.2.3", digest: sha256 }],
  [`img@${sha512}`, { repository: "img", digest: sha512 }],
  [`img@sha384:${"c".repeat(96)}`, { repository: "img", digest: `sha384:${"c".repeat(96)}` }],
  ["library/img:1", { repository: "library/img", tag: "1" }],
  ["a/b/c/d:1", { repository: "a/b/c/d", tag: "1" }],
  ["docker.io/library/img", { registry: "docker.io", repository: "library/img" }],
  [
    "ghcr.io/openclaw/openclaw:2026.4.23",
    { registry: "ghcr.io", repository: "openclaw/openclaw", tag: "2026.4.23" },
  ],
  ["host:5000/img", { registry: "host:5000", repository: "img" }],
  ["host:5000/img:1", { registry: "host:5000", repository: "img", tag: "1" }],
  ["localhost/img", { registry: "localhost", repository: "img" }],
  ["localhost:5000/a/b:1", { registry: "localhost:5000", repository: "a/b", tag: "1" }],
  ["127.0.0.1:5000/img:1", { registry: "127.0.0.1:5000", repository: "img", tag: "1" }],
  ["[::1]:5000/img:1", { registry: "[::1]:5000", repository: "img", tag: "1" }],
  ["[fd00:1:2::3]/img", { registry: "[fd00:1:2::3]", repository: "img" }],
  ["Registry/img", { registry: "Registry", repository: "img" }],
  ["xn--n3h.com/img:1", { registry: "xn--n3h.com", repository: "img", tag: "1" }],
  ["host:5000", { repository: "host", tag: "5000" }],
  ["a_b/c__d/e---f/g.h", { repository: "a_b/c__d/e---f/g.h" }],
  ["img:sha256-abc", { repository: "img", tag: "sha256-abc" }],
  ["img:sha-1a2b3c4", { repository: "img", tag: "sha-1a2b3c4" }],
  ["img:_1", { repository: "img", tag: "_1" }],
  [`img:${"t".repeat(128)}`, { repository: "img", tag: "t".repeat(128) }],
  ["r".repeat(255), { repository: "r".repeat(255) }],
  [`${"a".repeat(64)}:1`, { repository: "a".repeat(64), tag: "1" }],
];

const repositoryCharacters = "a repository has only a-z, 0-9, `.`, `_`, `-` and `/`";
const separators = "separators in the repository are one `.`, one or two `_`, or hyphens";
const outerSeparator = "a part of the repository begins or ends with a separator";
const tagCharacters =
  "a tag has only letters, digits, `_`, `.` and `-`, and begins with none of the last two";

const bad: [text: string, problem: string][] = [
  ["", "it is empty"],
  [" img:1", "it contains white space"],
  ["img:1 ", "it contains white space"],
  ["img:1\n", "it contains white space"],
  ["img :1", "it contains white space"],
  ["img:1\u200b", "it contains the character U+200B"],
  ["ïmg:1", "it contains the character U+00EF"],
  ["іmg:1", "it contains the character U+0456"],
  ["img\0:1", "it contains the character U+0000"],
  ["img:", "the tag is empty"],
  [":1", "it names no repository"],
  [`@${sha256}`, "it names no repository"],
  ["ghcr.io/", "it names no repository"],
  ["/img", "a part of the repository is empty"],
  ["a//b", "a part of the repository is empty"],
  ["a/b/", "a part of the repository is empty"],
  ["Img:1", "a repository has no upper-case letters"],
  ["team/Img:1", "a repository has no upper-case letters"],
  ["ghcr.io/Team/img:1", "a repository has no upper-case letters"],
  ["-img", outerSeparator],
  ["img-", outerSeparator],
  ["a/_b", outerSeparator],
  [".img", outerSeparator],
  ["a..b", separators],
  ["a___b", separators],
  ["a.-b", separators],
  ["a$b:1", repositoryCharacters],
  ["https://ghcr.io/img:1", "the registry's port is not a number"],
  ["ghcr.io:port/img", "the registry's port is not a number"],
  ["-ghcr.io/img", "the registry is not a host name"],
  ["gh..cr.io/img", "the registry is not a host name"],
  ["[::1/img", "the registry's port is not a number"],
  ["[::z]/img", "the registry is not a host name"],
  ["img:-1", tagCharacters],
  ["img:.1", tagCharacters],
  ["img:1+2", tagCharacters],
  ["img:1:2", tagCharacters],
  [`img:${"t".repeat(129)}`, "the tag is longer than 128 characters"],
  ["r".repeat(256), "the repository is longer than 255 characters"],
  ["r".repeat(1025), "it is longer than 1024 characters"],
  ["img@", "the digest does not begin with `sha256:`"],
  ["img@1", "the digest does not begin with `sha256:`"],
  [`img@md5:${"a".repeat(32)}`, "the digest does not begin with `sha256:`"],
  [`img@constructor:${"a".repeat(64)}`, "the digest does not begin with `sha256:`"],
  ["img@sha256:", "the sha256 digest has 0 digits, not 64"],
  ["img@sha256:abc", "the sha256 digest has 3 digits, not 64"],
  [`img@${sha256}a`, "the sha256 digest has 65 digits, not 64"],
  [`img@sha256:${"A".repeat(64)}`, "the digest has other characters than 0-9 and a-f"],
  [`img@sha256:${"g".repeat(64)}`, "the digest has other characters than 0-9 and a-f"],
  [`img@${sha256}:1`, "the sha256 digest has 66 digits, not 64"],
  [`img@${sha256}@${sha256}`, repositoryCharacters],
  ["a".repeat(64), "it is an image id, which no registry knows"],
];

describe("an image reference", () => {
  test.each(good)("%j says what it says", (text, parsed) => {
    expect(parseImageReference(text)).toEqual(parsed);
  });

  test.each(bad)("%j is refused", (text, problem) => {
    expect(parseImageReference(text)).toEqual({ problem });
  });

  test("is written again as it was read", () => {
    for (const [text, parsed] of good) {
      if ("problem" in parsed) throw new Error(text);
      const { registry, repository, tag, digest } = parsed;
      const written = `${registry === undefined ? "" : `${registry}/`}${repository}${tag === undefined ? "" : `:${tag}`}`;
      expect(digest === undefined ? written : `${written}@${digest}`).toBe(text);
    }
  });

  // A pattern that tries all ways through one of these would not come to its verdict within anybody's lifetime.
  test.each([
    ["a".repeat(1024), "the repository is longer than 255 characters"],
    ["a/".repeat(512), "the repository is longer than 255 characters"],
    ["@".repeat(1024), "the repository is longer than 255 characters"],
    [":".repeat(1024), "it names no repository"],
    [`${"a-".repeat(127)}-`, "a part of the repository begins or ends with a separator"],
    [`${"-".repeat(254)}a`, "a part of the repository begins or ends with a separator"],
    [`${"a.-".repeat(84)}a`, "separators in the repository are one `.`, one or two `_`, or hyphens"],
    [`a${"_".repeat(253)}a`, "separators in the repository are one `.`, one or two `_`, or hyphens"],
    [
      `a:${"t".repeat(127)}!`,
      "a tag has only letters, digits, `_`, `.` and `-`, and begins with none of the last two",
    ],
    [`${"a-.".repeat(300)}b/c`, "the registry is not a host name"],
    [`${"a".repeat(900)}!.b/c`, "the registry is not a host name"],
    [`[${":".repeat(900)}/c`, "the registry's port is not a number"],
    [`[${":".repeat(900)}x]/c`, "the registry is not a host name"],
    [`a@sha256:${"a".repeat(900)}`, "the sha256 digest has 900 digits, not 64"],
  ])("comes to its verdict when it is hostile (%#)", (text, problem) => {
    expect(parseImageReference(text)).toEqual({ problem });
  });
});

describe("a pinned image", () => {
  test.each([`img@${sha256}`, `img:1@${sha256}`, `host:5000/a/img:1-rc.2@${sha256}`])(
    "%s is accepted as it is",
    (text) => {
      expect(pinnedImage.parse(text)).toBe(text);
    },
  );

  const run = (reference: string) =>
    `\`docker buildx imagetools inspect ${reference}\` (or \`docker pull ${reference}\` and ` +
    `\`docker image inspect --format '{{index .RepoDigests 0}}' ${reference}\`)`;
  const noDigest = (quoted: string, reference: string) =>
    `${quoted} has no digest, so what runs could change. Run ${run(reference)} and write the digest it prints behind the tag, as @sha256:…`;
  const version = "which says no version. Write the tag of the version that the digest belongs to";

  test.each([
    ["img", noDigest('"img"', "img")],
    ["img:1.2.3", noDigest('"img:1.2.3"', "img:1.2.3")],
    ["host:5000/img", noDigest('"host:5000/img"', "host:5000/img")],
    ["img:sha256-abc", noDigest('"img:sha256-abc"', "img:sha256-abc")],
    ["img:latest", `"img:latest" has the tag "latest", ${version}`],
    [`img:latest@${sha256}`, `"img:latest@${sha256}" has the tag "latest", ${version}`],
    [`img:LaTest@${sha256}`, `"img:LaTest@${sha256}" has the tag "LaTest", ${version}`],
    [
      `img:1@${digest("0")}`,
      "the placeholder digest of zeros stands here. Run `fleet pin --stack <stack> --placeholders`: it asks the registry for the digest of img:1 and writes it",
    ],
    [
      `img:1@${sha512}`,
      `"img:1@sha512:${"b".repeat(128)}" has a digest other than sha256. Run ${run("img:1")} and write the sha256 digest it prints`,
    ],
    [
      `GHCR.io/img@${sha256}`,
      `"GHCR.io/img@${sha256}" has upper-case letters in its name. Write "ghcr.io/img@${sha256}"`,
    ],
    [
      `Img@${sha256}`,
      `"Img@${sha256}" is no image reference: a repository has no upper-case letters. Write <repository>:<tag>@sha256:<64 hex digits>`,
    ],
    [
      "img:1\u200b",
      '"img:1<U+200B>" is no image reference: it contains the character U+200B. Write <repository>:<tag>@sha256:<64 hex digits>',
    ],
    [
      `img:1@${sha256} `,
      `"img:1@${sha256} " is no image reference: it contains white space. Write <repository>:<tag>@sha256:<64 hex digits>`,
    ],
    [5, "expected an image reference. Write <repository>:<tag>@sha256:<64 hex digits>"],
  ])("%j is refused with the way out", (value, message) => {
    const issues = pinnedImage.safeParse(value).error?.issues.map((issue) => issue.message);
    expect(issues).toEqual([message]);
  });
});

describe("the parts of a reference", () => {
  const reference = `ghcr.io/openclaw/openclaw:2026.4.23@sha256:0123456789abcdef${"a".repeat(48)}`;

  test("are had one by one", () => {
    expect(repositoryOf(reference)).toBe("ghcr.io/openclaw/openclaw");
    expect(repositoryOf("host:5000/img")).toBe("host:5000/img");
    expect(repositoryOf("img:1")).toBe("img");
    expect(tagOf(reference)).toBe("2026.4.23");
    expect(tagOf(`127.0.0.1:5000/openclaw:2026.4.23@${digestOf(reference)}`)).toBe("2026.4.23");
    expect(tagOf("host:5000/img")).toBeUndefined();
    expect(digestOf(reference)).toBe(`sha256:0123456789abcdef${"a".repeat(48)}`);
    expect(digestOf("img:1")).toBeUndefined();
  });

  test("are short in messages", () => {
    expect(shortReference(reference)).toBe("openclaw:2026.4.23@0123456789ab");
    expect(shortReference(`host:5000/img@${sha256}`)).toBe("img@aaaaaaaaaaaa");
    expect(shortReference("a/img:1")).toBe("img:1");
    expect(shortReference("img")).toBe("img");
  });

  test("of a text that is none are an error that quotes it", () => {
    expect(() => repositoryOf("Img ")).toThrow('"Img " is no image reference: it contains white space.');
  });
});
