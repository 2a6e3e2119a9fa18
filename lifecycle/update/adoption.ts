import { containerOf, sourceOf, type WorkloadConfig } from "../../config/rollout.ts";
import { furtherPlaces, type StatePlace } from "../../config/state-places.ts";
import { variableIn } from "../../config/variable.ts";
import type { Loss } from "../../platforms/displaced.ts";
import type { Platform, Unit, UnitCondition } from "../../platforms/platform.ts";
import { type Move, sameDigest } from "../evidence/move.ts";
import type { CutOverJournal } from "../workdir/journal.ts";
import type { WorkloadContext } from "../workload.ts";

export type AdoptionMove = Extract<Move, { kind: "adopt" }>;

/** The name under which the container of a failed adoption is kept: the engine removes it by its id, whatever its name. */
export function failedName(workload: string): string {
  return `${workload}-adoption-failed`;
}

/** The same workload as long as the container of somebody else's runs it. */
export function asStranger(context: WorkloadContext, { stranger }: AdoptionMove): WorkloadContext {
  return { ...context, workload: { ...context.workload, container: stranger.name } };
}

/** What is there of a workload that is to take over from a container of somebody else's. */
export interface Adoption {
  move: AdoptionMove;
  /** Why it can't be done as things are, as sentences with what to do. */
  problems: string[];
}

type Wanted = Pick<
  WorkloadConfig,
  | "name"
  | "track"
  | "image"
  | "state"
  | "backups"
  | "container"
  | "secrets"
  | "mounts"
  | "aliases"
  | "publish"
  | "restore"
>;

/** @param journal where an earlier run has begun it, and has taken the restart policy off it already. */
export function adoptionMove(
  name: string,
  { id, image, restart, beside }: Unit,
  to: string,
  journal: CutOverJournal | undefined,
): AdoptionMove {
  const begun = journal?.move.kind === "adopt" ? journal.move.stranger : undefined;
  const stranger = begun?.id === id ? { ...begun, name } : { name, id, restart, ...(beside && { beside }) };
  return { kind: "adopt", from: image, to, stranger };
}

export function noSuchUnit(name: string, { listCommand }: Platform["words"]): string {
  return `there is no ${name} to adopt: \`${listCommand()}\` lists what is there. To start on the state as it is, take \`adopt\` out.`;
}

/** Reads only. Undefined: nothing is there under this name. */
export async function adoptionOf(
  platform: Pick<Platform, "unit" | "lossesOf" | "inPlace">,
  wanted: Wanted,
  { container: name, without }: NonNullable<WorkloadConfig["adopt"]>,
  journal: CutOverJournal | undefined,
): Promise<Adoption | undefined> {
  const unit = await platform.unit(name);
  if (unit === undefined) return undefined;
  const { publish, backups } = wanted;
  const own = {
    container: containerOf(wanted),
    ...(publish !== undefined && { publish }),
    ...(backups !== undefined && { backups: backups.path }),
  };
  const losses = await platform.lossesOf(name, own);
  const problems = [
    ...(journal?.move.kind === "adopt" && !unit.running ? [interrupted(name)] : obstacles(name, unit)),
    ...differences(name, unit, wanted),
    ...((await platform.inPlace?.unfit(name, own)) ?? []),
    ...lossProblem(name, losses, without),
  ];
  return { move: adoptionMove(name, unit, wanted.image, journal), problems };
}

function interrupted(name: string): string {
  return `its adoption was interrupted, and ${name} is stopped. Run \`fleet recover\`: it brings ${name} back, and finishes the update.`;
}

/** What keeps a container from being adopted as it is, a sentence each. */
export function obstacles(
  name: string,
  { status, running, paused, health, temporary, managedBy }: UnitCondition,
): string[] {
  const isRestarting = status === "restarting";
  return [
    ...(managedBy === undefined
      ? []
      : [
          `${name} is an instance of the control plane ${managedBy}, which makes its container again by itself. Write it into a group with \`managed: true\`.`,
        ]),
    ...(isRestarting ? [`${name} restarts again and again. Repair it before you adopt it.`] : []),
    ...(running && health === "unhealthy" ? [`${name} is unhealthy. Repair it before you adopt it.`] : []),
    ...(running && health === "starting" ? [`${name} is still starting. Wait until it is healthy.`] : []),
    ...(paused ? [`${name} is paused. Run \`docker unpause ${name}\` before you adopt it.`] : []),
    ...(running || isRestarting
      ? []
      : [`${name} is stopped. Start it and see that it serves before you adopt it.`]),
    ...(temporary === true
      ? [
          `${name} was started with --rm. Docker removes it when it is stopped, with its unnamed volumes, and it could not be brought back. Start it again without --rm.`,
        ]
      : []),
  ];
}

/** A take-over changes who runs a gateway and nothing else: not its version, and not its state. */
function differences(name: string, unit: Unit, wanted: Wanted): string[] {
  const { image, state, backups, container, restore } = wanted;
  const further = furtherPlaces(containerOf(wanted));
  return [
    ...placeProblem(name, unit, { from: state, at: container.stateDirectory, what: "state" }),
    ...further.flatMap((place) =>
      placeProblem(name, unit, {
        ...{ ...place, what: "state", keys: "`source`" },
        shown: `state at ${place.at}`,
      }),
    ),
    ...(backups === undefined
      ? []
      : placeProblem(name, unit, { from: backups, at: backups.path, what: "backups" })),
    ...nameProblem(name, unit, wanted),
    ...(sameDigest(unit.image, image) ? [] : [otherImage(name, unit.image, image)]),
    ...(restore === undefined
      ? []
      : [
          "A state that is adopted can't be set back in the same update. Take `restore` out until it is adopted.",
        ]),
  ];
}

function nameProblem(name: string, { beside }: Unit, wanted: Wanted): string[] {
  if (name === wanted.name) return [];
  // Its API is asked under its own name, and its instances know it by that.
  if (wanted.track === "control-plane") {
    return [
      `A control plane keeps its name when it is adopted. Write \`name: ${name}\` under \`controlPlane\`.`,
    ];
  }
  return beside === undefined
    ? []
    : [`${name} keeps its name when it is adopted. Call the instance ${name}.`];
}

/** Whether a place of the workload is the very one that its container has now. */
function placeProblem(
  name: string,
  { mounts }: Unit,
  {
    from,
    at,
    what,
    shown = what,
    keys = "`volume` or `directory`",
  }: StatePlace & { what: string; shown?: string; keys?: string },
): string[] {
  const mount = mounts.find((each) => each.at === at);
  if (mount !== undefined && sourceOf(mount.from) === sourceOf(from)) return [];
  const where =
    mount === undefined
      ? `has nothing mounted at ${at}, where the stack file says its ${what} ${what === "state" ? "is" : "are"}`
      : `has its ${shown} in ${sourceOf(mount.from)}, and the stack file says ${sourceOf(from)}`;
  return [`${name} ${where}. Correct ${keys} there.`];
}

function otherImage(name: string, from: string, to: string): string {
  return from.includes("@")
    ? `${name} runs ${from}, and the stack file wants ${to}. Adopt what runs: write its image as \`stable\`. Update it afterwards.`
    : `${name} runs ${from}, and this host knows no digest of it. It was built or loaded here: push it to a registry, and pull it from there.`;
}

function lossProblem(name: string, losses: readonly Loss[], without: readonly string[]): string[] {
  const lost = losses.filter(({ key }) => !without.includes(key));
  if (lost.length === 0) return [];
  const list = lost.map(({ key, what }) => `${what} (${key})`).join("; ");
  return [
    `The new container would not have what ${name} has: ${list}. Write it into the stack file. ` +
      "What the new one need not have is named by its key under `adopt.without`.",
  ];
}

/** Who comes in with the token of before must come in with the one of the stack as well. No value is shown. */
export function tokenProblem(
  { workload, secrets }: Pick<WorkloadContext, "workload" | "secrets">,
  { environment }: Pick<Unit, "environment">,
): string | undefined {
  const { name, tokenVariable, stack, container, track } = workload;
  // A control plane keeps its account's password in its data: its check is the login.
  if (track === "control-plane") return undefined;
  const theirs = tokenVariable === undefined ? undefined : variableIn(environment, tokenVariable);
  return theirs === undefined || theirs === secrets.gatewayToken
    ? undefined
    : `${container} has another token in ${tokenVariable} than the stack in \`clawforce:gatewayTokens.${name}\`. Whoever has that one could not come in any more. ` +
        `\`fleet adopt --stack ${stack} --container ${container}\` prints the command that takes it over.`;
}
