import { isDeepStrictEqual } from "node:util";
import { parseImageReference } from "../config/image-reference.ts";
import { runsSomethingElse } from "./claims.ts";
import type { Finding } from "./finding.ts";
import { mappingOf, textOf } from "./plain-json.ts";
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
  const now = markersOf(told, told.from);
  const then = markersOf(told, told.image);
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
          why: "it can't be told whether the newer version has moved it",
          write: "nothing, if the older version is known to read it",
        }),
        level: "warning",
      },
    ];
  }
  const moved = movedSince(then, now);
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

interface Markers {
  databases: Readonly<Record<string, unknown>>;
  archives: Readonly<Record<string, unknown>>;
  stamp: string;
}

/** What the records say that a state was when it was last read under an image. */
function markersOf({ records }: ToldFacts, image: string): Markers | undefined {
  const read = records.findLast(
    (record) =>
      (record.kind === "state" || record.kind === "gate" || record.kind === "snapshot") &&
      sameDigest(textOf(record.image), image) &&
      record.markers !== undefined,
  );
  if (read === undefined) return undefined;
  const markers = mappingOf(read.markers);
  return {
    databases: mappingOf(markers.databases),
    archives: mappingOf(markers.archives),
    stamp: textOf(markers.configVersion) || "none",
  };
}

/** A database of which only a version is on record, or that could not be read, can't be compared: it counts as moved. */
function movedSince(then: Markers, now: Markers): string[] {
  return [
    ...Object.entries(then.databases).flatMap(([path, before]) => {
      const today = now.databases[path];
      return isWhole(before) && isDeepStrictEqual(before, today)
        ? []
        : [`${path} ${versionIn(before)} -> ${today === undefined ? "missing" : versionIn(today)}`];
    }),
    // Another database of a kind that was there before, as each agent has one, is no move.
    ...Object.entries(now.databases).flatMap(([path, today]) =>
      Object.hasOwn(then.databases, path) ||
      Object.values(then.databases).some((known) => isWhole(known) && isDeepStrictEqual(known, today))
        ? []
        : [`${path} is new`],
    ),
    ...Object.entries(now.archives).flatMap(([path, today]) =>
      then.archives[path] === today ? [] : [`${path} is new`],
    ),
    ...(then.stamp === now.stamp ? [] : [`config stamp ${then.stamp} -> ${now.stamp}`]),
  ];
}

function isWhole(marker: unknown): boolean {
  return typeof mappingOf(marker).userVersion === "number";
}

function versionIn(marker: unknown): string {
  if (typeof marker === "number") return `${marker} (nothing else on record)`;
  const { userVersion, schema } = mappingOf(marker);
  return typeof userVersion === "number"
    ? `${userVersion} (schema ${textOf(schema) || "none"})`
    : "unreadable";
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
