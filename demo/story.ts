import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { shortReference } from "../config/image-reference.ts";
import { formatDuration } from "../config/units.ts";
import { LiveSteps, type Terminal } from "../fleet/live.ts";
import { updateReport } from "../fleet/report.ts";
import { inspectContainer } from "../operations/docker/client.ts";
import { faultSwitchCheck, switchFaultOff, switchFaultOn } from "./fault-switch.ts";
import { groupName, instances, stackName } from "./settings.ts";
import type { DemoStack } from "./stack.ts";

export interface StoryParts {
  demo: DemoStack;
  docker: Docker;
  stable: string;
  candidate: string;
  /** The candidate's version, as the gateway itself says it. */
  candidateVersion: string;
  terminal: Terminal;
}

/** What must stay as it is in a workload that is not touched. */
interface Identity {
  container: string;
  startedAt: string;
  restarts: number;
}

const [first, second, third] = instances;
const wave = `clawforce:instanceGroups.${groupName}.wave`;
const candidateSetting = "clawforce:agentImages.openclaw.candidate";

/** The demo from the first start of three gateways to the report; every promise is looked up at the Docker host. */
export class Story {
  readonly #parts: StoryParts;
  readonly #began = Date.now();
  #part = 0;
  /** Promises of the demo that did not hold. */
  readonly broken: string[] = [];

  constructor(parts: StoryParts) {
    this.#parts = parts;
  }

  /** @returns whether everything went as the demo promises. */
  async tell(): Promise<boolean> {
    const { stable, candidate, candidateVersion, docker } = this.#parts;
    const [from, to] = [shortReference(stable), shortReference(candidate)];

    this.#title(`three gateways start on ${from}`);
    if (!(await this.#up())) return false;
    for (const name of instances) await this.#promiseImage(name, stable);

    this.#title(`${first} is updated to ${to}`);
    await this.#set(candidateSetting, candidate);
    if (!(await this.#up())) return false;
    await this.#promiseImage(first, candidate);
    await this.#promiseImage(second, stable);

    this.#title(`the update of ${second} fails: the demo switches a fault on`);
    await switchFaultOn(docker, second, candidateVersion);
    this.#say(
      `the check "${faultSwitchCheck}" of ${second} will fail on ${candidateVersion}: that is the demo, not OpenClaw`,
    );
    const untouched = await this.#identity(third);
    await this.#set(wave, 1);
    const failed = await this.#run();
    this.#promise(!failed.passed, "the update ends with an error");
    for (const line of failureLines(failed.output)) this.#say(`  ${line}`);
    this.#promise(failed.output.includes("The way back: "), "the error names the way back");
    await this.#promiseUntouched(untouched);

    this.#title(`back: ${second} returns to ${from} by one change`);
    await this.#set(wave, 0);
    if (!(await this.#up())) return false;
    await this.#promiseImage(second, stable);
    await this.#promiseImage(first, candidate);
    await this.#promiseUntouched(untouched);

    this.#title("the fault is switched off, the rollout goes on");
    await switchFaultOff(docker, second);
    for (const [number, name] of [
      [1, second],
      [2, third],
    ] as const) {
      await this.#set(wave, number);
      if (!(await this.#up())) return false;
      await this.#promiseImage(name, candidate);
    }
    return true;
  }

  /** Prints the report and keeps it as a file. */
  async report(): Promise<string> {
    const { demo } = this.#parts;
    const workloads = await Promise.all(
      instances.map(async (name) => ({ name, records: await demo.records(name) })),
    );
    const file = join(demo.folder, "report.md");
    const text = updateReport(stackName, workloads);
    await writeFile(file, text, { mode: 0o600 });
    this.#title(`the report, also in ${file}`);
    this.#write(text);
    return file;
  }

  title(text: string): void {
    this.#title(text);
  }

  async #up(): Promise<boolean> {
    const { passed, output } = await this.#run();
    this.#promise(passed, "`pulumi up` ends without an error");
    if (!passed) {
      this.#write(`${output.split("\n").slice(-60).join("\n")}\n`);
    }
    return passed;
  }

  /** Shows the steps while they happen, and what the plan had said before the first of them. */
  async #run(): Promise<{ passed: boolean; output: string }> {
    const live = new LiveSteps(instances, this.#parts.terminal);
    live.begin();
    try {
      const done = await this.#parts.demo.up(live.onEvent);
      live.end();
      for (const line of planLines(done.output)) this.#say(`planned: ${line}`);
      return done;
    } finally {
      live.end();
    }
  }

  async #set(path: string, value: string | number): Promise<void> {
    await this.#parts.demo.set(path, value);
    this.#say(`change: ${path}: ${typeof value === "string" ? shortReference(value) : value}`);
  }

  async #promiseImage(name: string, image: string): Promise<void> {
    const found = await inspectContainer(this.#parts.docker, name);
    const serves = found?.State.Running === true && found.State.Health?.Status === "healthy";
    this.#promise(serves && found?.Config.Image === image, `${name} serves ${shortReference(image)}`);
  }

  async #promiseUntouched(before: Identity): Promise<void> {
    const now = await this.#identity(third);
    const same = JSON.stringify(now) === JSON.stringify(before);
    this.#promise(
      same,
      `${third} is untouched: container ${now.container.slice(0, 12)}, started ${now.startedAt.slice(0, 19)}Z, ${now.restarts} restarts`,
    );
  }

  async #identity(name: string): Promise<Identity> {
    const found = await inspectContainer(this.#parts.docker, name);
    return {
      container: found?.Id ?? "none",
      startedAt: found?.State.StartedAt ?? "never",
      restarts: found?.RestartCount ?? 0,
    };
  }

  #promise(holds: boolean, sentence: string): void {
    this.#say(`${holds ? "✓" : "✗"} ${sentence}`);
    if (!holds) {
      this.broken.push(sentence);
    }
  }

  #title(text: string): void {
    this.#part += 1;
    const elapsed = formatDuration((Date.now() - this.#began) / 1000);
    this.#write(`\n${this.#part}. ${text}  [${elapsed}]\n`);
  }

  #say(text: string): void {
    this.#write(`   ${text}\n`);
  }

  #write(text: string): void {
    this.#parts.terminal.write(text);
  }
}

/** What the program announced before it changed anything, out of the engine's closing diagnostics. */
export function planLines(output: string): string[] {
  const announcement = new RegExp(`^(${instances.join("|")}): (first start|update|back|its state) `);
  return diagnosticLines(output).filter((line) => announcement.test(line));
}

/** What the failed program said, out of the engine's closing diagnostics: from its verdict to the way back. */
export function failureLines(output: string): string[] {
  const lines = diagnosticLines(output);
  const wayBack = lines.findIndex((line) => line.includes("The way back: "));
  const verdict = lines
    .slice(0, wayBack + 1)
    .findLastIndex((line) => /^[^ ]+: (gate|verification) \w+ on /.test(line));
  return wayBack === -1 ? lines.slice(-10) : lines.slice(verdict === -1 ? wayBack : verdict, wayBack + 1);
}

function diagnosticLines(output: string): string[] {
  return output
    .slice(output.lastIndexOf("Diagnostics:"))
    .split("\n")
    .map((line) => line.trim());
}
