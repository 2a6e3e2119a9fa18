/** A step under way: says what came of it, and what it is at. */
export interface Step {
  /** Replaces the text of the line that closes the step. */
  result(text: string): void;
  /** Replaces the text of the heartbeat lines, in a step that has several long parts. */
  doing(text: string): void;
}

export interface Progress {
  /**
   * Runs `work` and writes one line when it is done, with the time it took. Every ten seconds until then it writes
   * that it is still at it.
   */
  step<T>(title: string, work: (step: Step) => Promise<T>): Promise<T>;
}

const heartbeatMs = 10_000;

/** Progress as plain lines, which read the same in a terminal, in a log and in CI. */
export function lineProgress(write: (line: string) => void = console.log): Progress {
  return {
    async step(title, work) {
      const started = Date.now();
      let activity = title;
      let result = title;
      const heartbeat = setInterval(
        () => write(`  … ${activity}, ${duration(Date.now() - started)}`),
        heartbeatMs,
      );
      try {
        const value = await work({
          result: (text) => {
            result = text;
          },
          doing: (text) => {
            activity = text;
          },
        });
        write(`✓ ${result} (${duration(Date.now() - started)})`);
        return value;
      } catch (error) {
        write(`✗ ${title}: failed (${duration(Date.now() - started)})`);
        throw error;
      } finally {
        clearInterval(heartbeat);
      }
    },
  };
}

/** "0.4 s", "12 s", "4 min 03 s". */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}
