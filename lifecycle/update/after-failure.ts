import { sameDigest } from "../evidence/move.ts";
import type { EvidenceRecord } from "../evidence/records.ts";
import type { Workload } from "../workload.ts";

type Failed = Pick<Workload, "stack" | "name" | "image" | "wayBack" | "managed">;

/**
 * What is true of a workload whose checks did not pass, and what to do next, as sentences. It may be the version of before
 * that does not pass: then the way back is behind it, and what is left is its state.
 */
export function afterFailure(workload: Failed, records: readonly EvidenceRecord[]): string {
  const { name, image, wayBack } = workload;
  const last = records.findLast(({ kind }) => kind === "cut-over");
  if (last?.kind !== "cut-over" || last.direction !== "back" || !sameDigest(last.to, image)) {
    return `${name} runs the new version. The way back: ${wayBack}`;
  }
  return `${name} runs the version of before again. ${oldStateAdvice(workload, records)}`;
}

/** For a version of before whose container does not come up, or does not pass. */
export function oldStateAdvice(
  { stack, name, image, managed }: Pick<Workload, "stack" | "name" | "image" | "managed">,
  records: readonly EvidenceRecord[],
): string {
  const at = records.findLastIndex(
    (record) =>
      record.kind === "cut-over" && record.direction === "forward" && sameDigest(record.from, image),
  );
  const left = records[at];
  if (left?.kind !== "cut-over") {
    return `No snapshot of this version is on record. \`fleet report --stack ${stack}\` lists those there are.`;
  }
  if (managed === true) {
    const copy = records.find((record) => record.kind === "snapshot" && record.snapshot === left.snapshot);
    const file =
      copy?.kind === "snapshot" && copy.archive !== undefined ? `, kept in ${copy.archive.file}` : "";
    return `Look at its log first. The copy of its state from when this version was left is ${left.snapshot} of the control plane${file}.`;
  }
  const snapshot = left.snapshot.slice(0, 8);
  const isBack = records
    .slice(at)
    .some((record) => record.kind === "restore" && record.snapshot.startsWith(snapshot));
  return isBack
    ? `Its state is that of snapshot ${snapshot}, which was taken when this version was left. ` +
        `Look at its log first. \`fleet report --stack ${stack}\` lists older snapshots.`
    : "Its state is the one that the newer version has left. To set that back as well: " +
        `\`fleet restore --stack ${stack} --workload ${name} --snapshot ${snapshot}\`. ` +
        "That shows first what would be lost, and takes a snapshot of the state as it is.";
}
