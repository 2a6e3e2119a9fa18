/** The tests that hold the policies rule by rule, none of which loads an SDK of a provider. */
export const testFiles = "test/unit/policy-*.test.ts";
