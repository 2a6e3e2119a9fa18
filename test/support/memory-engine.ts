import { CommandFailure } from "../../fleet/command.ts";
import type { PendingOperation } from "../../fleet/recovery-plan.ts";
import type { StateLock } from "../../fleet/state-lock.ts";
import { cutOver } from "../../lifecycle/update/cut-over.ts";
import { gate } from "../../lifecycle/update/gate.ts";
import { restoreBeforeCreate } from "../../lifecycle/update/restore.ts";
import { serve } from "../../lifecycle/update/serve.ts";
import { lastServing } from "../../lifecycle/update/serving-trigger.ts";
import { situationsOf } from "../../lifecycle/update/situations.ts";
import type { MemoryWorld } from "./memory-world.ts";

/** The engine as far as one workload sees it: its container replaced with hooks around, then `serve` and the gate. */
export class MemoryEngine {
  /** "unlock", "refresh", "up" */
  readonly did: string[] = [];
  /** Undefined: the backend does not show them. */
  stateLocks: StateLock[] | undefined = [];
  operations: PendingOperation[] = [];
  /** The next call fails with it. */
  failure: Error | undefined;
  readonly #world: MemoryWorld;
  /** Id of the container that its state knows. */
  #known: string | undefined;

  constructor(world: MemoryWorld, known: string | undefined) {
    this.#world = world;
    this.#known = known;
  }

  async locks(): Promise<StateLock[] | undefined> {
    return this.stateLocks;
  }

  async pending(): Promise<PendingOperation[]> {
    return this.operations;
  }

  async refuseLocked(): Promise<void> {
    this.#do("ask for the lock");
  }

  async unlock(): Promise<void> {
    this.#do("unlock");
    this.stateLocks = [];
  }

  async refresh(): Promise<void> {
    this.#do("refresh");
    this.operations = [];
    if (this.#world.platform.units.get(this.#world.name)?.id !== this.#known) this.#known = undefined;
  }

  async up(): Promise<void> {
    this.#do("up");
    try {
      await this.#update();
    } catch (error) {
      throw new CommandFailure("pulumi up failed.", { cause: error });
    }
  }

  async #update(): Promise<void> {
    const { config, context, platform, name } = this.#world;
    const [situation] = await situationsOf(config, "test", platform);
    if (situation === undefined) throw new Error("the configuration has no workload");
    const { input: workload, move } = situation;
    if (situation.refused?.untouched) return;
    const own = { ...context, workload };
    const task = { workload, move };
    if (this.#known !== undefined && situation.observed === undefined) {
      throw new Error("the state names a container that is not there");
    }
    if (this.#known !== undefined && situation.observed?.image !== workload.image) {
      await cutOver(own, task);
      await platform.remove(name);
      this.#known = undefined;
    }
    if (this.#known === undefined) {
      await restoreBeforeCreate(own, task);
      this.#known = platform.run(name, workload.image).id;
    } else if (situation.servingTrigger === lastServing(situation.records)) {
      return;
    }
    const bringBack = { ...task, serving: situation.servingTrigger };
    await serve(own, bringBack);
    await gate(own);
  }

  #do(what: string): void {
    this.did.push(what);
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }
}
