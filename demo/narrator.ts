import { shortReference, tagOf } from "../config/image-reference.ts";
import { formatDuration } from "../config/units.ts";
import { fleet } from "../fleet/command-line.ts";
import type { Terminal } from "../fleet/live.ts";
import { UpdateEngine } from "../fleet/update-engine.ts";
import { type Gateways, hasWhatItHad } from "./gateway.ts";
import { failedOf, Stream, type StreamOptions, streamLines } from "./stream.ts";

export interface NarratorParts {
  terminal: Terminal;
  /** The image that a workload runs, by another look than that of `fleet`; undefined: it does not serve. */
  served: (name: string) => Promise<string | undefined>;
  stack: string;
  configFile: string;
}

/** Tells a demo part by part. Every promise is looked up where the workloads run. */
export class Narrator {
  readonly #parts: NarratorParts;
  readonly #began = Date.now();
  #part = 0;
  /** Promises of the demo that did not hold. */
  readonly broken: string[] = [];

  constructor(parts: NarratorParts) {
    this.#parts = parts;
  }

  title(text: string): void {
    this.#part += 1;
    const elapsed = formatDuration(Math.max(1, Math.round((Date.now() - this.#began) / 1000)));
    this.write(`\n${this.#part}. ${text}  [${elapsed}]\n`);
  }

  /** `pulumi up`, with the end of what it says where it fails. */
  protected async up(workloads: readonly string[]): Promise<void> {
    const { terminal, stack, configFile } = this.#parts;
    const engine = await UpdateEngine.open({ stack, configFile }, terminal);
    const { passed, output } = await engine.up(workloads);
    if (!passed) this.write(`${output.split("\n").slice(-60).join("\n")}\n`);
    this.require(passed, "`pulumi up` ends without an error");
  }

  /** Runs `work` under a steady stream of requests, of which none may fail. */
  protected async underStream(
    options: StreamOptions,
    through: string,
    work: () => Promise<void>,
  ): Promise<void> {
    const stream = new Stream(options);
    stream.start();
    try {
      await work();
    } finally {
      const counts = await stream.stop();
      this.title(
        `the stream: ${options.rate} requests a second through ${through}, from the first update to the last`,
      );
      for (const line of streamLines(counts)) this.say(line);
      const failed = failedOf(counts);
      this.promise(failed === 0, `${failed} requests failed`);
    }
  }

  /** A command as an operator types it, with the exit code that it must have. */
  protected async fleet(wanted: number, command: string, ...rest: string[]): Promise<void> {
    const { stack, configFile, terminal } = this.#parts;
    this.say(`$ fleet ${[command, ...rest].join(" ")}`);
    const code = await fleet(
      [command, ...rest, "--stack", stack, "--config-file", configFile],
      terminal,
      terminal,
    );
    this.require(code === wanted, `fleet ${command} ends with exit code ${wanted}`);
  }

  protected async promiseImage(name: string, image: string): Promise<void> {
    this.promise((await this.#parts.served(name)) === image, `${name} serves ${shortReference(image)}`);
  }

  /** Pins an image's release by its tag, as an operator does. */
  protected async pin(image: string, reference: string): Promise<void> {
    const tag = tagOf(reference);
    if (tag === undefined) throw new Error(`${reference} has no tag to pin.`);
    await this.fleet(0, "pin", "--image", image, tag);
  }

  /** That each of them still has what `liveIn` has given it. */
  protected async promiseKept(gateways: Gateways, names: readonly string[]): Promise<void> {
    for (const name of names) {
      const has = await hasWhatItHad(gateways, name, (line) => this.say(line));
      this.promise(has, `${name} has its job, and answers in its session`);
    }
  }

  /** Of workloads, each with its identity as a text, as it was and as it is. `by`: what makes it up. */
  protected promiseUntouched(
    before: ReadonlyMap<string, string>,
    now: ReadonlyMap<string, string>,
    by: string,
  ): void {
    const changed = [...before].filter(([name, was]) => now.get(name) !== was).map(([name]) => name);
    this.promise(
      changed.length === 0,
      changed.length === 0
        ? `${[...before.keys()].join(", ")}: untouched, by ${by}`
        : `${changed.join(", ")} should have stayed untouched`,
    );
  }

  protected promise(holds: boolean, sentence: string): void {
    this.say(`${holds ? "✓" : "✗"} ${sentence}`);
    if (!holds) {
      this.broken.push(sentence);
    }
  }

  /** What the rest of the story stands on. */
  protected require(holds: boolean, sentence: string): void {
    this.promise(holds, sentence);
    if (!holds) {
      throw new StoryBroken(sentence);
    }
  }

  protected say(text: string): void {
    this.write(`   ${text}\n`);
  }

  protected write(text: string): void {
    this.#parts.terminal.write(text);
  }
}

/** The story can't go on; what broke is on its list already. */
export class StoryBroken extends Error {
  override name = "StoryBroken";
}
