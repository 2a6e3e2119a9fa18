import { defineConfig } from "vitest/config";

/** The tests that hold the policies rule by rule: each change is tried in a fraction of a second. */
// biome-ignore lint/style/noDefaultExport: the form that vitest reads.
export default defineConfig({
  test: {
    include: ["test/unit/policy-*.test.ts"],
    pool: "threads",
    isolate: false,
  },
});
