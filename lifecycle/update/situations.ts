import { networkOwner } from "../../config/network-mode.ts";
import { containerNameOf, type WorkloadConfig, workloadsOf } from "../../config/rollout.ts";
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
import { adoptionOf, failedName, noSuchUnit } from "./adoption.ts";
import { canaryBefore } from "./first-on-image.ts";
import { interruptedFacts } from "./interrupted.ts";
import { knownOf } from "./known.ts";
import { onlyGoesBack, putOffOf } from "./put-off.ts";
import { lastServing, missingTrigger, servingTrigger } from "./serving-trigger.ts";
import { settle, type Unsettled } from "./settled.ts";
import type { Situation } from "./situation.ts";
import { placeOfRecords, workloadInput } from "./workload-input.ts";

type LookingPlatform = Pick<Platform, "observe" | "unit" | "lossesOf" | "inPlace" | "words">;

/** Reads only: one call to the Docker host and one more for each container to adopt, and the evidence directory. */
export async function situationsOf(
  config: StackConfig,
  stack: string,
  platform: LookingPlatform,
): Promise<Situation[]> {
  const workloads = workloadsOf(config);
  const wantedUnits = workloads.flatMap((wanted) =>
    [containerNameOf(wanted), wanted.adopt?.container, networkOwner(wanted.container.networkMode)]
      .filter((unit) => unit !== undefined)
      .map((unit) => ({ unit, workload: wanted.name })),
  );
  const observed = await platform.observe(wantedUnits, stack);
  const others = workloads.filter((wanted) => !isAdopted(wanted, observed));
  refuseBehindItsBack(others, observed);
  refuseStrangers(others, observed);
  refuseOtherNames(others, observed);
  const found = await Promise.all(
    workloads.map(async (wanted) => {
      const own = observed.get(containerNameOf(wanted));
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
    const { records, hearsay, journal, hold, move } = facts;
    const since = journal?.since ?? hold?.since ?? unjudgedSince(records);
    const input = { ...workloadInput(config, stack, facts.config), made: facts.made };
    const owner = networkOwner(facts.made.later.networkMode);
    return {
      ...facts,
      ...(owner !== undefined && { network: { owner, id: observed.get(owner)?.id } }),
      input,
      logCommand: platform.words.logCommand(input.container),
      move: withLeft(withChange(move, change), input, records),
      servingTrigger: servingTrigger(facts.observed, since, lastServing(hearsay)),
      missingTrigger:
        platform.inPlace === undefined
          ? ""
          : missingTrigger(facts.observed === undefined && hearsay.length > 0, journal?.since, hearsay),
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
function isAdopted(wanted: WorkloadConfig, observed: ReadonlyMap<string, Observed>): boolean {
  const { adopt } = wanted;
  const unit = containerNameOf(wanted);
  const own = observed.get(unit);
  return (
    adopt !== undefined && (own === undefined || (own.stranger !== undefined && unit === adopt.container))
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
  return isOver ? found : { ...found, adoptionProblems: [noSuchUnit(adopt.container, platform.words)] };
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
    (wanted) => !wanted.managed && observed.get(containerNameOf(wanted))?.managedBy !== undefined,
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
  const sentences = workloads.flatMap((wanted) => {
    const stranger = wanted.managed ? undefined : observed.get(containerNameOf(wanted))?.stranger;
    return stranger === undefined ? [] : [`${wanted.name}: ${stranger}`];
  });
  if (sentences.length > 0) {
    throw new OperationFailure(sentences.join("\n"));
  }
}

/** Under another name the update would not see it, and start a second one. */
function refuseOtherNames(
  workloads: readonly WorkloadConfig[],
  observed: ReadonlyMap<string, Observed>,
): void {
  const sentences = workloads.flatMap((wanted) => {
    const { name } = wanted;
    const unit = containerNameOf(wanted);
    if (observed.has(unit)) return [];
    return [...observed]
      .filter(([other, { of, serves }]) => of === name && serves && other !== failedName(name))
      .map(
        ([other]) =>
          `${name}: its container runs and is called ${other}. Nothing was touched. A container keeps its name: write \`containerName: ${other}\`. ` +
          `If somebody has renamed it: \`docker rename ${other} ${unit}\`.`,
      );
  });
  if (sentences.length > 0) throw new OperationFailure(sentences.join("\n"));
}
