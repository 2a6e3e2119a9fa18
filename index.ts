import "./components/quick-start.ts";

import { getStack } from "@pulumi/pulumi";
import { Fleet } from "./components/fleet.ts";
import { tell, withoutStackTrace } from "./components/messages.ts";
import { loadStackConfig } from "./config/load.ts";
import { describePlan } from "./operations/plan.ts";
import { lastKnownInput, specOf, survey } from "./operations/survey.ts";

const { config, secrets } = loadStackConfig();
const stack = getStack();
const surveyed = await withoutStackTrace(survey(config, stack));

const fleet = new Fleet("fleet", {
  stack,
  dockerHost: config.platform.host,
  agentImages: config.agentImages,
  workloads: surveyed.map((workload) => ({ spec: specOf(workload), move: workload.move })),
  removed: (name) => lastKnownInput(config, stack, name),
  snapshotPassword: secrets.snapshotPassword,
  gatewayToken: (workload) => secrets.gatewayTokens.apply((tokens) => tokens[workload] ?? ""),
});

/** What runs once this update is done: image, digest and container of each workload. */
export const running = fleet.running;
/** In a preview: what the update does to each workload that it changes. */
export const plan = tell(describePlan(surveyed));
