import { keptName } from "../../config/kept-container.ts";
import { messageOf, OperationFailure } from "../../platforms/failure.ts";
import type { Unit } from "../../platforms/platform.ts";
import { removeFromIngress } from "../ingress/open.ts";
import { Journal } from "../workdir/journal.ts";
import type { WorkloadContext } from "../workload.ts";
import { type AdoptionMove, asStranger, failedName } from "./adoption.ts";
import { bringBackStranger, giveUpAdoption } from "./bring-back-stranger.ts";
import { stopWithSnapshot } from "./cut-over.ts";
import { StepFailure } from "./step.ts";

/**
 * Makes room for the first container of this stack: the one of somebody else's is held, drained, stopped and copied like
 * any other, and kept under another name. When any of it fails, it serves again as it was.
 */
export async function takeOver(context: WorkloadContext, move: AdoptionMove): Promise<void> {
  const { workload, platform, log, progress } = context;
  const { inPlace } = platform;
  const aside = keptName(workload.name);
  if (inPlace === undefined) await removeFailedOne(context);
  const served = await strangerNow(context, move);
  if (inPlace === undefined) await refuseTakenName(context, move, aside);
  let said: string[];
  try {
    await new Journal(log.folder).write({ phase: "draining", from: served.image, move });
    // An engine that restarts meanwhile must not start it on a state that is being copied.
    await platform.neverRestart(served.id);
    await stopWithSnapshot(asStranger(context, move), { move, served, leaves: false });
    said = await (inPlace === undefined
      ? setAside(context, move, aside)
      : inPlace.keep({ id: served.id, name: move.stranger.name }));
  } catch (error) {
    throw await putStrangerBack(context, move, error);
  }
  for (const line of said) progress(line);
}

async function setAside(
  { workload, platform }: WorkloadContext,
  { stranger }: AdoptionMove,
  aside: string,
): Promise<string[]> {
  const startable = await platform.setAside(stranger.id, aside);
  const kept = `${stranger.name} is kept, stopped, as ${aside}`;
  return startable === undefined
    ? [kept]
    : [
        kept,
        `nothing keeps ${aside} from being started (${startable}): two gateways on one state destroy it, so start it never while ${workload.container} runs`,
      ];
}

async function refuseTakenName(
  { workload, platform }: WorkloadContext,
  { stranger }: AdoptionMove,
  aside: string,
): Promise<void> {
  if ((await platform.unit(aside)) === undefined) return;
  throw new OperationFailure(
    `${workload.name}: ${stranger.name} is to be kept as ${aside}, and a container of that name is there already. ` +
      `Nothing was touched. Rename or remove that one first: it is what an earlier adoption has left.`,
  );
}

/** What the plan was made for must be what is there. */
async function strangerNow(
  { workload, platform }: WorkloadContext,
  { stranger }: AdoptionMove,
): Promise<Unit> {
  const served = await platform.unit(stranger.name);
  if (served?.id === stranger.id) return served;
  throw new OperationFailure(
    `${workload.name}: ${stranger.name} is another container than at the preview, or gone. Nothing was touched. Run \`pulumi up\` again.`,
  );
}

/** Of an adoption that failed, and that the engine does not know of: its creation had failed. */
async function removeFailedOne({ workload, platform }: WorkloadContext): Promise<void> {
  const { stack, name } = workload;
  const unit = failedName(name);
  const found = await platform.unit(unit);
  if (found === undefined || (await platform.strangerAt({ stack, name, unit })) !== undefined) return;
  if (!found.running) await platform.remove(unit);
}

/** @returns what to fail with: what went wrong, and what is true now. */
export async function putStrangerBack(
  context: WorkloadContext,
  { stranger }: AdoptionMove,
  error: unknown,
): Promise<Error> {
  const { workload, log, progress } = context;
  const said = error instanceof OperationFailure ? error.message : `${workload.name}: ${messageOf(error)}`;
  let now: string;
  try {
    const givenUp = await giveUpAdoption(context);
    if (givenUp === undefined) {
      await bringBackStranger(context, stranger);
      await new Journal(log.folder).clear();
      await removeFromIngress(context);
    }
    now =
      givenUp ??
      `Nothing was removed: ${stranger.name} serves again as it was. Once the cause is gone, run \`pulumi up\` again.`;
  } catch (again) {
    now =
      `Nothing was removed, but ${stranger.name} could not be started again: ${context.platform.describe(again)} ` +
      "Run `fleet recover`: it does the same once more.";
  }
  const step = error instanceof StepFailure ? error.step : "stop";
  await log.append({ kind: "failure", step, message: said, image: workload.image }).catch((unwritten) => {
    progress(`the failure could not be recorded: ${messageOf(unwritten)}`);
  });
  return new OperationFailure(`${said}\n${now}`);
}
