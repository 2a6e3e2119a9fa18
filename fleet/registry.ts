import { createHash } from "node:crypto";
import type { ImageReference } from "../config/image-reference.ts";
import { fieldAt, parsedJson } from "../config/json.ts";
import type { KnownCredentials } from "../platforms/docker/registry-credentials.ts";
import { CommandFailure } from "./command.ts";

export interface ResolvedImage {
  /** Of the index where there is one: it stands for the same image on every platform. */
  digest: string;
  /** "linux/amd64"; of a single image the one that it is made for. None: it does not say. */
  platforms: string[];
  /** One name for images of several platforms. */
  isIndex: boolean;
}

const indexTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];
const imageTypes = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];
const accept = [...indexTypes, ...imageTypes].join(", ");

/** A registry that takes longer is not there. Milliseconds, for each request. */
const patience = 20_000;
/** Registries refuse manifests above this; bounds what a hostile one can make us read. Bytes. */
const longestManifest = 4_194_304;

/**
 * Asks a registry what a tag (or digest) is, over its HTTP API. The digest is computed from the answer itself, so
 * neither a header nor a cache in between can name another one.
 *
 * @param credentials what is known for this registry; sent only when it asks for them, never over plain http but on
 *   this machine.
 * @throws CommandFailure in one sentence.
 */
export async function resolveImage(
  reference: ImageReference,
  credentials: KnownCredentials,
): Promise<ResolvedImage> {
  const place = placeOf(reference);
  const response = await manifest(place, credentials);
  const body = await bodyOf(place, response);
  const type = (response.headers.get("content-type") ?? "").split(";")[0]?.trim() ?? "";
  const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`;
  const named = response.headers.get("docker-content-digest");
  const wanted = reference.digest ?? named ?? digest;
  if (wanted !== digest || (named !== null && named !== digest)) {
    throw new CommandFailure(
      `${place.host} answers for ${place.what} with a manifest of another digest (${digest}) than it should (${wanted}). ` +
        "Something between here and the registry changes its answers: don't use this image.",
    );
  }
  if (![...indexTypes, ...imageTypes].includes(type)) {
    throw new CommandFailure(
      `${place.what} is no image that a container can run: the registry has it as ${JSON.stringify(type)}.`,
    );
  }
  if (indexTypes.includes(type)) return { digest, platforms: platformsOf(place, body), isIndex: true };
  refuseOtherThanImage(place, body);
  return { digest, platforms: await platformOfImage(place, body, credentials), isIndex: false };
}

/** What the image's own configuration says. Without an answer nothing is known, which is no reason to refuse. */
async function platformOfImage(place: Place, body: Buffer, credentials: KnownCredentials): Promise<string[]> {
  const digest = fieldAt(parsedJson(body.toString("utf8")), "config.digest");
  if (typeof digest !== "string" || !/^sha256:[0-9a-f]{64}$/.test(digest)) return [];
  try {
    const blob = { ...place, url: place.url.replace(/\/manifests\/[^/]+$/, `/blobs/${digest}`) };
    const config = await bodyOf(place, await manifest(blob, credentials));
    if (`sha256:${createHash("sha256").update(config).digest("hex")}` !== digest) return [];
    const { os, architecture, variant } = parsedJson(config.toString("utf8")) as Record<string, unknown>;
    return typeof os === "string" && typeof architecture === "string"
      ? [[os, architecture, variant].filter(Boolean).join("/")]
      : [];
  } catch (error) {
    if (error instanceof CommandFailure || error instanceof TypeError) return [];
    throw error;
  }
}

const imageConfigs = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];

/** Charts, signatures and the like are kept in registries too, under the type of an image. */
function refuseOtherThanImage(place: Place, body: Buffer): void {
  const kind = fieldAt(parsedJson(body.toString("utf8")), "config.mediaType");
  if (typeof kind !== "string" || imageConfigs.includes(kind)) return;
  const what = kind.includes("helm") ? "a Helm chart" : `something else (${kind})`;
  throw new CommandFailure(
    `${place.what} is no image that a container can run: it is ${what}. Name the image itself; a chart names it in its values.`,
  );
}

interface Place {
  url: string;
  /** As messages name it. */
  host: string;
  /** The image as messages name it. */
  what: string;
  /** How one logs in to it. */
  login: string;
}

function placeOf({ registry, repository, tag, digest }: ImageReference): Place {
  const isHub = registry === undefined || registry === "docker.io" || registry === "index.docker.io";
  const host = isHub ? "registry-1.docker.io" : registry;
  const name = isHub && !repository.includes("/") ? `library/${repository}` : repository;
  const version = digest ?? tag ?? "latest";
  return {
    url: `${schemeOf(host)}://${host}/v2/${name}/manifests/${version}`,
    host,
    login: isHub ? "docker login" : `docker login ${host}`,
    what: `${registry === undefined ? "" : `${registry}/`}${repository}${digest === undefined ? `:${version}` : `@${digest}`}`,
  };
}

/** Plain http for a registry on this machine alone. */
function schemeOf(host: string): "http" | "https" {
  return isLoopback(new URL(`https://${host}`).hostname) ? "http" : "https";
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

async function manifest(place: Place, credentials: KnownCredentials): Promise<Response> {
  const first = await ask(place, place.url, { accept });
  if (first.status !== 401) return answered(place, first, credentials);
  const authorization = await authorizationFor(
    place,
    first.headers.get("www-authenticate") ?? "",
    credentials,
  );
  if (authorization === undefined) return answered(place, first, credentials);
  return answered(place, await ask(place, place.url, { accept, authorization }), credentials);
}

async function authorizationFor(
  place: Place,
  challenge: string,
  known: KnownCredentials,
): Promise<string | undefined> {
  const basic = known !== undefined && "user" in known ? basicOf(known) : undefined;
  const scheme = challenge.split(" ")[0]?.toLowerCase();
  if (scheme === "basic") return basic;
  if (scheme !== "bearer") return undefined;
  const fields = new Map(
    [...challenge.matchAll(/([a-z]{1,20})="([^"]{0,2000})"/gi)].map(([, key = "", value = ""]) => [
      key,
      value,
    ]),
  );
  const realm = URL.canParse(fields.get("realm") ?? "") ? new URL(fields.get("realm") ?? "") : undefined;
  if (realm === undefined || (realm.protocol !== "https:" && !isLoopback(realm.hostname))) {
    throw new CommandFailure(
      `${place.host} wants a token from ${JSON.stringify(fields.get("realm") ?? "")}. That is no https address, so it was not asked.`,
    );
  }
  for (const key of ["service", "scope"]) {
    const value = fields.get(key);
    if (value !== undefined) realm.searchParams.set(key, value);
  }
  const response = await ask(place, realm.href, basic === undefined ? {} : { authorization: basic });
  if (!response.ok) return undefined;
  const said: unknown = await response.json().catch(() => undefined);
  const { token, access_token } = (said ?? {}) as { token?: unknown; access_token?: unknown };
  const bearer = token ?? access_token;
  return typeof bearer === "string" ? `Bearer ${bearer}` : undefined;
}

function basicOf({ user, password }: { user: string; password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

async function ask(place: Place, url: string, headers: Record<string, string>): Promise<Response> {
  try {
    return await fetch(url, { headers, signal: AbortSignal.timeout(patience) });
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: string };
    if (code === "ERR_SSL_WRONG_VERSION_NUMBER") {
      throw new CommandFailure(
        `The registry ${place.host} speaks plain http, and nothing was written. Other machines are asked by https alone, so that nobody in between can name another image. ` +
          `Give it a certificate. Or pull the image on the Docker host, and copy the digest from \`docker image ls --digests\` into the stack file.`,
      );
    }
    const why =
      code ?? ((error as Error).name === "TimeoutError" ? `nothing in ${patience / 1000} s` : "no answer");
    throw new CommandFailure(
      `The registry ${place.host} does not answer (${why}); nothing was written. Check its name and the network, then run the command again.`,
    );
  }
}

function answered(place: Place, response: Response, known: KnownCredentials): Response {
  if (response.ok) return response;
  const { status } = response;
  if (status === 401 || status === 403) {
    throw new CommandFailure(
      `${place.host} does not give ${place.what} to ${loginState(known)} (HTTP ${status}), or has no such repository. ` +
        (known !== undefined && "unusable" in known
          ? `Its login can't be used: ${known.unusable}. Correct that, or run \`${place.login}\`.`
          : `Run \`${place.login}\`, or correct the name.`),
    );
  }
  throw new CommandFailure(
    status === 404
      ? `${place.host} has no ${place.what}; nothing was written. Correct the tag, or push the image first.`
      : `${place.host} answers for ${place.what} with HTTP ${status}; nothing was written. ${status === 429 ? "It limits how often one may ask: wait, or log in." : "Run the command again later."}`,
  );
}

function loginState(known: KnownCredentials): string {
  return known !== undefined && "user" in known
    ? `the user ${JSON.stringify(known.user)}`
    : "somebody who has not logged in";
}

async function bodyOf(place: Place, response: Response): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    parts.push(part);
    length += part.length;
    if (length > longestManifest) {
      throw new CommandFailure(
        `${place.host} answers for ${place.what} with more than a manifest can be: not read.`,
      );
    }
  }
  return Buffer.concat(parts);
}

function platformsOf(place: Place, body: Buffer): string[] {
  try {
    const { manifests } = JSON.parse(body.toString("utf8")) as {
      manifests: { platform?: { os: string; architecture: string; variant?: string } }[];
    };
    return (
      manifests
        .flatMap(({ platform }) => platform ?? [])
        // Attestations stand in an index as an image for no platform.
        .filter(({ os }) => os !== "unknown")
        .map(({ os, architecture, variant }) => [os, architecture, variant].filter(Boolean).join("/"))
    );
  } catch {
    throw new CommandFailure(`${place.host} answers for ${place.what} with an index that can't be read.`);
  }
}
