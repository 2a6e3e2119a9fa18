import { shortReference } from "../config/image-reference.ts";
import { formatDuration } from "../config/units.ts";
import { fleet } from "../fleet/command-line.ts";
import type { Terminal } from "../fleet/live.ts";

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

  protected get named(): { stack: string; configFile: string } {
    const { stack, configFile } = this.#parts;
    return { stack, configFile };
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
