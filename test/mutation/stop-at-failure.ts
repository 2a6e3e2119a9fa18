import { type CancelReason, TestRunner, test } from "vitest";

/**
 * After the first failure no other file is loaded: Vitest itself skips their tests and still loads them all, which took
 * ten times as long as the test that had failed.
 */
// biome-ignore lint/style/noDefaultExport: the form that vitest reads.
export default class StopAtFailure extends TestRunner {
  #isOver = false;

  override cancel(reason: CancelReason): void {
    this.#isOver = true;
    super.cancel(reason);
  }

  override importFile(file: string, source: "collect" | "setup"): unknown {
    if (!this.#isOver) return super.importFile(file, source);
    // A file without any test would count as a failure of its own.
    return source === "collect" ? test("left out after a failure", () => {}) : undefined;
  }
}
