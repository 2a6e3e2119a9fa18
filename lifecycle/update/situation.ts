import type { ContainerConfig } from "../../config/container-schema.ts";
import type { Made } from "../../config/container-settings.ts";
import { type DockerAccess, misleadingVariables } from "../../config/docker-access.ts";
import { healthCommand } from "../../config/health-command.ts";
import { locationOf, type WorkloadConfig, workloadsOf } from "../../config/rollout.ts";
import type { ControlPlaneConfig, StackConfig } from "../../config/schema.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import type { Observed, Platform } from "../../platforms/platform.ts";
import type { SealedRecord } from "../evidence/chain.ts";
import type { EvidenceKeySettings } from "../evidence/keys.ts";
import { lastImage, type Move } from "../evidence/move.ts";
import type { EvidenceRecord, ReadRecord } from "../evidence/records.ts";
import {
  behindCanary,
  isFromBefore,
  type Refusal,
  refusalOf,
  refusalText,
  unjudgedSince,
} from "../evidence/refusal.ts";
import { orderedMove, restoreEpoch, restoreOf } from "../evidence/restore-order.ts";
import { withChange } from "../evidence/settings.ts";
import type { Hold } from "../workdir/hold-journal.ts";
import type { CutOverJournal } from "../workdir/journal.ts";
import { PreparationMark } from "../workdir/preparation-mark.ts";
import { type ControlPlaneAccess, logOf, type StartSettings, type Workload } from "../workload.ts";
import { judgedWorkload, namedReleasesFor } from "./evidence-facts.ts";
import { interruptedFacts } from "./interrupted.ts";
import { knownOf } from "./known.ts";
import { onlyGoesBack, type PutOff, putOffOf } from "./put-off.ts";
import { servingTrigger } from "./serving-trigger.ts";
import { type Settled, settle, type Unsettled } from "./settled.ts";

/** One workload: what the configuration wants, what is there, what is on record, and what follows from it. */
export interface SurveyedWorkload {
  config: WorkloadConfig;
  input: Workload;
  observed: Observed | undefined;
  records: ReadRecord[];
  /** The same records with their envelopes. */
  sealed: SealedRecord[];
  /** What can be read of damaged records too, verified by nothing: it may keep something from being done, no more. */
  hearsay: EvidenceRecord[];
  journal: CutOverJournal | undefined;
  /** Its requests are held, or were when the one who held them died. */
  hold: Hold | undefined;
  move: Move;
  /** What its container is made with once this update is done. */
  made: Made;
  /** What the stack file changes of its settings and this update does not. */
  waits: Settled["waits"];
  /** Why it stays as it is: then its move is none, and nothing is done to it. */
  refused: Refusal | undefined;
  servingTrigger: string;
  /** Why the restore that the configuration orders is not carried out, as a sentence. */
  orderProblem?: string;
  /** What this update leaves to a later one: it takes others back and waits for nothing else. */
  putOff?: PutOff;
  /** Changes when the last preparation belongs to an update that failed. */
  preparationAttempt: string;
}

/** Reads only: one call to the Docker host, and the evidence directory. Nothing is changed. */
export async function survey(
  config: StackConfig,
  stack: string,
  platform: Pick<Platform, "observe">,
): Promise<SurveyedWorkload[]> {
  const workloads = workloadsOf(config);
  refuseMisledProvider(config);
  const observed = await platform.observe(
    workloads.map(({ name }) => name),
    stack,
  );
  refuseBehindItsBack(workloads, observed);
  refuseStrangers(workloads, observed);
  const found = await Promise.all(
    workloads.map((wanted) => find(config, stack, wanted, observed.get(wanted.name))),
  );
  const known = found.map((each) => behindRefusedCanary(each, found));
  const surveyed = settle(config, known, new Date()).map(({ wanted: _, change, epoch: __, ...facts }) => {
    const { observed, records, hearsay, journal, hold, move } = facts;
    const since = journal?.since ?? hold?.since ?? unjudgedSince(records);
    return {
      ...facts,
      input: { ...workloadInput(config, stack, facts.config), made: facts.made },
      move: withChange(move, change),
      servingTrigger: servingTrigger(observed, since, lastServing(hearsay)),
    };
  });
  return onlyGoesBack(surveyed) ? surveyed.map(leftAlone) : surveyed;
}

type Found = Unsettled &
  Pick<
    SurveyedWorkload,
    "records" | "sealed" | "hearsay" | "journal" | "hold" | "refused" | "orderProblem" | "preparationAttempt"
  >;

async function find(
  config: StackConfig,
  stack: string,
  wanted: WorkloadConfig,
  observed: Observed | undefined,
): Promise<Found> {
  const { name } = wanted;
  const log = logOf({ ...placeOfRecords(config, stack), name });
  const { sealed, hearsay, journal, hold, damaged } = await knownOf(log, stack, name);
  const records = sealed.map(({ record }) => record);
  const known = interruptedFacts(journal, records);
  const running = observed?.image ?? known.running;
  const facts = { ...known, running, wanted: wanted.image };
  const { move, problem, epoch } = orderedMove(facts, wanted.restore, observed !== undefined);
  const refused = refusalOf({
    ...{ stack, name, file: log.file, running, damaged, move },
    isOurs: observed !== undefined && observed.stranger === undefined,
    wanted: wanted.image,
    isOrdered: restoreOf(wanted.restore, hearsay) !== undefined,
    records,
    known: known.records,
  });
  return asItIs({
    ...{ wanted, observed, records, sealed, hearsay, journal, hold, move, epoch, refused },
    ...(problem !== undefined && { orderProblem: problem }),
    preparationAttempt: await new PreparationMark(log.folder).attempt(),
  });
}

/** A workload that is refused is to run what it runs, on the state that it has: all that is told of it says so. */
function asItIs(found: Found): Found {
  const { observed, journal, hearsay, refused } = found;
  if (refused === undefined) return found;
  const left = interruptedFacts(journal, hearsay).running;
  const image = observed?.image ?? left ?? lastImage(hearsay) ?? refused.wanted;
  const { restore: _, ...wanted } = found.wanted;
  // What becomes of an order can't be told without records, and must keep nobody else: the refusal says that it stays.
  const { orderProblem, ...others } = found;
  return {
    ...others,
    ...(!refused.untouched && orderProblem !== undefined && { orderProblem }),
    wanted: { ...wanted, image },
    move: { kind: "none", to: image },
    epoch: restoreEpoch(undefined, hearsay),
  };
}

/** Nothing goes forward in a group whose canary can't go first. Going back waits for no canary. */
function behindRefusedCanary(found: Found, all: readonly Found[]): Found {
  const { wanted, move, refused } = found;
  const canary = all.find(
    (each) =>
      each.wanted.group === wanted.group && each.wanted.role === "canary" && each.refused !== undefined,
  );
  const waits = refused === undefined && wanted.role === "fleet" && move.kind === "forward";
  return waits && canary !== undefined
    ? asItIs({ ...found, refused: behindCanary(canary.wanted.name, wanted.image) })
    : found;
}

/** A workload that a way back does not move: nothing is begun with it. */
function leftAlone(workload: SurveyedWorkload): SurveyedWorkload {
  const putOff = putOffOf(workload);
  return putOff === undefined
    ? workload
    : { ...workload, putOff, servingTrigger: lastServing(workload.records) };
}

/** Pulumi's docker provider obeys variables of the docker command that our client does not: both must mean one host. */
function refuseMisledProvider({ platform }: StackConfig): void {
  const found = misleadingVariables(platform.host, process.env);
  if (found.length > 0) {
    throw new OperationFailure(
      `Pulumi's docker provider would go to another place than ${platform.host}; nothing was touched. ${found.join(" ")}`,
    );
  }
}

/** Only what the configuration says: the programs' input, and so the engine's state, stays the same without it. */
export function placeOf({
  platform,
  environment,
}: StackConfig): Pick<Workload, "dockerHost" | "dockerAccess" | "rehearsal"> {
  const { host, ssh, tls, answer } = platform;
  const access: DockerAccess = {
    ...(answer !== undefined && { answer }),
    ...(ssh !== undefined && { ssh }),
    ...(tls !== undefined && { tls }),
  };
  return {
    dockerHost: host,
    ...(Object.keys(access).length > 0 && { dockerAccess: access }),
    ...(environment !== "production" && { rehearsal: true as const }),
  };
}

/** What a control plane has made it makes again: a container of ours in its place would be two gateways on one state. */
function refuseBehindItsBack(
  workloads: readonly WorkloadConfig[],
  observed: ReadonlyMap<string, Observed>,
): void {
  const taken = workloads.filter(
    ({ name, managed }) => !managed && observed.get(name)?.managedBy !== undefined,
  );
  if (taken.length > 0) {
    const names = taken.map(({ name }) => name).join(", ");
    throw new OperationFailure(
      `${names} ${taken.length === 1 ? "is a container that a control plane manages" : "are containers that a control plane manages"}: ` +
        "nothing was touched. Put them into an instance group with `managed: true`, or give yours other names.",
    );
  }
}

/** Said before anything is done: an update would stop at the creation, with everything before it done. */
function refuseStrangers(
  workloads: readonly WorkloadConfig[],
  observed: ReadonlyMap<string, Observed>,
): void {
  const sentences = workloads.flatMap(({ name, managed }) => {
    const stranger = managed ? undefined : observed.get(name)?.stranger;
    return stranger === undefined ? [] : [`${name}: ${stranger}`];
  });
  if (sentences.length > 0) {
    throw new OperationFailure(sentences.join("\n"));
  }
}

function placeOfRecords(config: StackConfig, stack: string) {
  return { stack, evidenceDirectory: config.evidence.directory, evidenceKeys: keySettings(config) };
}

export function workloadInput(config: StackConfig, stack: string, workload: WorkloadConfig): Workload {
  const { name, container } = workload;
  const ingress = ingressOf(config, workload);
  return {
    ...placeOfRecords(config, stack),
    name,
    track: workload.track,
    ...(workload.group !== undefined && { group: workload.group }),
    ...placeOf(config),
    container: name,
    image: workload.image,
    startedWith: startSettingsOf(container),
    state: workload.state,
    mount: container.stateDirectory,
    ...(workload.backups !== undefined && { backups: workload.backups }),
    port: container.port,
    healthWait: container.health.wait,
    ...(container.tokenVariable !== undefined && { tokenVariable: container.tokenVariable }),
    ...(ingress !== undefined && { ingress }),
    drain: workload.drain,
    stopGrace: workload.stopGrace,
    maintenance: config.maintenance.length,
    deadlines: config.deadlines,
    snapshots: config.snapshots,
    gate: workload.gate,
    verification: workload.verification,
    wayBack: workload.wayBack,
    ...(config.controlPlane !== undefined && {
      controlPlane: accessTo(config.controlPlane, statePathsOf(config)),
    }),
    ...(workload.managed && { managed: true as const }),
  };
}

export function startSettingsOf(container: ContainerConfig): StartSettings {
  const { command, user, environment, memory, health } = container;
  const { interval, timeout, retries, startPeriod } = health;
  return {
    ...(command !== undefined && { command }),
    ...(user !== undefined && { user }),
    environment,
    ...(memory !== undefined && { memory }),
    health: { command: healthCommand(container), interval, timeout, retries, startPeriod },
  };
}

function ingressOf({ ingress }: StackConfig, { hosts, container }: WorkloadConfig): Workload["ingress"] {
  if (ingress === undefined || hosts.length === 0) {
    return undefined;
  }
  const { name, hold, drain } = ingress;
  return { container: name, hosts: [...hosts], hold, drain, healthPath: container.health.path };
}

function accessTo(plane: ControlPlaneConfig, statePaths: Record<string, string>): ControlPlaneAccess {
  const { name, container, account, deadline, data, database, setImage } = plane;
  return {
    container: name,
    port: container.port,
    username: account.username,
    deadline,
    data: locationOf(data),
    database,
    statePaths,
    setImage,
  };
}

function statePathsOf({ instanceGroups }: StackConfig): Record<string, string> {
  return Object.fromEntries(
    Object.values(instanceGroups)
      .filter(({ managed }) => managed)
      .flatMap(({ instances, container }) => instances.map(({ name }) => [name, container.stateDirectory])),
  );
}

export function keySettings({ evidence }: StackConfig): EvidenceKeySettings {
  const { signingKey, trustedKeys } = evidence;
  return { trustedKeys, ...(signingKey !== undefined && { signingKey }) };
}

/** The trigger that the last run of `serve` was for. */
export function lastServing(records: readonly EvidenceRecord[]): string {
  const record = records.findLast((each) => each.kind === "serving");
  return record?.kind === "serving" ? record.trigger : "first";
}

/** Of a container that stays, and that is from before its records: they can't tell what it was made anew for last. */
function keptOf({ move, records }: SurveyedWorkload): { trigger: boolean; labels: boolean } {
  const stays = move.kind === "none";
  return { trigger: stays && unjudgedSince(records) !== undefined, labels: stays && isFromBefore(records) };
}

/** What the components need to know of a workload. */
export function specOf(stackConfig: StackConfig, surveyed: SurveyedWorkload) {
  const { config, input, observed, made, servingTrigger: trigger, refused } = surveyed;
  const { track, group, role, wave, publish, hosts, bake } = config;
  return {
    stack: input.stack,
    name: input.name,
    track,
    role,
    wave,
    ...(group !== undefined && { group }),
    image: input.image,
    running: observed?.image ?? "",
    ...(publish !== undefined && { publish }),
    hosts,
    state: input.state,
    ...(config.backups !== undefined && { backups: config.backups }),
    container: config.container,
    managed: config.managed,
    stopGrace: input.stopGrace,
    gate: input.gate,
    verification: input.verification,
    ...(bake !== undefined && { bake }),
    ...(input.ingress !== undefined && { ingress: input.ingress }),
    trigger: made.trigger,
    restoreEpoch: made.restore,
    servingTrigger: trigger,
    ...(surveyed.putOff && { putOff: surveyed.putOff }),
    ...(refused?.untouched && { untouched: refusalText(input.name, refused) }),
    keeps: keptOf(surveyed),
    preparationAttempt: surveyed.preparationAttempt,
    judged: judgedWorkload(surveyed, namedReleasesFor(stackConfig, config)),
    wayBack: `the new version does not come up. The way back: ${input.wayBack}`,
    input,
  };
}
