import { defineConfig } from "vitest/config";

/**
 * The tests that hold the policies rule by rule. Left out, so that each change is tried in a fraction of a second: what
 * loads the whole SDK of Kubernetes, and what tries hundreds of examples.
 */
// biome-ignore lint/style/noDefaultExport: the form that vitest reads.
export default defineConfig({
  test: {
    include: ["test/unit/policy-*.test.ts"],
    exclude: ["test/unit/policy-sdk-types.test.ts", "test/unit/policy-properties.test.ts"],
    pool: "threads",
    isolate: false,
  },
});
