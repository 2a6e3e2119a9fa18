import { defineConfig } from "vitest/config";
import FileOrder from "./test/support/file-order.ts";

// A busy machine is no failure: a test that hangs shows all the same.
const patience = 5 * 60_000;

const withoutDocker = {
  // Loading the SDK anew for each file cost more than all tests; what a file changes it puts back itself.
  pool: "threads",
  isolate: false,
  testTimeout: patience,
  hookTimeout: patience,
  expect: { poll: { timeout: patience / 2 } },
} as const;

/**
 * `unit` needs nothing but the code and starts no process. `fixtures` starts processes of this machine, or computes for seconds,
 * and needs no Docker either. `integration` needs the real parts that test/run.ts sets up. `long` needs
 * them too, and each of its files takes more than ten minutes: for a release. `pending` needs them as well: what was
 * written or changed and has not passed whole on a quiet machine yet. Each file goes to `integration` once it has.
 * `versions` needs them and more versions of OpenClaw: what each step from one to the next does to a state, and what each
 * answers to the checks, an hour or two.
 */
// biome-ignore lint/style/noDefaultExport: the form that vitest reads.
export default defineConfig({
  test: {
    sequence: { sequencer: FileOrder },
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          ...withoutDocker,
          // Each worker loads all modules for itself: a second one took 10 s more CPU and saved a quarter of the time.
          maxWorkers: 1,
        },
      },
      {
        test: {
          name: "fixtures",
          include: ["test/fixtures/**/*.test.ts"],
          ...withoutDocker,
          maxWorkers: 2,
        },
      },
      // Four fifths of such a test are waiting: for health checks, drains, bakes and one drill at a time.
      onRealParts("integration", 4),
      onRealParts("long"),
      onRealParts("pending"),
      onRealParts("versions"),
    ],
  },
});

function onRealParts(name: string, maxWorkers = 2) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      runner: "./test/support/time-budget.ts",
      globalSetup: "./test/support/shared-cluster.ts",
      testTimeout: 30 * 60_000,
      hookTimeout: 30 * 60_000,
      maxWorkers,
    },
  };
}
