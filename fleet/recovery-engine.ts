import { homedir } from "node:os";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { CommandFailure, type Output } from "./command.ts";
import { isLocked, openEngine, quietOptions, reasonOf } from "./engine-access.ts";
import { projectFolder } from "./project.ts";
import type { PendingOperation } from "./recovery-plan.ts";
import type { NamedStack } from "./stack.ts";
import { backendFolder, readStateLocks, type StateLock } from "./state-lock.ts";

/** What `recover` asks of Pulumi's engine, through the Automation API. */
export class RecoveryEngine {
  readonly #engine: Stack;
  readonly #named: NamedStack;
  readonly #out: Output;
  /** Asked for once: each call of the engine takes half a second. */
  #backend: Promise<{ folder: string | undefined; project: string }> | undefined;

  private constructor(engine: Stack, named: NamedStack, out: Output) {
    this.#engine = engine;
    this.#named = named;
    this.#out = out;
  }

  static async open(named: NamedStack, out: Output): Promise<RecoveryEngine> {
    return new RecoveryEngine(await openEngine(named), named, out);
  }

  /** The locks of this stack; undefined on a backend that keeps them where only Pulumi sees them. */
  async locks(): Promise<StateLock[] | undefined> {
    this.#backend ??= this.#findBackend();
    const { folder, project } = await this.#backend;
    return folder === undefined ? undefined : readStateLocks(folder, project, this.#engine.name);
  }

  async #findBackend(): Promise<{ folder: string | undefined; project: string }> {
    const { workspace } = this.#engine;
    const [{ url = "" }, { name }] = await Promise.all([workspace.whoAmI(), workspace.projectSettings()]);
    return { folder: backendFolder(url, homedir(), projectFolder), project: name };
  }

  async pending(): Promise<PendingOperation[]> {
    const { deployment } = await this.#engine.exportStack();
    const { pending_operations = [] } = deployment as {
      pending_operations?: { type: string; resource: { urn: string } }[];
    };
    return pending_operations.map(({ type, resource: { urn } }) => ({
      type,
      name: urn.split("::").at(-1) ?? urn,
    }));
  }

  /**
   * Refuses when the backend says that the stack is locked. A refresh of nothing but the stack itself takes the lock
   * and changes nothing: no other call asks for it.
   */
  async refuseLocked(): Promise<void> {
    const { name, workspace } = this.#engine;
    const { name: project } = await workspace.projectSettings();
    const target = [`urn:pulumi:${name}::${project}::pulumi:pulumi:Stack::${project}-${name}`];
    try {
      await this.#engine.refresh({ target, ...quietOptions(this.#named) });
    } catch (error) {
      throw new CommandFailure(
        isLocked(error)
          ? "Pulumi's state is locked, and this backend does not show by whom. Nothing was touched. Make sure that no " +
              `update of ${name} runs anywhere. Then remove the lock with \`pulumi cancel --stack ${name}\`, and run \`fleet recover --stack ${name}\` again.`
          : `Pulumi's state can't be used; nothing was touched: ${reasonOf(error)}`,
      );
    }
  }

  async unlock(): Promise<void> {
    await this.#engine.cancel();
  }

  async refresh(): Promise<void> {
    await this.#shown("pulumi refresh", (live) =>
      this.#engine.refresh({ ...live, clearPendingCreates: true }),
    );
  }

  async up(): Promise<void> {
    await this.#shown("pulumi up", (live) => this.#engine.up({ ...live }));
  }

  async #shown(what: string, run: (live: object) => Promise<unknown>): Promise<void> {
    // Ctrl-C reaches the engine as well: it cleans up and ends, and this process has to be there to say what is left.
    const stay = () => this.#out.write(`interrupted: ${what} ends as soon as it can\n`);
    process.on("SIGINT", stay);
    const show = (text: string) => this.#out.write(text);
    try {
      await run({
        ...quietOptions(this.#named),
        onOutput: show,
        onError: show,
        color: "never",
        suppressOutputs: true,
      });
    } catch (error) {
      throw new CommandFailure(
        isLocked(error)
          ? `${what} found the state locked again: another update has begun. Wait for it to end, then run \`fleet recover\` again.`
          : `${what} failed.`,
      );
    } finally {
      process.off("SIGINT", stay);
    }
  }
}
