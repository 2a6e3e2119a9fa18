/** A step under way: says what came of it, and what it is at. */
export interface Step {
  /** Replaces the text of the line that closes the step. */
  result(text: string): void;
  /** Replaces the text of the heartbeat lines, in a step that has several long parts. */
  readonly doing: Doing;
}

/** @param usually seconds that it takes at most on a quiet machine; after that it is called slow. Default: 120. */
export type Doing = (text: string, usually?: number) => void;

export interface Progress {
  /**
   * Runs `work` and writes one line when it is done, with the time it took. Every ten seconds until then it writes
   * that it is still at it.
   */
  step<T>(title: string, work: (step: Step) => Promise<T>): Promise<T>;
}

const heartbeatMs = 10_000;
const usual = 120;

/** Progress as plain lines, which read the same in a terminal, in a log and in CI. */
export function lineProgress(write: (line: string) => void = console.log): Progress {
  return {
    async step(title, work) {
      const started = Date.now();
      let activity = { text: title, began: started, usually: usual };
      let result = title;
      const heartbeat = setInterval(() => {
        const { text, began, usually } = activity;
        const took = Date.now() - began;
        write(
          took < usually * 1000
            ? `  … ${text}, ${duration(Date.now() - started)}`
            : `  … slow: ${text}, not done after ${duration(took)}; waiting on`,
        );
      }, heartbeatMs);
      try {
        const value = await work({
          result: (text) => {
            result = text;
          },
          doing: (text, usually = usual) => {
            activity = { text, began: Date.now(), usually };
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
