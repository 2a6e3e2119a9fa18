import "./components/quick-start.ts";

import { getStack } from "@pulumi/pulumi";
import { Fleet } from "./components/fleet.ts";
import { tell, withoutStackTrace } from "./components/messages.ts";
import { loadStackConfig } from "./config/load.ts";
import { stepsOf } from "./config/order.ts";
import { defaultImageOf } from "./config/rollout.ts";
import { runProcess } from "./operations/child-process.ts";
import { dockerClient } from "./operations/docker/client.ts";
import { ensureImage } from "./operations/docker/image.ts";
import { describeUnknownReleases, describeVerdicts, judgedGroups } from "./operations/evidence-facts.ts";
import { keeperFor } from "./operations/ingress/keeper.ts";
import { lastKnownInput } from "./operations/last-known.ts";
import { describePlan, describeUnrecorded } from "./operations/plan.ts";
import { onlyGoesBack } from "./operations/put-off.ts";
import { specOf } from "./operations/survey.ts";
import { hookDeadline } from "./operations/time-budget.ts";
import { surveyInWindow } from "./operations/window.ts";
import type { Workload } from "./operations/workload.ts";

const { config, secrets } = loadStackConfig();
const stack = getStack();
const surveyed = await withoutStackTrace(surveyInWindow(config, stack));
const defaultImage = defaultImageOf(config);
const groups = judgedGroups(config, surveyed, new Date());

const fleet = new Fleet("fleet", {
  stack,
  config,
  workloads: surveyed.map((workload) => ({ spec: specOf(config, workload), move: workload.move })),
  judgedGroups: groups,
  steps: stepsOf(
    surveyed.map((workload) => workload.config),
    defaultImage === undefined ? "none" : onlyGoesBack(surveyed) ? "last" : "after the canaries",
  ),
  defaultImage,
  pull: (reference) => ensureImage(dockerClient(config.platform.host, config.platform), reference),
  runProcess,
  keeper: await withoutStackTrace(keeperFor(config)),
  hookDeadline: (input) => hookDeadline(input as Workload),
  removed: (name) => lastKnownInput(config, stack, name),
  secretsOf: (workload) => ({
    snapshotPassword: secrets.snapshotPassword,
    gatewayToken:
      workload === config.controlPlane?.name
        ? secrets.controlPlanePassword
        : secrets.gatewayTokens.apply((tokens) => tokens[workload] ?? ""),
    controlPlanePassword: secrets.controlPlanePassword,
  }),
});

/** What runs once this update is done: image, digest and container of each workload. */
export const running = fleet.running;
/** In a preview: what the update does to each workload that it changes. */
export const plan = tell([
  ...describePlan(surveyed),
  ...describeUnrecorded(surveyed),
  ...describeUnknownReleases(config, surveyed),
]);
/** In a preview: what the canary of each group has proved of the candidate, as far as the records say. */
export const evidence = tell(describeVerdicts(groups));
