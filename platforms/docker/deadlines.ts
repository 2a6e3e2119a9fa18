import type Docker from "dockerode";
import { engineFailure, silentEngine } from "./engine-failure.ts";

/** A call as dockerode hands it to its modem. */
interface Call {
  method: string;
  path: string;
  options?: { t?: number } | undefined;
  abortSignal?: AbortSignal | undefined;
}

type Callback = (error: unknown, result?: unknown) => void;

interface Modem {
  dial(call: Call, callback: Callback): void;
}

/** A change may take so many times as long as a question: it writes to disks and takes locks. */
const changeFactor = 4;

/**
 * Gives every call of a client a deadline, in the one place that they all pass: for the answer, or for its beginning where
 * a stream follows. Whoever reads the stream watches the rest (watch.ts).
 *
 * @param answer seconds for a question.
 */
export function withDeadlines(docker: Docker, host: string, answer: number): Docker {
  const modem = docker.modem as Modem;
  const dial = modem.dial.bind(modem);
  modem.dial = (call, callback) => {
    const told: Callback = (error, result) =>
      callback(error === null || error === undefined ? error : engineFailure(host, error), result);
    const seconds = deadlineOf(call, answer);
    if (seconds === undefined) {
      dial(call, told);
      return;
    }
    const expiry = new AbortController();
    let over = false;
    const end: Callback = (error, result) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      told(error, result);
    };
    const timer = setTimeout(() => {
      end(silentEngine(host, nameOf(call), seconds));
      expiry.abort();
    }, seconds * 1000);
    const given = call.abortSignal;
    const abortSignal = given === undefined ? expiry.signal : AbortSignal.any([given, expiry.signal]);
    dial({ ...call, abortSignal }, end);
  };
  return docker;
}

/** Seconds; undefined for the wait for a container's end, which is as long as its caller wants. */
export function deadlineOf({ method, path, options }: Call, answer: number): number | undefined {
  const place = path.split("?")[0] ?? "";
  if (/^\/containers\/[^/]+\/wait$/.test(place)) return undefined;
  if (/^\/containers\/[^/]+\/(stop|restart)$/.test(place)) return Number(options?.t ?? 10) + answer;
  const reads = method === "GET" && !place.endsWith("/logs");
  return reads ? answer : changeFactor * answer;
}

function nameOf({ method, path }: Call): string {
  return `\`${method} ${path.split("?")[0]}\``;
}
