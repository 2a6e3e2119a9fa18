import { createHash } from "node:crypto";
import { basename } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Took more than five minutes of a crowded machine (the table at the end of a run). One that begins last is waited for alone. */
const long = [
  "control-plane.test.ts",
  "first-start.test.ts",
  "kubernetes-adoption.test.ts",
  "kubernetes-policies.test.ts",
  "kubernetes-secrets.test.ts",
  "kubernetes-update.test.ts",
  "openclaw-migration.test.ts",
  "records.test.ts",
  "rehearsal.test.ts",
  "secret-rotation.test.ts",
  "settings-change.test.ts",
  "state-moved.test.ts",
  "way-back.test.ts",
];

/**
 * The files that take long in any order, then all others in any order: that of the run's seed. Another one each time, so
 * what a run that is ended by the clock leaves out is not always the same.
 */
// biome-ignore lint/style/noDefaultExport: the form that vitest reads.
export default class FileOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { seed } = this.ctx.config.sequence;
    this.ctx.logger.log(`The order of the files is that of --sequence.seed=${seed}`);
    const keyOf = ({ moduleId }: TestSpecification) =>
      `${long.includes(basename(moduleId)) ? 0 : 1}${createHash("sha256").update(`${seed} ${moduleId}`).digest("hex")}`;
    const keyed = files.map((file) => ({ file, key: keyOf(file) }));
    return keyed.toSorted((one, other) => (one.key < other.key ? -1 : 1)).map(({ file }) => file);
  }
}
