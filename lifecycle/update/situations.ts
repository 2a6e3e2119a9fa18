import { type WorkloadConfig, workloadsOf } from "../../config/rollout.ts";
import type { StackConfig } from "../../config/schema.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import type { Observed, Platform } from "../../platforms/platform.ts";
import { failedElsewhere, failuresElsewhere } from "../evidence/failed-image.ts";
import { lastImage } from "../evidence/move.ts";
import { behindCanary, behindOtherCanary, refusalOf, unjudgedSince } from "../evidence/refusal.ts";
import { orderedMove, restoreEpoch, restoreOf } from "../evidence/restore-order.ts";
import { withChange } from "../evidence/settings.ts";
import { withLeft } from "../snapshot/left-places.ts";
import { PreparationMark } from "../workdir/preparation-mark.ts";
import { logOf } from "../workload.ts";
import { adoptionOf, noSuchContainer } from "./adoption.ts";
import { canaryBefore } from "./first-on-image.ts";
import { interruptedFacts } from "./interrupted.ts";
import { knownOf } from "./known.ts";
import { onlyGoesBack, putOffOf } from "./put-off.ts";
import { lastServing, servingTrigger } from "./serving-trigger.ts";
import { settle, type Unsettled } from "./settled.ts";
import type { Situation } from "./situation.ts";
import { placeOfRecords, workloadInput } from "./workload-input.ts";

type LookingPlatform = Pick<Platform, "observe" | "unit" | "lossesOf">;

/** Reads only: one call to the Docker host and one more for each container to adopt, and the evidence directory. */
export async function situationsOf(
  config: StackConfig,
  stack: string,
  platform: LookingPlatform,
): Promise<Situation[]> {
  const workloads = workloadsOf(config);
  const adopted = workloads.flatMap(({ adopt }) => (adopt === undefined ? [] : [adopt.container]));
  const observed = await platform.observe([...workloads.map(({ name }) => name), ...adopted], stack);
  const others = workloads.filter((wanted) => !isAdopted(wanted, observed));
  refuseBehindItsBack(others, observed);
  refuseStrangers(others, observed);
  const found = await Promise.all(
    workloads.map(async (wanted) => {
      const own = observed.get(wanted.name);
      return isAdopted(wanted, observed)
        ? withAdoption(await find(config, stack, wanted, undefined), platform)
        : find(config, stack, wanted, own);
    }),
  );
  const failureFor = failuresElsewhere(
    found.map(({ wanted, records }) => ({ wanted: wanted.image, records })),
  );
  const fit = found.map((each) => {
    const failure = each.refused === undefined ? failureFor(each.move) : undefined;
    return failure === undefined
      ? each
      : asItIs({ ...each, refused: failedElsewhere(failure, each.wanted.image, stack) });
  });
  const now = new Date();
  const led = fit.map((each) => {
    const first = canaryBefore(config, each, fit, now);
    return first === undefined
      ? each
      : asItIs({ ...each, refused: behindOtherCanary(first, each.wanted.image, stack) });
  });
  const known = led.map((each) => behindRefusedCanary(each, led));
  const surveyed = settle(config, known, now).map(({ wanted: _, change, epoch: __, ...facts }) => {
    const { observed, records, hearsay, journal, hold, move } = facts;
    const since = journal?.since ?? hold?.since ?? unjudgedSince(records);
    const input = { ...workloadInput(config, stack, facts.config), made: facts.made };
    return {
      ...facts,
      input,
      move: withLeft(withChange(move, change), input, records),
      servingTrigger: servingTrigger(observed, since, lastServing(hearsay)),
    };
  });
  return onlyGoesBack(surveyed) ? surveyed.map(leftAlone) : surveyed;
}

type Found = Unsettled &
  Pick<
    Situation,
    | "records"
    | "sealed"
    | "hearsay"
    | "journal"
    | "hold"
    | "refused"
    | "orderProblem"
    | "preparationAttempt"
    | "adoptionProblems"
  >;

/** Whether it has no container of its own and is to adopt one: for one that has, that is over. */
function isAdopted({ name, adopt }: WorkloadConfig, observed: ReadonlyMap<string, Observed>): boolean {
  const own = observed.get(name);
  return (
    adopt !== undefined && (own === undefined || (own.stranger !== undefined && name === adopt.container))
  );
}

/** The move of a workload that is to adopt a container, once that is looked at. */
async function withAdoption(found: Found, platform: LookingPlatform): Promise<Found> {
  const { wanted, journal, records, refused } = found;
  const { adopt } = wanted;
  if (adopt === undefined || refused !== undefined) return found;
  const adoption = await adoptionOf(platform, wanted, adopt, journal);
  if (adoption !== undefined) return { ...found, move: adoption.move, adoptionProblems: adoption.problems };
  const isOver = journal !== undefined || lastImage(records) !== undefined;
  return isOver ? found : { ...found, adoptionProblems: [noSuchContainer(adopt.container)] };
}

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
function leftAlone(workload: Situation): Situation {
  const putOff = putOffOf(workload);
  return putOff === undefined
    ? workload
    : { ...workload, putOff, servingTrigger: lastServing(workload.records) };
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
      `${names} ${taken.length === 1 ? "is a container that a control plane manages" : "are containers that a control plane manages"}. ` +
        "Nothing was touched. Put them into an instance group with `managed: true`, or give yours other names.",
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
