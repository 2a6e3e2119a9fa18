import { parseImageReference } from "../config/image-reference.ts";
import type { Finding } from "./finding.ts";
import { mappingOf, textOf } from "./plain-json.ts";
import { runsSomethingElse } from "./told-and-done.ts";
import { changesImage } from "./tracks.ts";
import { imageOf, type ReviewedWorkload, sameDigest, type ToldFacts } from "./workload.ts";

/** Whether an older version would meet a state that it can't read. */
export function wayBack(workload: ReviewedWorkload): Finding[] {
  const { told } = workload;
  // Of what a control plane manages the state is restored by the move itself, when the old version does not come up on it.
  if (told === undefined || told.restore !== undefined || !changesImage(workload) || workload.managed)
    return [];
  if (runsSomethingElse(workload, told)) return [];
  if (told.move === "back") return backWithoutState(workload, told);
  const [from, to] = [imageOf(workload, workload.runner?.before), imageOf(workload, workload.runner?.after)];
  return isOlder(to, from)
    ? [
        {
          check: "way-back",
          level: "warning",
          resource: workload.name,
          what: `${tagOf(to)} is older than ${tagOf(from)}, and nothing on record says that it ever ran here`,
          why: "no snapshot belongs to it, so its state stays as the newer version has left it",
          write: "a release that is on record, or a drill of the old version on a copy first",
        },
      ]
    : [];
}

function backWithoutState(workload: ReviewedWorkload, told: ToldFacts): Finding[] {
  const now = databasesOf(told, told.from);
  const then = databasesOf(told, told.image);
  if (now === undefined) {
    return [
      refusal(workload, {
        what: "it goes back, its state stays, and nothing on record says what the newer version did to it",
        why: "the newer version may have died in the middle of a migration",
        write: "`restore` of the workload: the snapshot that the older version left",
      }),
    ];
  }
  if (then === undefined) {
    return [
      {
        ...refusal(workload, {
          what: "it goes back, its state stays, and nothing on record says what its state was under the older version",
          why: "whether the newer version has moved it can't be told",
          write: "nothing, when the older version is known to read it",
        }),
        level: "warning",
      },
    ];
  }
  const moved = Object.entries(then)
    .filter(([path, version]) => now[path] !== version)
    .map(([path, version]) => `${path} ${version} -> ${now[path] ?? "missing"}`);
  return moved.length === 0
    ? []
    : [
        refusal(workload, {
          what: `it goes back, its state stays, and the newer version has moved that (${moved.join(", ")})`,
          why: "the older version can't read it, or damages it",
          write: "`restore` of the workload: the snapshot that the older version left",
        }),
      ];
}

/** Schema versions of the databases as they were last read under an image. */
function databasesOf({ records }: ToldFacts, image: string): Record<string, number> | undefined {
  const read = records.findLast(
    (record) =>
      (record.kind === "gate" || record.kind === "snapshot") &&
      sameDigest(textOf(record.image), image) &&
      record.markers !== undefined,
  );
  if (read === undefined) return undefined;
  const databases = Object.entries(mappingOf(mappingOf(read.markers).databases));
  return Object.fromEntries(
    databases.filter((each): each is [string, number] => typeof each[1] === "number"),
  );
}

/** By the numbers that both tags begin with; a tag without any is not compared. */
function isOlder(to: string, from: string): boolean {
  const [older, newer] = [numbersOf(to), numbersOf(from)];
  for (const [index, number] of older.entries()) {
    const other = newer[index];
    if (other === undefined) return false;
    if (number !== other) return number < other;
  }
  return false;
}

function numbersOf(reference: string): number[] {
  const [, numbers = ""] = /^v?(\d{1,9}(?:\.\d{1,9}){0,3})(?![0-9a-z])/.exec(tagOf(reference)) ?? [];
  return numbers === "" ? [] : numbers.split(".").map(Number);
}

function tagOf(reference: string): string {
  const parsed = parseImageReference(reference);
  return "problem" in parsed ? "" : (parsed.tag ?? "");
}

function refusal(workload: ReviewedWorkload, told: Pick<Finding, "what" | "why" | "write">): Finding {
  return { check: "way-back", level: "refusal", resource: workload.name, ...told };
}
