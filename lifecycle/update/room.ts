import { sourceOf } from "../../config/rollout.ts";
import { pathOfPlace } from "../../config/state-places.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import type { Move } from "../evidence/move.ts";
import { snapshotOnRecord } from "../evidence/recorded-snapshot.ts";
import type { EvidenceRecord, SnapshotEntry } from "../evidence/records.ts";
import { goesBack } from "../evidence/settings.ts";
import type { StateSurvey } from "../evidence/state-survey.ts";
import { parseScriptReport } from "../snapshot/markers.ts";
import { repositoryOf, runScript, withRepository } from "../snapshot/repository.ts";
import { parseSurvey } from "../snapshot/survey.ts";
import { statePlaces, type WorkloadContext } from "../workload.ts";

/**
 * Where an update writes: `docker` is the engine's own disk, with images, containers and scratch volumes, and a path in the
 * container a further place of the state.
 */
export type Place = "state" | "repository" | "docker" | FurtherPlace;
type FurtherPlace = `/${string}`;

/** What was measured on the Docker host, in bytes. */
export interface Room {
  free: Record<Place, number>;
  /** Places on one device share its room. */
  device: Record<Place, number>;
  /** Of all its places. */
  stateUsed: number;
  /** Of each further place; missing where there is none. */
  furtherUsed?: Readonly<Partial<Record<Place, number>>>;
  /** Of what SQLite keeps, to the last byte: a sparse file is written out whole. */
  databasesUsed: number;
  files: number;
  memoryFree: number;
  /** Of the last minute, in percent of its processors. */
  load: number;
  survey: StateSurvey;
}

export interface Need {
  place: Place;
  bytes: number;
  /** For people: "the pre-restore snapshot". */
  what: string;
}

/** For the layer of a new container and its log, and for the packs that restic puts together in its container. */
const containerRoom = 64e6;
/** For the index and the locks of a snapshot that adds next to nothing. */
const repositoryRoom = 4e6;
/** What a file takes more than its bytes, at most. */
const block = 4096;
/** What a file takes in the listing of a snapshot. */
const listed = 512;

/** Whether a move sets a state back, or may have to leave one by a pre-restore snapshot. */
export function isWayBack(move: Move): boolean {
  return goesBack(move) || "restore" in move;
}

export interface WayBackFacts {
  room: Pick<Room, "stateUsed" | "furtherUsed" | "databasesUsed" | "files">;
  records: readonly EvidenceRecord[];
  /** Bytes that the snapshot adds to the repository; undefined: not known, so as much as the state has. */
  growth: number | undefined;
  /** Bytes of the image that is still to be pulled. */
  image: number;
}

/**
 * What a way back writes: the pre-restore snapshot, a copy of the databases while that is checked, and, where the state goes
 * back too, a whole copy of it beside the one that is there.
 */
export function wayBackNeeds(move: Move, { room, records, growth, image }: WayBackFacts): Need[] {
  const restore = "restore" in move ? move.restore : undefined;
  return [
    {
      place: "repository",
      bytes: repositoryRoom + (growth ?? room.stateUsed),
      what: "the pre-restore snapshot",
    },
    {
      place: "docker",
      bytes: containerRoom + room.databasesUsed + room.files * listed,
      what: "the new container and the check of the snapshot",
    },
    ...(image === 0
      ? []
      : [
          {
            place: "docker" as const,
            bytes: image,
            what: "its image, if that is as large as the present one",
          },
        ]),
    ...(restore === undefined ? [] : restoreNeeds(snapshotOnRecord(restore.snapshot, records), room)),
  ];
}

/** A hot snapshot has its databases aside, and a restore copies them into their places (place-databases.sh). */
function restoreNeeds(snapshot: SnapshotEntry | undefined, room: WayBackFacts["room"]): Need[] {
  const all = snapshot?.bytes ?? room.stateUsed;
  const extra =
    snapshot === undefined ? 0 : snapshot.files * block + (snapshot.role === "hot" ? room.databasesUsed : 0);
  const further = Object.entries(room.furtherUsed ?? {}) as [FurtherPlace, number][];
  const needs = further.flatMap(([place, used]) => {
    const bytes = snapshot === undefined ? used : snapshot.places?.[place];
    const what = `the restored files of ${place} beside the present ones`;
    // What is beside the bytes is known of all places together.
    return bytes === undefined ? [] : [{ place, bytes: bytes + (extra * bytes) / (all || 1), what }];
  });
  const elsewhere = needs.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    { place: "state", bytes: all + extra - elsewhere, what: "the restored state beside the present one" },
    ...needs,
  ];
}

/** A device with too little room: what is on it, and all that needs it. */
export interface Shortage {
  places: Place[];
  free: number;
  needs: Need[];
}

/** The first device that has too little room, as places and numbers; undefined: all have enough. */
export function shortage(needs: readonly Need[], room: Pick<Room, "free" | "device">): Shortage | undefined {
  for (const device of new Set(needs.map(({ place }) => room.device[place]))) {
    const here = needs.filter(({ place }) => room.device[place] === device);
    const free = Math.min(...here.map(({ place }) => room.free[place] ?? 0));
    if (here.reduce((sum, { bytes }) => sum + bytes, 0) > free) {
      return { places: [...new Set(here.map(({ place }) => place))], free, needs: here };
    }
  }
  return undefined;
}

export async function measureRoom(context: WorkloadContext): Promise<Room> {
  const result = await runScript(context, {
    script: "space",
    purpose: "look at free space",
    state: "read-only",
  });
  const { numbers } = parseScriptReport(result.stdout);
  const further = furtherRoom(result.stdout);
  const of = (kind: "free" | "device"): Record<Place, number> => ({
    state: numbers[`state-${kind}`] ?? 0,
    repository: numbers[`repository-${kind}`] ?? 0,
    docker: numbers[`docker-${kind}`] ?? 0,
    ...Object.fromEntries(further.map((each) => [each.place, each[kind]])),
  });
  return {
    free: of("free"),
    device: of("device"),
    stateUsed: numbers["state-used"] ?? 0,
    ...(further.length > 0 && {
      furtherUsed: Object.fromEntries(further.map(({ place, used }) => [place, used])),
    }),
    databasesUsed: numbers["databases-used"] ?? 0,
    files: numbers["state-files"] ?? 0,
    memoryFree: numbers["memory-free"] ?? 0,
    load: numbers.load ?? 0,
    survey: parseSurvey(result.stdout),
  };
}

/** The lines of the further places that `space.sh` prints. */
function furtherRoom(stdout: string): { place: FurtherPlace; free: number; device: number; used: number }[] {
  const lines = stdout.split("\n").map((line) => line.split("\t"));
  return lines.flatMap(([key, name = "", free, device]) => {
    if (key !== "place-room") return [];
    const used = lines.find(([other, of]) => other === "place-used" && of === name)?.[2];
    return [
      {
        place: pathOfPlace(name) as FurtherPlace,
        ...{ free: Number(free), device: Number(device), used: Number(used ?? 0) },
      },
    ];
  });
}

/**
 * Refuses a way back for which there is no room, before anything is stopped: once the old container is gone, a disk that is
 * full keeps the workload down. Nothing about the workload's own health is asked here: the way back is for the sick.
 *
 * @param running - image of the container that is there, by its id on the host.
 * @returns for people: "there is room for the way back".
 */
export function lookForRoom(context: WorkloadContext, move: Move, running: string): Promise<string> {
  return withRepository(context, "look for room", () => refuseTooLittle(context, move, running));
}

async function refuseTooLittle(context: WorkloadContext, move: Move, running: string): Promise<string> {
  const room = await measureRoom(context);
  const facts = {
    room,
    records: await context.log.read(),
    growth: undefined,
    image: await imageToPull(context, running),
  };
  let lacking = shortage(wayBackNeeds(move, facts), room);
  if (lacking?.places.includes("repository")) {
    // Most of the state is in the repository already: how much is added shows only a rehearsal of the snapshot.
    const growth = await snapshotGrowth(context);
    lacking = shortage(wayBackNeeds(move, { ...facts, growth }), room);
  }
  if (lacking !== undefined) {
    throw new OperationFailure(`${context.workload.name}: ${describeShortage(context, lacking)}`);
  }
  return "there is room for the way back";
}

function describeShortage(context: WorkloadContext, lacking: Shortage): string {
  const { places } = lacking;
  return (
    `there is no room for the way back, and nothing was stopped: ${shortageClause(lacking, (place) => where(context, place))}. ` +
    `${[...new Set(places.map((place) => adviceFor(context, place)))].join(" ")} Or give it a larger disk. Then go back again.`
  );
}

/** "3 MB are free on its volume, 6 MB are needed (the restored state 6 MB)" */
export function shortageClause({ free, places, needs }: Shortage, where: (place: Place) => string): string {
  const needed = needs.reduce((sum, { bytes }) => sum + bytes, 0);
  return (
    `${megabytes(free)} are free ${places.map(where).join(" and ")}, ${megabytes(needed)} are needed ` +
    `(${needs.map(({ bytes, what }) => `${what} ${megabytes(bytes)}`).join(", ")})`
  );
}

/** What can be freed without losing the way back. */
function adviceFor({ platform }: WorkloadContext, place: Place): string {
  switch (place) {
    case "repository":
      return "Remove no snapshot by hand. Move away other files on that disk.";
    case "docker":
      return platform.words.disk.advice;
    default:
      return "Move away what the workload does not need, or other files on that disk.";
  }
}

/** Bytes; 0: the host has the image. How large another one is shows only its pull, so it is taken for as large as this one. */
async function imageToPull({ platform, workload }: WorkloadContext, running: string): Promise<number> {
  const isThere = (await platform.imageSize(workload.image)) !== undefined;
  return isThere ? 0 : ((await platform.imageSize(running)) ?? 0);
}

/** Undefined where restic can't say. */
async function snapshotGrowth(context: WorkloadContext): Promise<number | undefined> {
  const result = await runScript(context, {
    script: "growth",
    purpose: "rehearsal of the snapshot",
    state: "read-only",
    arguments: [context.workload.name],
  });
  return parseScriptReport(result.stdout).numbers.growth;
}

export function where({ workload, platform }: WorkloadContext, place: Place): string {
  switch (place) {
    case "state":
      return `beside the state (${sourceOf(workload.state)})`;
    case "repository":
      return `in the repository (${repositoryOf(workload)})`;
    case "docker":
      return `on ${platform.words.disk.name}`;
    default:
      return `beside ${place}${sourceAt(workload, place)}`;
  }
}

function sourceAt(workload: WorkloadContext["workload"], place: string): string {
  const found = statePlaces(workload).find(({ at }) => at === place);
  return found === undefined ? "" : ` (${sourceOf(found.from)})`;
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
