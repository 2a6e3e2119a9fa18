import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { fleet } from "../../fleet/command-line.ts";
import { otherPlatform } from "../../fleet/pin.ts";
import { scratchFolder } from "../support/scratch.ts";
import { type Changes, digest, rawConfig } from "./config-fixture.ts";

const zeros = digest("0");
const type = "application/vnd.oci.image.manifest.v1+json";

let server: Server;
let host: string;
let file: string;

/** Has every tag but `gone`, each with content of its own. */
beforeAll(async () => {
  server = createServer((request, response) => {
    const found = request.url?.endsWith("/gone") !== true;
    response.writeHead(found ? 200 : 404, { "content-type": type }).end(found ? request.url : "");
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((closed) => server.close(closed)));

beforeEach(() => {
  file = join(scratchFolder(), "Pulumi.s.yaml");
  write();
});

function write(changes: Changes = {}): void {
  const settings = Object.entries(
    rawConfig({ "agentImages.chromium": { stable: pinned("agent", "1") }, ...changes }),
  ).map(([key, value]) => [`clawforce:${key}`, value]);
  writeFileSync(file, stringify({ config: Object.fromEntries(settings) }, { lineWidth: 0 }));
}

function pinned(repository: string, tag: string): string {
  const body = `/v2/${repository}/manifests/${tag}`;
  return `${host}/${repository}:${tag}@sha256:${createHash("sha256").update(body).digest("hex")}`;
}

function configured(key: string): Record<string, Record<string, unknown>> & Record<string, unknown> {
  return parse(readFileSync(file, "utf8")).config[`clawforce:${key}`];
}

async function pin(...argv: string[]) {
  let [out, err] = ["", ""];
  const all = ["pin", "--stack", "s", "--config-file", file, ...argv];
  const code = await fleet(all, { write: (text) => (out += text) }, { write: (text) => (err += text) });
  return { code, out, err };
}

describe("fleet pin", () => {
  test("writes a tag of the same repository as the candidate, with its digest", async () => {
    const { code, out, err } = await pin("--image", "chromium", "2");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(configured("agentImages").chromium).toEqual({
      stable: pinned("agent", "1"),
      candidate: pinned("agent", "2"),
    });
    expect(out).toContain(`clawforce:agentImages.chromium.candidate: (not set) -> ${pinned("agent", "2")}\n`);
  });

  test("takes a whole reference, and begins with the canary again", async () => {
    write({
      "agentImages.chromium": { stable: pinned("agent", "1"), candidate: pinned("agent", "2") },
      "instanceGroups.support.wave": 2,
    });
    expect(await pin("--image", "chromium", `${host}/other/agent:3`)).toMatchObject({ code: 0 });
    expect(configured("agentImages").chromium?.candidate).toBe(pinned("other/agent", "3"));
    expect(configured("instanceGroups").support?.wave).toBe(0);
  });

  test("keeps the control plane's image before as previous", async () => {
    write({ controlPlane: { image: pinned("clawforce", "1.4.1") } });
    expect(await pin("--image", "control-plane", "1.4.2")).toMatchObject({ code: 0 });
    expect(configured("controlPlane")).toEqual({
      image: pinned("clawforce", "1.4.2"),
      previous: pinned("clawforce", "1.4.1"),
    });
  });

  test("fills every placeholder by its own tag", async () => {
    write({
      "agentImages.chromium": { stable: `${host}/agent:1@${zeros}`, previous: `${host}/agent:0@${zeros}` },
      "snapshots.image": `${host}/tools:9@${zeros}`,
    });
    expect(await pin("--placeholders")).toMatchObject({ code: 0 });
    expect(configured("agentImages").chromium).toEqual({
      stable: pinned("agent", "1"),
      previous: pinned("agent", "0"),
    });
    expect(configured("snapshots").image).toBe(pinned("tools", "9"));
  });

  test.each([
    [["--image", "firefox", "2"], /^clawforce:agentImages\.firefox names no image yet, so a tag alone/],
    [["--image", "firefox", "r.example.com/a:latest"], /has the tag "latest", which says no version/],
    [
      ["--image", "chromium", "r.example.com/agent"],
      /^r\.example\.com\/agent names no version\. Add its tag\./,
    ],
    [["--image", "chromium", "Not A Tag!"], /is no tag and no image reference/],
    [["--image", "chromium", "gone"], /has no 127\.0\.0\.1:\d+\/agent:gone; nothing was written/],
    [["--image", "chromium"], /^Which image, and which tag\?/],
    [["--placeholders", "--image", "chromium"], /^--placeholders takes every image by its own tag/],
    [["--image", "chromium", "1"], /is the same image as `stable`: there would be nothing to roll out/],
  ])("%j is refused, and nothing is written", async (argv, sentence) => {
    const before = readFileSync(file, "utf8");
    expect(await pin(...argv)).toMatchObject({ code: 1, err: expect.stringMatching(sentence) });
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("names the images that there are", async () => {
    expect((await pin("--image", "firefox", `${host}/agent:2`)).err).toBe(
      'No agent image is called "firefox". There is chromium, and control-plane.\n',
    );
  });

  test("does not understand two tags", async () => {
    expect(await pin("--image", "chromium", "2", "3")).toMatchObject({
      code: 2,
      err: expect.stringMatching(
        /^fleet pin: one TAG at a time, not 2\.\n\nusage: fleet pin .*\[TAG\]\n {2}TAG /,
      ),
    });
  });
});

describe("an image for another platform than the Docker host's", () => {
  test.each<[string[], string[], boolean]>([
    [["linux/amd64"], ["linux/amd64"], false],
    [["linux/arm64/v8", "linux/amd64"], ["linux/arm64"], false],
    [["linux/arm64/v8"], ["linux/amd64"], true],
    [["linux/amd64"], ["linux/arm64", "linux/amd64"], false],
    [["linux/arm"], ["linux/arm64"], true],
    [[], ["linux/amd64"], false],
    [["linux/arm64"], [], false],
  ])("has %j, wanted %j: refused %s", (has, wanted, refused) => {
    expect(otherPlatform("agent:1", has, wanted) !== undefined).toBe(refused);
  });

  test("is told of with both", () => {
    expect(otherPlatform("agent:1", ["linux/arm64"], ["linux/amd64"])).toMatch(
      /^agent:1 is made for linux\/arm64, and the gateways run on linux\/amd64\. Nothing was written\./,
    );
  });
});
