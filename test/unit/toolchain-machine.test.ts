import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mountPointsBelow } from "../../toolchain/clean.ts";
import { download, publishedDigest } from "../../toolchain/download.ts";
import { Unavailable } from "../../toolchain/fallbacks.ts";
import { goProblem } from "../../toolchain/go-build.ts";
import { availableIn, roomProblem } from "../../toolchain/machine.ts";
import { portCandidates, registryConfig } from "../../toolchain/registry.ts";
import { scratchFolder } from "../support/scratch.ts";

const gigabyte = 1024 ** 3;

describe("room on the machine", () => {
  test.each([
    [{ disk: 12 * gigabyte, memory: 4 * gigabyte }, undefined],
    [
      { disk: 3.5 * gigabyte, memory: 8 * gigabyte },
      "Only 3.5 GB are free in /cache and the first set-up takes 12 GB: free some, or set CLAWFORCE_FLEET_CACHE to a folder on a larger disk.",
    ],
    [
      { disk: 20 * gigabyte, memory: 2 * gigabyte },
      "Only 2 GB of memory are available and 4 GB are needed: stop other programs or take a larger machine.",
    ],
  ])("of %j is judged", (room, problem) => {
    expect(roomProblem(room, "/cache")).toBe(problem);
  });

  test("counts what Linux can free, not what is free", () => {
    expect(availableIn("MemTotal: 8000 kB\nMemFree:  1 kB\nMemAvailable:    2048 kB\n")).toBe(2048 * 1024);
    expect(availableIn("MemTotal: 8000 kB\n")).toBeUndefined();
  });
});

describe("Go", () => {
  test.each([
    ["go1.21.0", undefined],
    ["go1.26.8", undefined],
    ["go2.0", undefined],
    ["go1.19.8", "its Go 1.19 is too old"],
    ["devel", "its version devel cannot be read"],
    [undefined, "Go is not installed"],
  ])("%s is judged", (version, problem) => {
    expect(goProblem(version)).toBe(problem);
  });
});

describe("a published checksum", () => {
  const [one, two] = ["1".repeat(64), "2".repeat(64)];
  const list = `${one}  pulumi-v3.0.0-linux-arm64.tar.gz\n${two} *pulumi-v3.0.0-linux-x64.tar.gz\nbad  broken.tar.gz\n`;

  test.each([
    ["pulumi-v3.0.0-linux-arm64.tar.gz", one],
    ["pulumi-v3.0.0-linux-x64.tar.gz", two],
    ["broken.tar.gz", undefined],
    ["linux-x64.tar.gz", undefined],
  ])("of %s is found by its whole name", (file, digest) => {
    expect(publishedDigest(list, file)).toBe(digest);
  });

  test("is held against the download", async () => {
    const folder = scratchFolder();
    const server = createServer((request, response) => {
      response.statusCode = request.url === "/file" ? 200 : 404;
      response.end("content");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
    try {
      const digest = createHash("sha256").update("content").digest("hex");
      await download(url, join(folder, "good"), digest);
      expect(readFileSync(join(folder, "good"), "utf8")).toBe("content");
      await expect(download(`${url}/gone`, join(folder, "gone"), one)).rejects.toThrow(
        new Unavailable(`the download from ${new URL(url).host} broke off: status 404`),
      );
      await expect(download(url, join(folder, "bad"), one)).rejects.toThrow(
        `The download ${url} has SHA-256 ${digest} and not the published ${one}`,
      );
    } finally {
      server.close();
    }
  });
});

describe("the registry", () => {
  test("keeps its port from before, else takes the first free one of its range", () => {
    expect(portCandidates(5100).slice(0, 3)).toEqual([5100, 5077, 5078]);
    expect(portCandidates(undefined).slice(0, 2)).toEqual([5077, 5078]);
    expect(new Set(portCandidates(5100)).size).toBe(200);
  });

  test("listens on the loopback address alone and lets images be removed", () => {
    expect(JSON.parse(registryConfig("/cache/registry", "127.0.0.1:5077"))).toMatchObject({
      storage: { filesystem: { rootdirectory: "/cache/registry" }, delete: { enabled: true } },
      http: { addr: "127.0.0.1:5077" },
    });
  });
});

test("clean unmounts what lies in the cache, the innermost first", () => {
  const mounts = [
    "/dev/vda / ext4 rw 0 0",
    "overlay /cache/docker/overlay2/a/merged overlay rw 0 0",
    "nsfs /cache/run/docker/netns/with\\040space nsfs rw 0 0",
    "tmpfs /cache-of-another tmpfs rw 0 0",
    "tmpfs /cache/run tmpfs rw 0 0",
  ].join("\n");
  expect(mountPointsBelow("/cache", mounts)).toEqual([
    "/cache/run/docker/netns/with space",
    "/cache/docker/overlay2/a/merged",
    "/cache/run",
  ]);
});
