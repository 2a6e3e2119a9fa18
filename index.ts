import { getStack } from "@pulumi/pulumi";
import { Fleet } from "./components/fleet.ts";
import { tell, withoutStackTrace } from "./components/messages.ts";
import { loadStackConfig } from "./config/load.ts";
import { describePlan, describeRunning } from "./operations/plan.ts";
import { lastKnownInput, specOf, survey } from "./operations/survey.ts";

const { config, secrets } = loadStackConfig();
const stack = getStack();
const surveyed = await withoutStackTrace(survey(config, stack));

new Fleet("fleet", {
  dockerHost: config.platform.host,
  agentImages: config.agentImages,
  workloads: surveyed.map((workload) => ({ spec: specOf(workload), move: workload.move })),
  removed: (name) => lastKnownInput(config, stack, name),
  snapshotPassword: secrets.snapshotPassword,
  gatewayToken: (workload) => secrets.gatewayTokens.apply((tokens) => tokens[workload] ?? ""),
});

/** What runs, by digest. */
export const running = describeRunning(surveyed);
/** What this update does to each workload that it changes. */
export const plan = tell(describePlan(surveyed));
