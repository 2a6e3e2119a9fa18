import { workloadsOf } from "../config/rollout.ts";
import type { StackConfig } from "../config/schema.ts";
import { formatDuration } from "../config/units.ts";
import { EvidenceDamaged } from "../lifecycle/evidence/failure.ts";
import { open } from "../lifecycle/ingress/open.ts";
import { bringBackStranger } from "../lifecycle/update/bring-back-stranger.ts";
import { lastServing } from "../lifecycle/update/serving-trigger.ts";
import { startOnState } from "../lifecycle/update/start.ts";
import { undoMigration } from "../lifecycle/update/undo-migration.ts";
import { Journal } from "../lifecycle/workdir/journal.ts";
import { logOf, type Workload, type WorkloadContext } from "../lifecycle/workload.ts";
import { messageOf } from "../platforms/failure.ts";
import type { Platform } from "../platforms/platform.ts";
import type { IngressProxy } from "../platforms/proxy.ts";
import { until } from "../platforms/until.ts";
import { CommandFailure, type Output } from "./command.ts";
import { type Machine, type Operation, operationsUnderWay } from "./operations-under-way.ts";
import type { RecoveryEngine } from "./recovery-engine.ts";
import { isToBeUndone, planRecovery, type RecoveryPlan } from "./recovery-plan.ts";
import type { Look, LookedAtWorkload } from "./running.ts";
import { refuseLivingLocks, type StateLock } from "./state-lock.ts";
import { stackStatus } from "./status.ts";
import { statusLines } from "./status-table.ts";

const progressEvery = 5;
/** Seconds for the ingress to become healthy when it was stopped: it is asked for its health every 10 s. */
const ingressWait = 30;

/** What a recovery works on. */
export interface RecoveryParts {
  engine: Pick<RecoveryEngine, "locks" | "pending" | "refuseLocked" | "unlock" | "refresh" | "up">;
  platform: Platform;
  proxy: IngressProxy | undefined;
  machine: Machine;
  look: () => Promise<Look>;
  /** What it takes to set a state back: the snapshots' password. Asked for only then. */
  contextOf: (workload: Workload) => Promise<WorkloadContext>;
  out: Output;
}

/** One run of `fleet recover`, once it is known that no update is under way. */
export class Recovery {
  readonly #config: StackConfig;
  readonly #stack: string;
  readonly #parts: RecoveryParts;

  constructor(config: StackConfig, stack: string, parts: RecoveryParts) {
    this.#config = config;
    this.#stack = stack;
    this.#parts = parts;
  }

  /** Says what `run` would do. */
  async describe(): Promise<number> {
    const { looked, plan } = await this.#planned();
    const living = looked.workloads.flatMap(({ operations }) => operations);
    if (plan.steps.length === 0 && living.length === 0) {
      this.#sayNothingToDo(looked);
      return 0;
    }
    this.#say("Found:", ...plan.found.map(indented));
    this.#say("It would:", ...living.map((each) => indented(`wait for ${operationText(each)}`)));
    this.#say(...plan.steps.map(indented), "Nothing was touched.");
    return 0;
  }

  async run(wait: number): Promise<number> {
    await this.#deadLocks();
    await this.#waitForOperations(wait);
    const { looked, plan, seesLocks } = await this.#planned();
    if (plan.steps.length === 0) {
      this.#sayNothingToDo(looked);
      return this.#outcome(looked, []);
    }
    if (!seesLocks) {
      await this.#parts.engine.refuseLocked();
    }
    this.#say("Found:", ...plan.found.map(indented), "Doing:", ...plan.steps.map(indented));
    const problems = await this.#carryOut(plan, looked);
    const after = await this.#parts.look();
    this.#say(...statusLines(stackStatus(after)), ...newFailures(looked, after));
    return this.#outcome(after, problems);
  }

  async #planned(): Promise<{ looked: Look; plan: RecoveryPlan; seesLocks: boolean }> {
    const [looked, locks, pending] = await Promise.all([
      this.#parts.look(),
      this.#deadLocks(),
      this.#parts.engine.pending(),
    ]);
    const names = [
      ...looked.workloads.map(({ input }) => input.name),
      ...looked.strays.map(({ name }) => name),
    ];
    const leftOvers = await this.#parts.platform.leftOvers(names);
    const plan = planRecovery({ locks: locks ?? [], pending, leftOvers, workloads: looked.workloads });
    return { looked, plan, seesLocks: locks !== undefined };
  }

  /** Refuses while a process that lives holds a lock. Asked anew before each step that relies on it: an update can begin meanwhile. */
  async #deadLocks(): Promise<StateLock[] | undefined> {
    const locks = await this.#parts.engine.locks();
    await refuseLivingLocks(locks ?? [], this.#parts.machine);
    return locks;
  }

  /** A program that outlived the deployer goes on in peace: ended half way it would leave its workload stopped. */
  async #waitForOperations(wait: number): Promise<void> {
    const began = Date.now();
    const workloads = workloadsOf(this.#config).map(({ name }) => name);
    let said = 0;
    await until(
      async () => {
        const { platform, machine } = this.#parts;
        const living = await operationsUnderWay(platform, machine, this.#stack, workloads);
        if (living.length === 0) return { found: undefined };
        const who = living.map(operationText).join(", ");
        if (Date.now() - said >= progressEvery * 1000) {
          said = Date.now();
          const waited = formatDuration(Math.round((said - began) / 1000));
          this.#say(`waiting for ${who} (${waited} of ${formatDuration(wait)} at most)`);
        }
        return { waitsFor: who };
      },
      {
        deadline: wait,
        interval: 0.5,
        late: (who) =>
          new CommandFailure(
            `Waited ${formatDuration(wait)} for ${who}: what the dead deployer began still goes on. Nothing was touched. ` +
              `Wait longer: \`fleet recover --stack ${this.#stack} --wait 30m\`. If that process is stuck, end it and run the same again.`,
          ),
      },
    );
  }

  /** Returns what did not work; one workload that stays down must not keep the others from being brought back. */
  async #carryOut(plan: RecoveryPlan, looked: Look): Promise<string[]> {
    const problems: string[] = [];
    const attempt = async (work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        problems.push(messageOf(error));
        this.#say(messageOf(error));
      }
    };
    if (plan.unlock) {
      await this.#deadLocks();
      await this.#parts.engine.unlock();
    }
    for (const each of plan.leftOvers) {
      await this.#parts.platform.removeLeftOver(each);
    }
    for (const workload of looked.workloads) {
      const { name } = workload.input;
      await attempt(async () => {
        if (plan.bringBack.includes(name)) {
          await this.#bringBack(workload);
        } else if (plan.giveUp.includes(name)) {
          await this.#journalOf(workload).clear();
        }
        if (plan.open.includes(name)) {
          await this.#open(workload);
        }
      });
    }
    const { finish } = plan;
    if (finish !== undefined) {
      // What could not be started can be what the engine has to replace: it is asked all the same, and decides.
      problems.length = 0;
      await attempt(async () => {
        if (finish.refresh) {
          await this.#parts.engine.refresh();
        }
        await this.#parts.engine.up();
        // A way back comes first and alone; then there is none, and what it has left alone is finished.
        if (looked.workloads.some(({ putOff }) => putOff !== undefined)) {
          await this.#parts.engine.up();
        }
      });
      if (problems.length > 0) {
        await this.#bringBackWhatStopped();
      }
    }
    return problems;
  }

  async #bringBack(workload: LookedAtWorkload): Promise<void> {
    const { input, container, hearsay, journal, move } = workload;
    // A container of the stack's own that is there goes on itself.
    const adoption = move.kind === "adopt" && journal?.move.kind === "adopt" ? journal.move : undefined;
    try {
      const progress = (line: string) => this.#say(`${input.name}: ${line}`);
      const context = { platform: this.#parts.platform, workload: input, progress };
      if (isToBeUndone(workload)) await undoMigration(await this.#parts.contextOf(input));
      await (adoption === undefined ? startOnState(context) : bringBackStranger(context, adoption.stranger));
    } catch (error) {
      throw new CommandFailure(
        `${input.name} could not be brought back: ${this.#parts.platform.describe(error)}`,
      );
    }
    const did =
      adoption === undefined
        ? `was ${container?.state ?? "stopped"}, brought back by fleet recover`
        : `its adoption is given up by fleet recover, ${adoption.stranger.name} serves as before`;
    const log = logOf(input);
    // Serving again is worth more than its record.
    await log.append({ kind: "serving", trigger: lastServing(hearsay), did }).catch((error: unknown) => {
      if (!(error instanceof EvidenceDamaged)) throw error;
      this.#say(`${input.name}: this is not on record: ${error.message}`);
    });
    await this.#journalOf(workload).clear();
    this.#say(`${input.name}: ${did}, healthy`);
  }

  async #open({ input }: LookedAtWorkload): Promise<void> {
    if (input.ingress === undefined) {
      return;
    }
    // It serves all workloads, so it was no one's to bring back before. What it can't do is said below.
    await this.#parts.platform.start(input.ingress.container, ingressWait).catch(() => {});
    const progress = (line: string) => this.#say(`${input.name}: ${line}`);
    const context = {
      workload: input,
      proxy: this.#parts.proxy,
      log: logOf(input),
      progress,
    };
    const { seconds } = await open(context, input.ingress);
    progress(`its requests come in${seconds === undefined ? "" : `, after ${seconds} s`}`);
  }

  /** After a failed `up`: it puts back what it stopped, unless it was killed or interrupted itself. */
  async #bringBackWhatStopped(): Promise<void> {
    const looked = await this.#parts.look();
    const { bringBack } = planRecovery({
      locks: [],
      pending: [],
      leftOvers: [],
      workloads: looked.workloads,
    });
    for (const workload of looked.workloads.filter(({ input }) => bringBack.includes(input.name))) {
      await this.#bringBack(workload).catch((error) => this.#say(messageOf(error)));
    }
  }

  #journalOf({ input }: LookedAtWorkload): Journal {
    return new Journal(logOf(input).folder);
  }

  #sayNothingToDo(looked: Look): void {
    this.#say("Nothing to recover; nothing was touched.", ...statusLines(stackStatus(looked)));
  }

  #outcome(looked: Look, problems: string[]): number {
    const down = looked.workloads
      .filter(({ container, move }) => !["first", "adopt"].includes(move.kind) && !isServing(container))
      .map(({ input }) => input.name);
    const failures = [
      ...problems,
      ...(down.length > 0 ? [`${down.join(", ")} ${down.length === 1 ? "does" : "do"} not serve.`] : []),
    ];
    if (failures.length > 0) {
      throw new CommandFailure(`${failures.join(" ")} What to do now: docs/recover.md.`);
    }
    return 0;
  }

  #say(...lines: string[]): void {
    this.#parts.out.write(lines.map((line) => `${line}\n`).join(""));
  }
}

function isServing(container: LookedAtWorkload["container"]): boolean {
  return container?.state === "running" && (container.health ?? "healthy") === "healthy";
}

/** What went wrong meanwhile, once more at the end: the engine's output above it is long. */
function newFailures(before: Look, after: Look): string[] {
  const known = new Map(before.workloads.map(({ input, records }) => [input.name, records.length]));
  const failures = after.workloads.flatMap(({ input, records }) =>
    records
      .slice(known.get(input.name) ?? 0)
      .flatMap((record) => (record.kind === "failure" ? [{ name: input.name, ...record }] : [])),
  );
  return failures.flatMap(({ name, step, message }) => [
    `What failed, at the step "${step}":`,
    ...message
      .split("\n")
      .map((line, index) => indented(index > 0 || line.startsWith(name) ? line : `${name}: ${line}`)),
  ]);
}

function operationText({ pid, purpose, workload, host }: Operation): string {
  return `process ${pid}${host === undefined ? "" : ` on ${host}`} (${purpose} of ${workload})`;
}

function indented(line: string): string {
  return `  ${line}`;
}
