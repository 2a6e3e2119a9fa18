import { shortReference } from "../config/image-reference.ts";
import { refusalText } from "../lifecycle/evidence/refusal.ts";
import { afterFailedAdoption } from "./adoption-step.ts";
import { CommandFailure, type Output } from "./command.ts";
import { controlPlane } from "./pinned-change.ts";
import type { PolicyPack } from "./policy-pack.ts";
import { runUpdate, showPlan } from "./run-update.ts";
import { withSecretPrints } from "./secret-prints.ts";
import { situationsOf } from "./situations.ts";
import { configOf, fromProjectFolder, type NamedStack, stackFileOf } from "./stack.ts";
import { StackFileChange } from "./stack-file-change.ts";
import { UpdateEngine } from "./update-engine.ts";
import { leftAloneLines, nothingToTakeBack, rollbackEdits, settingsBack } from "./way-back.ts";

export interface ControlPlaneUpdate {
  /** Take it back at once when it fails. */
  rollback: boolean;
  dryRun: boolean;
  /** What has to pass the update first. */
  pack: PolicyPack | undefined;
}

/** The control plane to the image that the stack file names: one workload, so there are no waves. */
export async function updateControlPlane(
  named: NamedStack,
  { rollback, dryRun, pack }: ControlPlaneUpdate,
  out: Output,
): Promise<"done" | "failed" | "gone back"> {
  const config = await withSecretPrints(configOf(named), named);
  const { secretPrints } = config;
  const change = StackFileChange.plan(stackFileOf(named), []);
  const planned = await showPlan(config, named, out);
  const plane = planned.find(({ config: { track } }) => track === "control-plane");
  const image = shortReference(config.controlPlane?.image ?? "");
  if (plane?.refused !== undefined) {
    throw new CommandFailure(refusalText(plane.input.name, plane.refused));
  }
  if (plane?.move.kind === "none") {
    out.write(
      `The control plane runs ${image} already. Name another one: \`fleet pin --stack ${named.stack} --image control-plane TAG\`.\n`,
    );
    return "done";
  }
  const title = `control plane: ${image}`;
  if (dryRun) {
    out.write(`Would run: ${title}. Nothing was touched (--dry-run).\n`);
    return "done";
  }
  const engine = await UpdateEngine.open(named, out, pack);
  const { passed, touched } = await runUpdate({ named, engine, change, title, out, secretPrints });
  if (passed) {
    return "done";
  }
  if (plane?.move.kind === "adopt") {
    out.write(afterFailedAdoption(named.stack));
    return "failed";
  }
  const settings = settingsBack(plane === undefined ? [] : [plane]);
  const isChange = plane?.move.kind === "change";
  if (!rollback || (isChange && touched.length > 0)) {
    out.write(
      `${isChange ? "" : `The way back: fleet rollback --stack ${named.stack} --image control-plane\n`}${settings}` +
        `To try again instead, once the cause is gone: fleet update --stack ${named.stack}\n`,
    );
    return "failed";
  }
  if (touched.length === 0) {
    out.write(`\n${nothingToTakeBack("update", named.stack)}`);
    return "gone back";
  }
  out.write("\nThe update has failed and is taken back.\n");
  const records = (await situationsOf(config, named.stack)).map((each) => each.records);
  const edits = rollbackEdits(config, { image: controlPlane, group: undefined, toWave: undefined }, records);
  const back = StackFileChange.plan(stackFileOf(named), edits);
  back.show(out);
  const left = leftAloneLines(await showPlan(fromProjectFolder(back.config()), named, out));
  const unjudged = engine.unjudged();
  const ran = await runUpdate({ named, engine: unjudged, change: back, title: "control plane: back", out });
  out.write(
    ran.passed
      ? `Gone back: the control plane runs the image of before.\n${settings}${left}`
      : `The way back has failed too. See what runs: \`fleet status --stack ${named.stack}\`. Then run \`fleet recover --stack ${named.stack}\`.\n`,
  );
  return ran.passed ? "gone back" : "failed";
}
