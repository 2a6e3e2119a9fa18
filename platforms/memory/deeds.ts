/**
 * What was done in a world in memory, in its order: "stop bot-a", "hold bot-a". Each deed can be made to fail, or to be the
 * last thing that the run which does it ever does.
 */
export class Deeds {
  readonly list: string[] = [];
  readonly #failures = new Map<string, Error[]>();
  readonly #ends = new Map<string, () => void>();

  /** The next time that this is done it fails. */
  fail(what: string, error: Error): void {
    this.#failures.set(what, [...(this.#failures.get(what) ?? []), error]);
  }

  /** Whoever does this next is dead from then on: it is not done, and the call never returns. Resolves then. */
  killAt(what: string): Promise<void> {
    return new Promise((resolve) => this.#ends.set(what, resolve));
  }

  async tell(what: string): Promise<void> {
    const killed = this.#ends.get(what);
    if (killed !== undefined) {
      this.#ends.delete(what);
      killed();
      await new Promise(() => {});
    }
    this.list.push(what);
    const [error, ...others] = this.#failures.get(what) ?? [];
    if (error === undefined) return;
    this.#failures.set(what, others);
    throw error;
  }
}
