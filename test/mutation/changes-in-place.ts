import { globSync } from "node:fs";
import { relative } from "node:path";
import { BroadcastChannel } from "node:worker_threads";
import { type RunnerTask, type RunnerTestCase, type RunnerTestFile, TestRunner } from "vitest";
import { testFiles } from "./test-files.ts";

/** A change to try: what Stryker asks of a test runner, as far as it is needed here. */
export interface Change {
  id: string;
  /** Where the changed code looks for the change that is switched on. */
  namespace: string;
  /** How often it may be reached before it counts as one that never ends; undefined: nobody knows. */
  hitLimit: number | undefined;
  /** Tests that reach it, by Stryker's name for each. */
  tests: readonly string[];
}

/** What has become of it. `failed` is the test that has noticed it, `unsure` are those that fail now and then. */
export type Outcome =
  | { kind: "survived"; tests: number; unsure: string[] }
  | { kind: "killed"; tests: number; failed: string; message: string }
  | { kind: "timeout" };

export type Message = { ready: string[] } | { change: Change } | { outcome: Outcome } | { end: true };

/** Between the runner of Stryker and the worker that tries the changes: two threads of one process. */
export function channelOfChanges(): BroadcastChannel {
  return new BroadcastChannel(`changes of ${process.pid}`);
}

interface Switch {
  activeMutant: string | undefined;
  hitCount: number | undefined;
  hitLimit: number | undefined;
}

/**
 * Loads all test files and runs none of them: it waits for changes, and runs the tests of each without loading anything
 * again. Starting a worker for each took 200 to 400 ms, its tests take 10.
 */
// biome-ignore lint/style/noDefaultExport: the form that vitest reads.
export default class ChangesInPlace extends TestRunner {
  readonly #tests = new Map<string, RunnerTestCase[]>();
  /** How many changes a test has noticed: the next one stands beside the last one. */
  readonly #noticed = new Map<string, number>();
  readonly #took = new Map<string, number>();
  #files = globSync(testFiles).length;

  async onBeforeRunFiles(files: RunnerTestFile[]): Promise<void> {
    for (const test of files.flatMap(testsIn)) {
      const id = idOf(test);
      this.#tests.set(id, [...(this.#tests.get(id) ?? []), test]);
    }
    files.forEach(leaveOut);
    this.#files -= files.length;
    if (this.#files === 0) await this.#serve();
  }

  async #serve(): Promise<void> {
    const fit: string[] = [];
    for (const id of this.#tests.keys()) if ((await this.#failureOf(id)) === undefined) fit.push(id);
    const channel = channelOfChanges();
    await new Promise<void>((end) => {
      channel.onmessage = async (event) => {
        const message = (event as { data: Message }).data;
        if ("end" in message) end();
        if ("change" in message)
          channel.postMessage({ outcome: await this.#tried(message.change) } satisfies Message);
      };
      channel.postMessage({ ready: fit } satisfies Message);
    });
    channel.close();
  }

  async #tried({ id, namespace, hitLimit, tests }: Change): Promise<Outcome> {
    const known = Reflect.get(globalThis, namespace) as Switch | undefined;
    // Code of which nothing was reached has made no switch.
    const active: Switch = known ?? { activeMutant: undefined, hitCount: 0, hitLimit };
    Reflect.set(globalThis, namespace, Object.assign(active, { activeMutant: id, hitCount: 0, hitLimit }));
    const turn = (on: boolean) => Object.assign(active, { activeMutant: on ? id : undefined, hitCount: 0 });
    const unsure: string[] = [];
    try {
      for (const [index, test] of this.#likelyFirst(tests).entries()) {
        const message = await this.#failureOf(test);
        if ((active.hitCount ?? 0) > (hitLimit ?? Number.POSITIVE_INFINITY)) return { kind: "timeout" };
        if (message === undefined) continue;
        // A test that fails without the change too has noticed something else: a stack that is used up earlier, say.
        turn(false);
        const without = await this.#failureOf(test);
        turn(true);
        if (without !== undefined || (await this.#failureOf(test)) === undefined) {
          unsure.push(test);
          continue;
        }
        this.#noticed.set(test, (this.#noticed.get(test) ?? 0) + 1);
        return { kind: "killed", tests: index + 1, failed: test, message };
      }
      return { kind: "survived", tests: tests.length, unsure };
    } finally {
      turn(false);
    }
  }

  #likelyFirst(tests: readonly string[]): string[] {
    const [noticed, took] = [this.#noticed, this.#took];
    return tests.toSorted(
      (one, other) =>
        (noticed.get(other) ?? 0) - (noticed.get(one) ?? 0) || (took.get(one) ?? 0) - (took.get(other) ?? 0),
    );
  }

  /** What a test says when it fails; undefined: it passes. */
  async #failureOf(id: string): Promise<string | undefined> {
    const start = performance.now();
    try {
      for (const test of this.#tests.get(id) ?? []) await passes(test);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : "It has failed.";
    } finally {
      this.#took.set(id, performance.now() - start);
    }
  }
}

/** Runs a test between the hooks around it. */
async function passes(test: RunnerTestCase): Promise<void> {
  const suites = suitesOf(test);
  const after: (() => unknown)[] = [];
  try {
    for (const suite of suites) {
      for (const hook of TestRunner.getSuiteHooks(suite).beforeEach) {
        const undo = await hook(test.context, suite);
        if (typeof undo === "function") after.push(undo as () => unknown);
      }
    }
    await TestRunner.getTestFn(test)();
  } finally {
    for (const suite of suites.toReversed())
      for (const hook of TestRunner.getSuiteHooks(suite).afterEach) await hook(test.context, suite);
    for (const undo of after) await undo();
  }
}

type Suite = Parameters<typeof TestRunner.getSuiteHooks>[0];

/** Those that a test stands in, the outermost first; its file is one. */
function suitesOf({ file, suite }: RunnerTestCase): Suite[] {
  const suites: Suite[] = [];
  for (let each = suite; each !== undefined; each = each.suite) suites.unshift(each);
  return suites[0] === file ? suites : [file, ...suites];
}

function testsIn(task: RunnerTask): RunnerTestCase[] {
  if (task.type === "test") return [task];
  return task.mode === "skip" || task.mode === "todo" ? [] : task.tasks.flatMap(testsIn);
}

/** As Stryker's own runner names it. */
function idOf(test: RunnerTestCase): string {
  const names = [test.name];
  for (let { suite } = test; suite !== undefined; suite = suite.suite) names.unshift(suite.name);
  return `${relative(process.cwd(), test.file.filepath)}#${names.join(" > ").trim()}`;
}

function leaveOut(task: RunnerTask): void {
  task.mode = "skip";
  if (task.type === "suite") task.tasks.forEach(leaveOut);
}
