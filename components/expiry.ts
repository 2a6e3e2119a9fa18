/** Seconds between SIGTERM and SIGKILL. */
const killGrace = 10;

/** Ends a process group at its deadline (seconds). */
export class Expiry {
  reached = false;
  readonly #timers: NodeJS.Timeout[];

  constructor(group: number | undefined, deadline: number, grace = killGrace) {
    const end = (signal: NodeJS.Signals) => () => {
      this.reached = true;
      try {
        if (group !== undefined) process.kill(-group, signal);
      } catch {
        // It has ended.
      }
    };
    this.#timers = [
      setTimeout(end("SIGTERM"), deadline * 1000),
      setTimeout(end("SIGKILL"), (deadline + grace) * 1000),
    ];
  }

  clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
