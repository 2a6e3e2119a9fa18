import { keptName } from "../../config/kept-container.ts";
import type { Displaced } from "../../platforms/displaced.ts";
import { messageOf } from "../../platforms/failure.ts";
import { type OpenAdoption, openAdoption } from "../evidence/adoption.ts";
import { removeFromIngress } from "../ingress/open.ts";
import { type CutOverJournal, Journal } from "../workdir/journal.ts";
import type { WorkloadContext } from "../workload.ts";
import { failedName } from "./adoption.ts";
import { ownUnit } from "./own-unit.ts";
import { startOnState } from "./start.ts";

/** Its name, its restart policy, and that it serves; what is so already stays. */
export async function bringBackStranger(
  { platform, workload, progress }: Pick<WorkloadContext, "platform" | "workload" | "progress">,
  stranger: Displaced,
): Promise<void> {
  await platform.putBack(stranger);
  await startOnState({ platform, progress, workload: { ...workload, container: stranger.name } });
}

/**
 * After an adoption that did not pass: ours is stopped, and the container of before serves again.
 *
 * @returns what is true now, as sentences; undefined where no container of somebody else's waits.
 */
export async function giveUpAdoption(context: WorkloadContext): Promise<string | undefined> {
  const { workload, platform, log } = context;
  const journal = new Journal(log.folder);
  const adoption = openAdoption(await log.read()) ?? unrecordedAdoption(await journal.read());
  if (adoption === undefined) return undefined;
  const { stranger, snapshot, image } = adoption;
  const aside = failedName(workload.name);
  const done = { drained: { active: 0, seconds: 0, cut: 0 }, stop: { seconds: 0, killed: false } };
  try {
    // For who finds it half done: see `fleet recover`.
    await journal.write({
      ...{ phase: "stopping", from: image },
      move: { kind: "adopt", from: image, to: image, stranger },
    });
    const ours = await ownUnit(context);
    if (ours !== undefined) {
      done.stop = await platform.stop(workload.container, workload.stopGrace);
      if (stranger.beside === undefined) await platform.setAside(ours.id, aside);
    }
    await bringBackStranger(context, stranger);
    await log.append({
      ...{ kind: "cut-over", from: image, to: image, direction: "same", snapshot, ...done },
      stranger: { ...stranger, did: "returned" },
    });
    await journal.clear();
    await removeFromIngress(context);
  } catch (error) {
    const names = { kept: keptName(workload.name), own: workload.container, failed: aside };
    const commands = platform.waysBack(stranger, names).map((command) => `\`${command}\``);
    return (
      `${stranger.name} could not be brought back: ${platform.describe(error)} ` +
      `By hand: ${commands.join(", ")}. Never run both: they have one state.`
    );
  }
  return (
    `${stranger.name} serves again as it was, on the state as it is now. The state of before is snapshot ${snapshot.slice(0, 8)}. ` +
    (await logAdvice(context, aside)) +
    "Once the cause is gone, run `pulumi up` again."
  );
}

/** Of a unit that is changed in its place: what stands between its stop and the change is in the journal alone. */
function unrecordedAdoption(journal: CutOverJournal | undefined): OpenAdoption | undefined {
  const { move, cutOver } = journal ?? {};
  return move?.kind === "adopt" && move.stranger.beside !== undefined && cutOver !== undefined
    ? { stranger: move.stranger, snapshot: cutOver.snapshot, image: move.to }
    : undefined;
}

async function logAdvice({ platform }: WorkloadContext, aside: string): Promise<string> {
  try {
    const found = await platform.unit(aside);
    return found === undefined ? "" : `The log of what failed: ${platform.words.logCommand(aside)}. `;
  } catch (error) {
    return `${messageOf(error)} `;
  }
}
