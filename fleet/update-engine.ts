import { resolve } from "node:path";
import type { EngineEvent, Stack } from "@pulumi/pulumi/automation/index.js";
import { eventsVariable } from "../config/contract.ts";
import type { ProgramEvent } from "../lifecycle/events.ts";
import { CommandFailure, type Output } from "./command.ts";
import { isLocked, openEngine, quietOptions, reasonOf } from "./engine-access.ts";
import { EventFile } from "./event-file.ts";
import { LiveSteps } from "./live.ts";
import { type PolicyPack, policyLines, policyOptions, refusalLines } from "./policy-pack.ts";
import { runPulumi } from "./pulumi-command.ts";
import type { NamedStack } from "./stack.ts";

/** What the engine did, or would do, to one resource; those that stay as they are are not among them. */
export interface EngineOperation {
  /** "create", "update", "delete", "replace" and its parts. */
  op: string;
  type: string;
  name: string;
  /** False for a component: it has no provider, so nothing is done outside of the state. */
  custom: boolean;
}

export interface Ran {
  passed: boolean;
  output: string;
  operations: EngineOperation[];
  /** What the programs said of it; none where no steps were shown. */
  events: ProgramEvent[];
  /** ISO 8601. */
  began: string;
}

/** Nothing was done, because somebody else's update holds the state. */
export class StackLocked extends CommandFailure {}

/** Seconds that reading a secret may take, with a backend that is far. */
const readDeadline = 120;

const unchanging: readonly string[] = ["same", "read", "refresh", "read-replacement", "read-discard"];

/** What the operator's sequences ask of Pulumi's engine, through the Automation API. */
export class UpdateEngine {
  readonly #engine: Stack;
  readonly #named: NamedStack;
  readonly #out: Output;
  readonly #pack: PolicyPack | undefined;

  private constructor(engine: Stack, named: NamedStack, out: Output, pack: PolicyPack | undefined) {
    this.#engine = engine;
    this.#named = named;
    this.#out = out;
    this.#pack = pack;
  }

  static async open(named: NamedStack, out: Output, pack?: PolicyPack): Promise<UpdateEngine> {
    return new UpdateEngine(await openEngine(named), named, out, pack);
  }

  /** The same without its pack: for the way out of a failure, which no rule may close. */
  unjudged(): UpdateEngine {
    return new UpdateEngine(this.#engine, this.#named, this.#out, undefined);
  }

  /**
   * Lets the pack judge what an update would do and shows what it says. The Automation API's `up` has no preview, and
   * without one the rules about a whole stack speak only when all is done.
   * @returns what stops the update; undefined: nothing does, or there is no pack.
   */
  async refusal(): Promise<string[] | undefined> {
    if (this.#pack === undefined) return undefined;
    const { passed, output } = await this.preview();
    if (!passed) return refusalLines(output);
    this.#out.write(`${policyLines(output).join("\n")}\n`);
    return undefined;
  }

  preview(): Promise<Ran> {
    return this.#run("pulumi preview", [], (options) => this.#engine.preview(options));
  }

  /** @param workloads whose steps are shown while they happen; none: only what the engine itself does. */
  up(workloads: readonly string[]): Promise<Ran> {
    return this.#run("pulumi up", workloads, (options) => this.#engine.up(options));
  }

  async #run(
    what: string,
    workloads: readonly string[],
    call: (options: object) => Promise<unknown>,
  ): Promise<Ran> {
    const began = new Date().toISOString();
    const operations = new Map<string, EngineOperation>();
    let output = "";
    const onOutput = (text: string) => {
      output += text;
    };
    const live = new LiveSteps(what, workloads, this.#out);
    const events: ProgramEvent[] = [];
    // A preview runs no program, and where no step is shown nobody reads what they say.
    const file =
      workloads.length > 0
        ? await EventFile.open((event) => {
            events.push(event);
            live.onTold(event);
          })
        : undefined;
    if (file !== undefined) this.#engine.workspace.envVars[eventsVariable] = file.path;
    const onEvent = (event: EngineEvent) => {
      live.onEvent(event);
      const operation = operationOf(event);
      if (operation !== undefined) operations.set(`${operation.op} ${operation.urn}`, operation.did);
    };
    // Ctrl-C reaches the engine as well: it cleans up and ends, and this process has to be there to say what is left.
    const stay = () => this.#out.write(`interrupted: ${what} ends as soon as it can\n`);
    process.on("SIGINT", stay);
    live.begin();
    let passed = true;
    try {
      await call({
        ...quietOptions(this.#named),
        ...policyOptions(this.#pack),
        color: "never",
        suppressOutputs: true,
        onOutput,
        onError: onOutput,
        onEvent,
      });
    } catch (error) {
      if (isLocked(error)) {
        throw new StackLocked(
          `${what} found the state locked: another update of ${this.#named.stack} is under way, or its deployer died. \`fleet status --stack ${this.#named.stack}\` tells which. \`fleet recover --stack ${this.#named.stack}\` cleans up after a dead one.`,
        );
      }
      passed = false;
      if (!output.includes("Diagnostics:")) output += `\n${reasonOf(error)}`;
    } finally {
      await file?.close();
      live.end();
      process.off("SIGINT", stay);
    }
    return { passed, output, operations: [...operations.values()], events, began };
  }
}

function operationOf(event: EngineEvent): { op: string; urn: string; did: EngineOperation } | undefined {
  const { resourcePreEvent } = event;
  if (resourcePreEvent === undefined) return undefined;
  const { op, urn, type, new: after, old: before } = resourcePreEvent.metadata;
  if (unchanging.includes(op)) return undefined;
  const state = after ?? before;
  // The engine leaves out what is false; a step that shows no state at all is taken for one that does something.
  const custom = state === undefined || state.custom === true;
  return { op, urn, did: { op, type, name: urn.slice(urn.lastIndexOf("::") + 2), custom } };
}

/**
 * The plain value of one of the stack's secrets, as `pulumi config get` prints it; the engine's SDK reads only stack files
 * in the project's folder. For the programs in operations/, never for a message.
 */
export async function secretOf(
  { stack, configFile }: NamedStack,
  key: string,
  path = false,
): Promise<string> {
  const argv = ["config", "get", `clawforce:${key}`, "--json", "--non-interactive", "--stack", stack];
  if (path) argv.push("--path");
  if (configFile !== undefined) argv.push("--config-file", resolve(configFile));
  const { stdout, stderr } = await runPulumi(argv, readDeadline);
  try {
    const { value } = JSON.parse(stdout) as { value?: unknown };
    if (typeof value === "string") return value;
  } catch {
    // Said below: what stands in `stdout` may be the secret itself.
  }
  throw new CommandFailure(`The secret clawforce:${key} can't be read: ${reasonOf(new Error(stderr))}`);
}
