import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { fingerprint } from "../config/fingerprint.ts";
import type { BakeConfig } from "../config/schema.ts";
import { type OperationSecrets, operationCommand } from "./operation.ts";
import type { Workload, WorkloadSpec } from "./workload.ts";

export interface BakedWorkload {
  spec: WorkloadSpec;
  workload: Pick<Workload, "containerId">;
  secrets: OperationSecrets;
}

/**
 * The verification of one wave kept up for a time, one program for all of it. It is there also where nothing is to be
 * baked, so that a promotion takes nothing away; the program finds out what is new.
 */
export function bakeOfWave(
  name: string,
  members: readonly [BakedWorkload, ...BakedWorkload[]],
  bake: BakeConfig,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  const [first] = members;
  const putOff = members.map(({ spec }) => spec.putOff).find((each) => each?.bake === true);
  return operationCommand(
    name,
    {
      program: "bake",
      ...(putOff && { putOff: putOff.why }),
      task: { workload: first.spec.input, wave: members.map(({ spec }) => spec.input), bake },
      secrets: first.secrets,
      triggers: [
        ...members.map(({ workload }) => workload.containerId),
        // Verified anew after it was brought back: what failed in between has taken the bake back.
        ...members.map(({ spec }) => spec.servingTrigger),
        fingerprint([bake, members.map(({ spec }) => spec.verification)]),
      ],
      secretTask: pulumi
        .all(members.map(({ secrets }) => secrets.gatewayToken))
        .apply((gatewayTokens) => ({ gatewayTokens })),
    },
    opts,
  );
}
