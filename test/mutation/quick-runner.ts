import { once } from "node:events";
import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { BroadcastChannel } from "node:worker_threads";
import { strykerPlugins as vitestPlugins } from "@stryker-mutator/vitest-runner";
import { createVitest, type Vitest } from "vitest/node";
import { type Change, channelOfChanges, type Message, type Outcome } from "./changes-in-place.ts";

type VitestPlugin = (typeof vitestPlugins)[number];
type VitestRunner = Required<ReturnType<VitestPlugin["factory"]>>;
type Asked = Parameters<VitestRunner["mutantRun"]>[0];
type Result = Awaited<ReturnType<VitestRunner["mutantRun"]>>;

/** What Stryker calls the object by which changed code knows which change is on. */
const namespace = "__stryker__";

/** Policies that keep what they have read for the length of a run: the next change would meet what one before it has left. */
const keeping = [
  "evidence-folder.ts",
  "remembered.ts",
  "run-configuration.ts",
  "secret-marks.ts",
  "signed-records.ts",
];

/** One of vitest's own worker for each change where that is needed, and one worker for all others. */
class QuickRunner {
  readonly #vitest: VitestRunner;
  readonly #alone = withImports(keeping);
  #worker: Worker | undefined;

  constructor(vitest: VitestRunner) {
    this.#vitest = vitest;
  }

  capabilities(): ReturnType<VitestRunner["capabilities"]> {
    return this.#vitest.capabilities();
  }

  init(): Promise<void> {
    return this.#vitest.init();
  }

  dryRun(options: Parameters<VitestRunner["dryRun"]>[0]): ReturnType<VitestRunner["dryRun"]> {
    return this.#vitest.dryRun(options);
  }

  async mutantRun(asked: Asked): Promise<Result> {
    const { testFilter, mutantActivation, activeMutant, hitLimit } = asked;
    if (mutantActivation === "static" || testFilter === undefined) return this.#vitest.mutantRun(asked);
    if (this.#alone.has(basename(activeMutant.fileName))) return this.#vitest.mutantRun(asked);
    this.#worker ??= await Worker.started();
    const { fit } = this.#worker;
    const tests = testFilter.filter((test) => fit.has(test));
    const outcome = await this.#worker.outcomeOf({ id: activeMutant.id, namespace, hitLimit, tests });
    if (outcome.kind === "survived") for (const test of outcome.unsure) fit.delete(test);
    const rest = testFilter.filter((test) => !fit.has(test));
    return outcome.kind === "survived" && rest.length > 0
      ? this.#vitest.mutantRun({ ...asked, testFilter: rest })
      : resultOf(outcome);
  }

  async dispose(): Promise<void> {
    await this.#worker?.end();
    await this.#vitest.dispose();
  }
}

function resultOf(outcome: Outcome): Result {
  const { kind: status } = outcome;
  const result =
    outcome.kind === "killed"
      ? { status, killedBy: [outcome.failed], failureMessage: outcome.message, nrOfTests: outcome.tests }
      : { status, ...(outcome.kind === "survived" && { nrOfTests: outcome.tests }) };
  return result as Result;
}

/** Rules remember nothing there: what a change has made of a text would be taken for what the next one makes of it. */
const withoutMemory = {
  name: "without-memory",
  enforce: "pre" as const,
  resolveId: (source: string, importer = "") =>
    source === "./remembered.ts" && importer.includes("/policies/")
      ? resolve("test/mutation/nothing-remembered.ts")
      : undefined,
};

/** A worker of vitest's that has loaded all tests. */
class Worker {
  /** Tests that pass there without a change, each time. */
  readonly fit: Set<string>;
  readonly #vitest: Vitest;
  readonly #channel: BroadcastChannel;
  readonly #run: Promise<unknown>;

  private constructor(vitest: Vitest, channel: BroadcastChannel, run: Promise<unknown>, fit: Set<string>) {
    this.#vitest = vitest;
    this.#channel = channel;
    this.#run = run;
    this.fit = fit;
  }

  static async started(): Promise<Worker> {
    const channel = channelOfChanges();
    const options = {
      config: "test/mutation/vitest.config.ts",
      runner: "./test/mutation/changes-in-place.ts",
      ...{ watch: false, maxWorkers: 1, reporters: [], onConsoleLog: () => false as const },
    };
    const vitest = await createVitest("test", options, { plugins: [withoutMemory] });
    const run = vitest.start();
    const ended = run.then(() => {
      throw new Error("The worker has ended before it was asked anything.");
    });
    const message = await Promise.race([answer(channel), ended]);
    if (!("ready" in message)) throw new Error("The worker does not say that it is ready.");
    return new Worker(vitest, channel, run, new Set(message.ready));
  }

  async outcomeOf(change: Change): Promise<Outcome> {
    this.#channel.postMessage({ change } satisfies Message);
    const message = await answer(this.#channel);
    if (!("outcome" in message)) throw new Error("The worker says nothing of the change.");
    return message.outcome;
  }

  async end(): Promise<void> {
    this.#channel.postMessage({ end: true } satisfies Message);
    await this.#run;
    this.#channel.close();
    await this.#vitest.close();
  }
}

async function answer(channel: BroadcastChannel): Promise<Message> {
  const [event] = (await once(channel, "message")) as [{ data: Message }];
  return event.data;
}

/** Files of the policies with all that they import, by their names. */
function withImports(files: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    const text = readFileSync(`policies/${file}`, "utf8");
    for (const [, imported = ""] of text.matchAll(/ from "\.\/([\w-]+\.ts)"/g)) add(imported);
  };
  files.forEach(add);
  return found;
}

function quickPlugin(plugin: VitestPlugin): object {
  const factory = (injector: { injectFunction(factory: unknown): unknown }) =>
    new QuickRunner(injector.injectFunction(plugin.factory) as VitestRunner);
  return { ...plugin, name: "quick", factory: Object.assign(factory, { inject: ["$injector"] }) };
}

export const strykerPlugins = vitestPlugins.map(quickPlugin);
