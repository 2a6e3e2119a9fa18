import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { sha256Of } from "./cache.ts";
import { Unavailable } from "./fallbacks.ts";
import { SetUpError } from "./set-up-error.ts";

/** How long a machine without internet is held up before set-up goes on to the next way. */
const reachMs = 20_000;
/** Only a download that hangs comes to this end. */
const downloadMs = 60 * 60_000;

/** The text at the address; a machine that cannot reach it has this way not available. */
export async function textAt(url: string): Promise<string> {
  const response = await reach(url);
  return response.text().catch((error: unknown) => {
    throw new Unavailable(`the answer of ${new URL(url).host} broke off: ${messageOf(error)}`);
  });
}

/** Throws `Unavailable` when the address cannot be reached in time. */
export async function expectReachable(url: string): Promise<void> {
  const response = await reach(url, "HEAD");
  await response.body?.cancel();
}

/** Fetches a file and refuses it when it is not the one that was published. A broken download is not available. */
export async function download(url: string, file: string, sha256: string): Promise<void> {
  await fetchInto(url, file).catch((error: unknown) => {
    throw new Unavailable(`the download from ${new URL(url).host} broke off: ${messageOf(error)}`);
  });
  const actual = await sha256Of(file);
  if (actual !== sha256) {
    throw new SetUpError(
      `The download ${url} has SHA-256 ${actual} and not the published ${sha256}: start again, and if it stays so, do not use it.`,
    );
  }
}

async function fetchInto(url: string, file: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(downloadMs) });
  if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
  await pipeline(Readable.fromWeb(response.body), createWriteStream(file, { mode: 0o600 }));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The digest of one file in a list of lines of digest and name, as sha256sum writes them. */
export function publishedDigest(list: string, file: string): string | undefined {
  for (const line of list.split("\n")) {
    const [digest, name] = line.trim().split(/\s+\*?/);
    if (name === file && digest !== undefined && /^[0-9a-f]{64}$/.test(digest)) return digest;
  }
  return undefined;
}

async function reach(url: string, method: "GET" | "HEAD" = "GET"): Promise<Response> {
  const host = new URL(url).host;
  const response = await fetch(url, { method, signal: AbortSignal.timeout(reachMs) }).catch(() => {
    throw new Unavailable(`${host} cannot be reached`);
  });
  // A HEAD only asks whether there is a server; what it thinks of the bare address does not matter.
  if (method === "GET" && !response.ok) throw new Unavailable(`${host} answers ${response.status}`);
  return response;
}
