import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../../demo/free-port.ts";
import { buildArgs } from "../../toolchain/docker-command.ts";
import { refusalFor } from "../../toolchain/images/base.ts";
import { prefixOf } from "../../toolchain/images/publish.ts";
import { keyOf, localReference, type Recipe } from "../../toolchain/images/recipe.ts";
import { readRecord, writeRecord } from "../../toolchain/images/record.ts";
import { manifestDigest } from "../../toolchain/images/registry.ts";
import { tooLittleDisk } from "../../toolchain/images/workshop.ts";
import { SetUpError } from "../../toolchain/set-up-error.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder: string;
beforeEach(() => {
  folder = scratchFolder();
});

describe("an image's key", () => {
  const base: Recipe = { name: "base", sources: ["base"], title: "", make: async () => {} };
  const tools: Recipe = {
    name: "tools",
    tag: "1",
    base,
    sources: ["Dockerfile"],
    title: "",
    make: async () => {},
  };

  beforeEach(() => {
    mkdirSync(join(folder, "base"));
    writeFileSync(join(folder, "base", "a"), "1");
    writeFileSync(join(folder, "Dockerfile"), "FROM base");
  });

  test("stays while nothing changes", async () => {
    expect(await keyOf(tools, folder)).toBe(await keyOf(tools, folder));
    expect(await keyOf(tools, folder)).toMatch(/^[0-9a-f]{16}$/);
  });

  test.each([
    ["a source", () => writeFileSync(join(folder, "Dockerfile"), "FROM base\nUSER node"), tools],
    ["a source of the image it stands on", () => writeFileSync(join(folder, "base", "a"), "2"), tools],
    ["a file added to a source folder", () => writeFileSync(join(folder, "base", "b"), ""), tools],
    ["the tag", () => {}, { ...tools, tag: "2" }],
  ])("changes with %s", async (_, change, changed) => {
    const before = await keyOf(tools, folder);
    change();
    expect(await keyOf(changed, folder)).not.toBe(before);
  });

  test("is part of the engine's own name of the image", () => {
    expect(localReference(tools, "0123")).toBe("clawforce-fleet/tools:1-0123");
    expect(localReference(base, "0123")).toBe("clawforce-fleet/base:0123");
  });
});

describe("the place that images are pushed to", () => {
  test.each([
    ["registry.example.com/clawforce", "registry.example.com/clawforce"],
    ["registry.example.com:5000/a/b/", "registry.example.com:5000/a/b"],
    ["127.0.0.1:5000", "127.0.0.1:5000"],
    ["localhost/x", "localhost/x"],
  ])("is taken: %s", (given, prefix) => {
    expect(prefixOf(["--push", given])).toBe(prefix);
  });

  test.each([
    [["--push", ""], '"" is no place of a registry'],
    [["--push", "clawforce"], '"clawforce" is no place of a registry'],
    [["--push", "https://registry.example.com/x"], "is no place of a registry"],
    [["--push", "registry.example.com/X Y"], "is no place of a registry"],
    [[], "Write `npm run images -- --push"],
    [["--pull", "x"], "Write `npm run images -- --push"],
  ])("is refused with what to write: %j", (argv, sentence) => {
    expect(() => prefixOf(argv)).toThrow(sentence);
    expect(() => prefixOf(argv)).toThrow(SetUpError);
  });
});

test("a build is one argument list, the context last", () => {
  const args = buildArgs({
    context: "/c",
    dockerfile: "/d/Dockerfile",
    reference: "name:tag",
    buildArgs: { BASE: "base:1" },
    labels: { made: "here" },
    network: "none",
  });
  expect(args).toEqual([
    "build",
    "--force-rm",
    ...["--network", "none"],
    ...["--platform", "linux/amd64"],
    ...["--tag", "name:tag"],
    ...["--file", "/d/Dockerfile"],
    ...["--build-arg", "BASE=base:1"],
    ...["--label", "made=here"],
    "/c",
  ]);
});

describe("the record of digests", () => {
  const digest = `sha256:${"a".repeat(64)}`;

  test("is read as it was written", async () => {
    const file = join(folder, "cache", "images.json");
    await writeRecord(file, { "clawforce-fleet/fixture:1-0123": digest });
    expect(await readRecord(file)).toEqual({ "clawforce-fleet/fixture:1-0123": digest });
  });

  test.each([
    ["", {}],
    ["{", {}],
    ["null", {}],
    [`{"a":"${digest}","b":"latest"}`, { a: digest }],
  ])("that reads %j counts as far as it makes sense", async (text, expected) => {
    const file = join(folder, "images.json");
    writeFileSync(file, text);
    expect(await readRecord(file)).toEqual(expected);
  });

  test("that is missing is empty", async () => {
    expect(await readRecord(join(folder, "none.json"))).toEqual({});
  });
});

describe("a registry's answer", () => {
  async function answering(status: number, headers: Record<string, string>): Promise<string | undefined> {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      response.writeHead(status, headers).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      return await manifestDigest(`127.0.0.1:${port}`, "clawforce-fleet/fixture", "1");
    } finally {
      server.close();
      expect(seen).toEqual(["HEAD /v2/clawforce-fleet/fixture/manifests/1"]);
    }
  }

  test("gives the digest", async () => {
    expect(await answering(200, { "docker-content-digest": "sha256:1" })).toBe("sha256:1");
  });

  test("of 404 means that it does not have the image", async () => {
    expect(await answering(404, {})).toBeUndefined();
  });

  test.each([
    [500, { "docker-content-digest": "sha256:1" }],
    [200, {}],
  ])("of %i without a digest is an error, never an image", async (status, headers) => {
    const error = await answering(status, headers as Record<string, string>).catch((reason) => reason);
    expect(error).toBeInstanceOf(SetUpError);
    expect(error.message).toMatch(
      new RegExp(
        `^The registry at 127.0.0.1:\\d+ answered ${status} without a digest when asked for clawforce-fleet/fixture: look into its log, then start again.$`,
      ),
    );
  });

  test("that does not come is one sentence that says what to do", async () => {
    const port = await freePort();
    const error = await manifestDigest(`127.0.0.1:${port}`, "clawforce-fleet/fixture", "1").catch(
      (reason) => reason,
    );
    expect(error).toEqual(
      new SetUpError(
        `The registry at 127.0.0.1:${port} does not answer: start again, which starts it anew when it has ended.`,
      ),
    );
  });
});

describe("a refusal is one sentence that says what to do", () => {
  test.each([1000, undefined])("to user %s, who cannot make a root file system", (user) => {
    expect(refusalFor(user)).toBe(
      "debian:bookworm-slim cannot be pulled and only root can make it of Debian's packages: start again as root, or give Docker access to a registry that has it.",
    );
  });

  test("never to root", () => {
    expect(refusalFor(0)).toBeUndefined();
  });

  test("with too little disk", () => {
    expect(tooLittleDisk("/var/lib/docker", 1_230_000_000)).toBe(
      "Only 1.2 GB are free in /var/lib/docker and making the images takes 4.0 GB: free some, then start again.",
    );
  });
});
