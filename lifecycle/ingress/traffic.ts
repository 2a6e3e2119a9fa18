import type { BakeConfig } from "../../config/schema.ts";
import type { IngressProxy, RequestCount } from "../../platforms/proxy.ts";
import type { BakeEntry, Outcome, ReadRecord } from "../evidence/records.ts";
import type { WorkloadContext } from "../workload.ts";

/** The traffic of a workload during a bake, and as it was before its update. */
export interface Traffic {
  now: RequestCount;
  /** As far as the ingress's log reaches back. */
  before: RequestCount;
  /** False when a part of the log was gone before it was read. */
  whole: boolean;
}

/** Seconds of traffic before the update that a bake is compared with, at least. */
const shortestBefore = 600;
/** Seconds for one reading of the ingress's log. */
const readingDeadline = 300;

function noRequests(): RequestCount {
  return { served: 0, failed: 0, errors: 0 };
}

interface Watched extends Traffic {
  name: string;
  from: Date;
  until: Date;
}

/**
 * Counts the requests of a wave in the ingress's log. Each reading goes on where the last one ended, so that the log is
 * read once, never stands in memory, and may be rotated between two readings.
 */
export class WaveTraffic {
  readonly #proxy: IngressProxy | undefined;
  readonly #watched: Watched[];
  #read: Date;

  /** @param since when the bake begins */
  static async create(
    wave: readonly Pick<WorkloadContext, "workload" | "proxy" | "log">[],
    since: Date,
    length: number,
  ): Promise<WaveTraffic> {
    const watched: Watched[] = [];
    for (const { workload, log } of wave) {
      if (workload.ingress === undefined) continue;
      const until = updateBegan(await log.read()) ?? since;
      const from = new Date(until.getTime() - Math.max(length, shortestBefore) * 1000);
      watched.push({
        name: workload.name,
        now: noRequests(),
        before: noRequests(),
        whole: true,
        from,
        until,
      });
    }
    const first = wave.find(({ workload }) => workload.ingress !== undefined);
    return new WaveTraffic(first?.proxy, watched, since);
  }

  private constructor(proxy: IngressProxy | undefined, watched: Watched[], since: Date) {
    this.#proxy = proxy;
    this.#watched = watched;
    this.#read = since;
  }

  /** Of what came before the update, once, before the bake's own requests are read. */
  async readBefore(): Promise<void> {
    if (this.#proxy === undefined) return;
    const since = new Date(Math.min(...this.#watched.map(({ from }) => from.getTime())));
    const byName = new Map(this.#watched.map((each) => [each.name, each]));
    const requests = this.#proxy.requests({ since, deadline: readingDeadline });
    for await (const { time, service, as } of requests) {
      const of = time < this.#read ? byName.get(service) : undefined;
      if (of === undefined || time < of.from || time >= of.until) continue;
      of.before[as] += 1;
    }
  }

  /** Goes on where the last reading ended, up to a time. */
  async read(until: Date): Promise<void> {
    if (this.#proxy === undefined || until <= this.#read) return;
    const byName = new Map(this.#watched.map((each) => [each.name, each]));
    const since = this.#read;
    const requests = this.#proxy.requests({ since, deadline: readingDeadline });
    for await (const { time, service, as } of requests) {
      const of = time < until ? byName.get(service) : undefined;
      if (of !== undefined) of.now[as] += 1;
    }
    // Asked after the reading: what was rotated away until now may have been missing in it.
    if (!(await this.#proxy.requestsReachBack(since, readingDeadline))) {
      for (const each of this.#watched) each.whole = false;
    }
    this.#read = until;
  }

  /** Undefined for a workload without an ingress. */
  of(name: string): Traffic | undefined {
    return this.#watched.find((each) => each.name === name);
  }
}

/** When the newest update to something new began to hold the requests, or replaced the container. */
export function updateBegan(records: readonly ReadRecord[]): Date | undefined {
  const cutOver = records.findLastIndex(
    (record) =>
      record.kind === "cut-over" && (record.direction === "forward" || record.direction === "change"),
  );
  if (cutOver < 0) return undefined;
  const held = records
    .slice(0, cutOver)
    .findLast((record) => record.kind === "ingress" || record.kind === "cut-over");
  const isHold = held?.kind === "ingress" && held.did === "held";
  return new Date((isHold ? held : records[cutOver])?.time ?? "");
}

/** A single client's bad requests are no reason to go back: so many errors are let pass, whatever share they are. */
const fewErrors = 2;

/**
 * Silence proves nothing. A request that the gateway did not answer is one too many, unless some failed before the update
 * too; other errors count when they are clearly more than before.
 */
export function judgeTraffic(
  checked: { outcome: Outcome; detail: string },
  traffic: Traffic | undefined,
  wanted: Pick<BakeConfig, "requests" | "failures" | "errors">,
): Pick<BakeEntry, "outcome" | "detail"> {
  if (checked.outcome !== "passed") return checked;
  if (traffic !== undefined) {
    const { now, before, whole } = traffic;
    const worse = [
      problem(
        "failed",
        traffic,
        wanted.failures,
        "did not reach the gateway or had no answer (502, 503, 504)",
        "failures",
      ),
      problem(
        "errors",
        traffic,
        Math.max(fewErrors, wanted.errors * totalOf(now)),
        "were answered with an error",
        "errors",
      ),
    ].flatMap((each) => each ?? []);
    if (worse.length > 0) {
      const unknown =
        totalOf(before) === 0 ? ". No request from before the update is in the ingress's log" : "";
      return { outcome: "failed", detail: `${worse.join("; ")}${unknown}` };
    }
    if (!whole) {
      return {
        outcome: "inconclusive",
        detail:
          "a part of the ingress's log was rotated away before it was read: requests that failed may be missing. " +
          "Give that log more room (`max-size` and `max-file` of the Docker host's log driver), or make `bake.interval` shorter",
      };
    }
  }
  const served = traffic?.now.served ?? 0;
  if (wanted.requests > 0 && served < wanted.requests) {
    const came = traffic === undefined ? "it has no ingress that counts requests" : `${served} requests came`;
    return { outcome: "inconclusive", detail: `${came}, ${wanted.requests} are needed to judge it` };
  }
  return { outcome: "passed", detail: [checked.detail, ...passedOver(traffic)].join(", ") };
}

function problem(
  kind: "failed" | "errors",
  { now, before }: Traffic,
  allowed: number,
  what: string,
  setting: string,
): string | undefined {
  if (now[kind] <= allowed + asBefore(kind, now, before)) return undefined;
  const were = totalOf(before) === 0 ? "" : `, ${before[kind]} of ${totalOf(before)} before the update`;
  return `${now[kind]} of ${totalOf(now)} requests ${what}${were}: more than \`bake.${setting}\` allows`;
}

/** As many as came at the rate of before, and what chance adds to such a number (three times its deviation). */
function asBefore(kind: "failed" | "errors", now: RequestCount, before: RequestCount): number {
  if (totalOf(before) === 0) return 0;
  const expected = (before[kind] / totalOf(before)) * totalOf(now);
  return expected + 3 * Math.sqrt(expected);
}

function passedOver(traffic: Traffic | undefined): string[] {
  const bad = traffic === undefined ? 0 : traffic.now.failed + traffic.now.errors;
  return traffic === undefined || bad === 0
    ? []
    : [`${bad} of ${totalOf(traffic.now)} requests failed, no more than before or than is allowed`];
}

function totalOf({ served, failed, errors }: RequestCount): number {
  return served + failed + errors;
}
