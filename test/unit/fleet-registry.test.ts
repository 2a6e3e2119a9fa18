import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type ImageReference, parseImageReference } from "../../config/image-reference.ts";
import { resolveImage } from "../../fleet/registry.ts";
import type { KnownCredentials } from "../../platforms/docker/registry-credentials.ts";

const index = "application/vnd.oci.image.index.v1+json";
const image = "application/vnd.docker.distribution.manifest.v2+json";

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((closed) => server.close(closed));
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on this machine that answers as a registry would; the real one is asked in the integration tests. */
async function registry(answer: Answer): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function manifest(body: string, type: string, headers: Record<string, string> = {}): Answer {
  return (_, response) => response.writeHead(200, { "content-type": type, ...headers }).end(body);
}

function digestOf(body: string): string {
  return `sha256:${createHash("sha256").update(body).digest("hex")}`;
}

async function resolved(reference: string, credentials?: KnownCredentials) {
  const parsed = parseImageReference(reference);
  if ("problem" in parsed) throw new Error(parsed.problem);
  return resolveImage(parsed, credentials);
}

describe("a tag is resolved", () => {
  test("to the digest of the index, with its platforms, without what is no platform", async () => {
    const body = JSON.stringify({
      manifests: [
        { platform: { os: "linux", architecture: "amd64" } },
        { platform: { os: "linux", architecture: "arm64", variant: "v8" } },
        { platform: { os: "unknown", architecture: "unknown" } },
        {},
      ],
    });
    const asked: (string | undefined)[] = [];
    const host = await registry((request, response) => {
      asked.push(`${request.method} ${request.url}`, request.headers.accept);
      manifest(body, `${index}; charset=utf-8`)(request, response);
    });
    expect(await resolved(`${host}/team/agent:1.4.2`)).toEqual({
      digest: digestOf(body),
      platforms: ["linux/amd64", "linux/arm64/v8"],
      isIndex: true,
    });
    expect(asked).toEqual(["GET /v2/team/agent/manifests/1.4.2", expect.stringContaining(index)]);
  });

  test("to the digest of the only image where there is no index", async () => {
    const host = await registry(manifest("{}", image));
    expect(await resolved(`${host}/agent:1`)).toEqual({
      ...{ digest: digestOf("{}"), platforms: [], isIndex: false },
    });
  });

  test.each<[string, string | undefined, string[]]>([
    ["says", '{"os":"linux","architecture":"arm64","variant":"v8"}', ["linux/arm64/v8"]],
    ["does not say", "{}", []],
    ["is not there", undefined, []],
  ])("to an image whose configuration %s what it is made for", async (_, config, platforms) => {
    const body = JSON.stringify({ config: { digest: digestOf(config ?? "") } });
    const host = await registry((request, response) => {
      if (!request.url?.includes("/blobs/")) manifest(body, image)(request, response);
      else if (config === undefined) response.writeHead(404).end();
      else response.writeHead(200).end(config);
    });
    expect(await resolved(`${host}/agent:1`)).toMatchObject({ digest: digestOf(body), platforms });
  });
});

describe("nothing is resolved", () => {
  test.each<[string, Answer, string]>([
    [
      "when the answer is not what its header says",
      manifest("{}", image, { "docker-content-digest": `sha256:${"a".repeat(64)}` }),
      "with a manifest of another digest",
    ],
    [
      "of what is no image",
      manifest("{}", "text/html"),
      'is no image that a container can run: the registry has it as "text/html"',
    ],
    [
      "of a chart, which is kept as an image",
      manifest(JSON.stringify({ config: { mediaType: "application/vnd.cncf.helm.config.v1+json" } }), image),
      "is no image that a container can run: it is a Helm chart. Name the image itself",
    ],
    ["of an index that is none", manifest("no", index), "with an index that can't be read"],
    ["of a tag that is not there", (_, r) => r.writeHead(404).end(), "has no "],
    [
      "when the registry is tired of being asked",
      (_, r) => r.writeHead(429).end(),
      "It limits how often one may ask",
    ],
    ["when the registry is broken", (_, r) => r.writeHead(500).end(), "with HTTP 500"],
    ["from an endless answer", manifest("x".repeat(4_200_000), image), "with more than a manifest can be"],
  ])("%s", async (_, answer, sentence) => {
    const host = await registry(answer);
    await expect(resolved(`${host}/agent:1`)).rejects.toThrow(sentence);
  });

  test("when a digest is asked for and another image comes", async () => {
    const host = await registry(manifest("{}", image));
    await expect(resolved(`${host}/agent:1@sha256:${"b".repeat(64)}`)).rejects.toThrow("another digest");
  });

  test("from a registry under another name that speaks plain http", async () => {
    const host = (await registry(manifest("{}", image))).replace("127.0.0.1", "[::ffff:127.0.0.1]");
    const asked = { registry: host, repository: "agent", tag: "1" };
    await expect(resolveImage(asked as ImageReference, undefined)).rejects.toThrow(
      /^The registry \[::ffff:127\.0\.0\.1\]:\d+ speaks plain http, and nothing was written\./,
    );
  });

  test("when nobody listens", async () => {
    await expect(resolved("127.0.0.1:9/agent:1")).rejects.toThrow(
      /^The registry 127\.0\.0\.1:9 does not answer \(.+\); nothing was written\./,
    );
  });
});

describe("a registry that wants to know who asks", () => {
  const secret = "not to be printed";
  const known = { user: "deploy", password: secret };
  const basic = `Basic ${Buffer.from(`deploy:${secret}`).toString("base64")}`;

  /** Gives a token for `deploy`, and the manifest for the token. */
  const guarded: Answer = (request, response) => {
    const url = new URL(request.url ?? "", `http://${request.headers.host}`);
    if (url.pathname === "/token") {
      const isKnown =
        request.headers.authorization === basic && url.searchParams.get("scope") === "repository:agent:pull";
      response.writeHead(isKnown ? 200 : 401).end(JSON.stringify({ token: "granted" }));
    } else if (request.headers.authorization === "Bearer granted") {
      manifest("{}", image)(request, response);
    } else {
      const challenge = `Bearer realm="http://${request.headers.host}/token",service="here",scope="repository:agent:pull"`;
      response.writeHead(401, { "www-authenticate": challenge }).end();
    }
  };

  test("gets a token for the credentials", async () => {
    const host = await registry(guarded);
    expect((await resolved(`${host}/agent:1`, known)).digest).toBe(digestOf("{}"));
  });

  test("gets the credentials themselves where it asks for those", async () => {
    const host = await registry((request, response) =>
      request.headers.authorization === basic
        ? manifest("{}", image)(request, response)
        : response.writeHead(401, { "www-authenticate": 'Basic realm="r"' }).end(),
    );
    expect((await resolved(`${host}/agent:1`, known)).digest).toBe(digestOf("{}"));
  });

  test.each<[KnownCredentials, string]>([
    [undefined, "to somebody who has not logged in (HTTP 401), or has no such repository. Run `docker login"],
    [{ user: "deploy", password: "wrong" }, 'to the user "deploy" (HTTP 401)'],
    [{ unusable: "docker-credential-x ended with 1" }, "Its login can't be used: docker-credential-x ended"],
  ])("refuses %j, and no password is in the message", async (credentials, sentence) => {
    const host = await registry(guarded);
    const refused = String(await resolved(`${host}/agent:1`, credentials).catch((error: unknown) => error));
    expect(refused).toContain(sentence);
    expect(refused).not.toContain("wrong");
  });

  test("is not followed to a token address without encryption on another machine", async () => {
    const asked: string[] = [];
    const host = await registry((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(401, { "www-authenticate": 'Bearer realm="http://tokens.example.com/token"' }).end();
    });
    await expect(resolved(`${host}/agent:1`, known)).rejects.toThrow(
      "That is no https address, so it was not asked",
    );
    expect(asked).toEqual(["/v2/agent/manifests/1"]);
  });
});
