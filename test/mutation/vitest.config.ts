import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { testFiles } from "./test-files.ts";

/** One failure ends a run: what failed last goes first, as the next change stands beside it, then what is quick. */
class LikelyFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const known = (file: TestSpecification) => this.ctx.cache.getTestSpecificationResult(file);
    return files.toSorted((one, other) => {
      const [before, after] = [known(one), known(other)];
      return (
        Number(after?.failed ?? false) - Number(before?.failed ?? false) ||
        (before?.duration ?? 0) - (after?.duration ?? 0)
      );
    });
  }
}

// biome-ignore lint/style/noDefaultExport: the form that vitest reads.
export default defineConfig({
  test: {
    include: [testFiles],
    pool: "threads",
    isolate: false,
    runner: "./test/mutation/stop-at-failure.ts",
    sequence: { sequencer: LikelyFirst },
  },
});
