import { setTimeout as sleep } from "node:timers/promises";
import type { Check } from "../../config/check-kind.ts";
import { fingerprint } from "../../config/fingerprint.ts";
import type { BakeConfig } from "../../config/schema.ts";
import { formatDuration } from "../../config/units.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { verdictOf } from "../checks/judge.ts";
import { kindOf } from "../checks/kinds.ts";
import { runChecks } from "../checks/run.ts";
import { hasBaked, mustBake } from "../evidence/canary.ts";
import type { Outcome, ReadRecord } from "../evidence/records.ts";
import { judgeTraffic, WaveTraffic } from "../ingress/traffic.ts";
import { recordState } from "../snapshot/state-read.ts";
import type { Workload, WorkloadContext, WorkloadTask } from "../workload.ts";
import { secondsSince } from "./step.ts";

export interface BakeTask extends WorkloadTask {
  /** All workloads of the wave. */
  wave: Workload[];
  bake: BakeConfig;
  /** Of the gateways, in the order of the wave. */
  gatewayTokens: string[];
}

/** How often the wait says where it is, in seconds: seldom enough that what a long bake has said stays short. */
function progressInterval(length: number): number {
  return Math.max(10, length / 100);
}

/**
 * Keeps the verification of a wave up for a time, under its traffic. Bakes only what an update has brought forward and
 * what has not been baked yet: going back never waits.
 */
export async function bake(
  context: WorkloadContext,
  { bake: wanted }: Pick<BakeTask, "bake">,
  wave: readonly WorkloadContext[],
): Promise<{ baked: string[]; seconds: number }> {
  const began = performance.now();
  const fresh: { context: WorkloadContext; container: string; image: string }[] = [];
  for (const each of wave) {
    const found = await each.platform.unit(each.workload.container);
    if (found !== undefined && needsBake(await each.log.read(), found, each.workload, wanted)) {
      fresh.push({ context: each, container: found.id, image: found.image });
    }
  }
  if (fresh.length === 0) {
    context.progress("bake: nothing new to bake (0.0 s)");
    return { baked: [], seconds: 0 };
  }
  const since = new Date();
  const traffic = await WaveTraffic.create(
    fresh.map((each) => each.context),
    since,
    wanted.length,
  );
  await traffic.readBefore();
  const { rounds, ...checked } = await repeatChecks(fresh, wanted, since, traffic);
  await traffic.read(new Date());
  let failure: OperationFailure | undefined;
  for (const { context: each, container, image } of fresh) {
    const came = traffic.of(each.workload.name);
    const judged = judgeTraffic(checked, came, wanted);
    await each.log.append({
      kind: "bake",
      image,
      container,
      ...judged,
      checksHash: fingerprint(each.workload.verification),
      seconds: secondsSince(began),
      rounds,
      ...(came !== undefined && { requests: came.now }),
    });
    await recordState(each, { image, container });
    each.progress(`bake: ${judged.outcome} (${secondsSince(began).toFixed(1)} s)`);
    if (judged.outcome !== "passed") {
      failure ??= new OperationFailure(
        `${each.workload.name}: bake ${judged.outcome} on ${image}: ${judged.detail}. All waves after it are untouched. ` +
          `The way back: ${each.workload.wayBack}`,
      );
    }
  }
  // Only once each of them has its record: the wave has failed as a whole.
  if (failure !== undefined) {
    throw failure;
  }
  return { baked: fresh.map(({ context: each }) => each.workload.name), seconds: secondsSince(began) };
}

/** Brought forward by an update, and not baked in this container as long as it must, or not since something failed. */
export function needsBake(
  records: readonly ReadRecord[],
  observed: { id: string; image: string },
  { name, verification }: Pick<Workload, "name" | "verification">,
  bake: BakeConfig,
): boolean {
  const witness = { name, records, observed, checks: fingerprint(verification) };
  const demand = { image: observed.image, bake };
  return mustBake(witness, demand) && !hasBaked(witness, demand);
}

async function repeatChecks(
  wave: readonly { context: WorkloadContext }[],
  { length, interval }: BakeConfig,
  since: Date,
  traffic: WaveTraffic,
): Promise<{ outcome: Outcome; detail: string; rounds: number }> {
  const end = since.getTime() + length * 1000;
  let turn: number | undefined;
  const waiting = new Waiting(wave[0]?.context, end, progressInterval(length));
  let rounds = 0;
  for (;;) {
    rounds += 1;
    const now = Date.now();
    const isLast = now >= end;
    let asked = false;
    for (const { context } of wave) {
      const sinceTurn = turn === undefined ? undefined : (now - turn) / 1000;
      const checks = checksOfRound(context.workload.verification, { sinceTurn, isLast });
      asked ||= checks.some(isCostly);
      const results = await runChecks({ ...context, progress: () => {} }, checks);
      const outcome = verdictOf(results);
      if (outcome !== "passed") {
        const reasons = results.filter((each) => each.outcome !== "passed" && each.severity === "critical");
        const detail = reasons.map((each) => `${each.name}: ${each.detail}`).join("; ");
        return { outcome, detail: `${context.workload.name} in round ${rounds}: ${detail}`, rounds };
      }
    }
    if (isLast) {
      return { outcome: "passed", detail: `${formatDuration(length)}, ${rounds} rounds`, rounds };
    }
    turn = asked ? now : turn;
    // Not to the last moment: a line comes into the log a little after its time.
    await traffic.read(new Date(Date.now() - logDelay));
    const left = Math.max(0, end - Date.now());
    await waiting.pass(Math.min(left, interval * 1000));
  }
}

/** Milliseconds until a request that has ended is in the ingress's log. */
const logDelay = 2000;

/**
 * The checks of a round: a turn of a model costs money, so it is asked for in the first and the last one, and now and then.
 *
 * @param sinceTurn seconds; undefined when none was asked for yet
 */
export function checksOfRound(
  checks: readonly Check[],
  { sinceTurn, isLast }: { sinceTurn: number | undefined; isLast: boolean },
): Check[] {
  return checks.filter((check) => {
    const every = kindOf(check).every?.(check);
    return every === undefined || isLast || sinceTurn === undefined || sinceTurn >= every;
  });
}

function isCostly(check: Check): boolean {
  return kindOf(check).every !== undefined;
}

/** Time that passes between two rounds, with a line now and then. Times in milliseconds. */
class Waiting {
  readonly #context: WorkloadContext | undefined;
  readonly #end: number;
  readonly #every: number;
  #said = Date.now();

  constructor(context: WorkloadContext | undefined, end: number, everySeconds: number) {
    this.#context = context;
    this.#end = end;
    this.#every = everySeconds * 1000;
  }

  async pass(milliseconds: number): Promise<void> {
    const until = Date.now() + milliseconds;
    while (Date.now() < until) {
      const next = Math.max(0, this.#said + this.#every - Date.now());
      await sleep(Math.min(next, until - Date.now()));
      if (Date.now() - this.#said >= this.#every) this.#say();
    }
  }

  #say(): void {
    this.#said = Date.now();
    const left = Math.max(1, Math.round((this.#end - this.#said) / 1000));
    this.#context?.progress(`baking, ${formatDuration(left)} left`);
  }
}
