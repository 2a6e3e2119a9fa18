import "./components/startup-speed.ts";

import { getStack } from "@pulumi/pulumi";
import { Fleet } from "./components/fleet.ts";
import { tell, withoutStackTrace } from "./components/messages.ts";
import { loadStackConfig } from "./config/load.ts";
import { defaultImageOf } from "./config/rollout.ts";
import { tellFailure } from "./lifecycle/events.ts";
import { parseStackConfig } from "./lifecycle/stack-config.ts";
import { describeVerdicts, judgedGroups } from "./lifecycle/update/evidence-facts.ts";
import { heldSecrets } from "./lifecycle/update/held-secrets.ts";
import { describeUpdate } from "./lifecycle/update/plan.ts";
import { hookDeadline } from "./lifecycle/update/time-budget.ts";
import { updateSteps } from "./lifecycle/update/update-steps.ts";
import { situationsInWindow } from "./lifecycle/update/window.ts";
import { specOf } from "./lifecycle/update/workload-spec.ts";
import { lastKnownInput } from "./lifecycle/workdir/last-known.ts";
import type { Workload } from "./lifecycle/workload.ts";
import { runProcess } from "./platforms/child-process.ts";
import { platformOf, proxyOf, resourcesOf } from "./platforms/of-stack.ts";
import { keeperFor } from "./platforms/proxies/kamal/keeper.ts";

const { config, secrets } = loadStackConfig(parseStackConfig);
const stack = getStack();
const platform = platformOf(config);
const situations = await withoutStackTrace(situationsInWindow(config, stack, platform));
const held = await withoutStackTrace(heldSecrets(situations, platform));
const groups = judgedGroups(config, situations, new Date());

const fleet = new Fleet("fleet", {
  stack,
  config,
  workloads: situations.map((workload) => ({ spec: specOf(config, workload), move: workload.move })),
  judgedGroups: groups,
  steps: updateSteps(config, situations),
  defaultImage: defaultImageOf(config),
  resources: await resourcesOf(config),
  pull: (reference) => platform.fetch(reference),
  runProcess,
  tellFailure,
  keeper: await withoutStackTrace(keeperFor(config, platform)),
  hookDeadline: (input) => hookDeadline(input as Workload, platform),
  removed: (name) => lastKnownInput(config, { stack, name }, { platform, proxy: proxyOf(config, platform) }),
  namedOf: (workload) => secrets.named.apply((values) => ({ ...values, ...held.get(workload)?.named })),
  secretsOf: (workload) => ({
    snapshotPassword: secrets.snapshotPassword,
    gatewayToken:
      workload === config.controlPlane?.name
        ? secrets.controlPlanePassword
        : secrets.gatewayTokens.apply((tokens) => held.get(workload)?.token ?? tokens[workload] ?? ""),
    controlPlanePassword: secrets.controlPlanePassword,
  }),
});

/** What runs once this update is done: image, digest and container of each workload. */
export const running = fleet.running;
/** In a preview: what the update does to each workload that it changes. */
export const plan = tell(describeUpdate(config, situations));
/** In a preview: what the canary of each group has proved of the candidate, as far as the records say. */
export const evidence = tell(describeVerdicts(groups));
