import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type HttpClient, type HttpRequest, NoAnswer } from "../../platforms/http.ts";

/** Straight from this process, to a server that a test has started. */
export function fetchClient(url: string): HttpClient {
  const ask = async ({ method, path, headers, body, deadline }: HttpRequest) => {
    try {
      return await fetch(new URL(path, url), {
        method,
        headers,
        redirect: "manual",
        signal: AbortSignal.timeout(deadline * 1000),
        ...(body !== undefined && { body }),
      });
    } catch (error) {
      throw noAnswer(error);
    }
  };
  return {
    target: url,
    async send(request) {
      const answer = await ask(request);
      const body = await answer.text().catch((error) => {
        throw noAnswer(error);
      });
      return { status: answer.status, cookies: answer.headers.getSetCookie(), body };
    },
    async download(request, file) {
      const answer = await ask(request);
      try {
        const content = answer.body === null ? Readable.from([]) : Readable.fromWeb(answer.body);
        await pipeline(content, createWriteStream(file, { mode: 0o600 }));
      } catch (error) {
        throw noAnswer(error);
      }
      return answer.status;
    },
    async close() {},
  };
}

function noAnswer(error: unknown): NoAnswer {
  const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  const neverSent = cause?.code === "ECONNREFUSED" || cause?.code === "ENOTFOUND";
  return new NoAnswer(cause?.message ?? message, { unknown: !neverSent, late: name === "TimeoutError" });
}
