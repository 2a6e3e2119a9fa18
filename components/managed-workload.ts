import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { digestIn } from "../config/digest.ts";
import { fingerprint } from "../config/fingerprint.ts";
import { operationCommand } from "./operation.ts";
import {
  judgedOutputs,
  type RunningWorkload,
  unlessUntouched,
  verificationTrigger,
  type WorkloadArgs,
} from "./workload.ts";

/** One gateway whose container the running control plane makes: moved through its API, verified inside. */
export class ManagedWorkload extends pulumi.ComponentResource {
  /** Done when the workload has passed: the next cut-over waits for it. */
  readonly verification: command.local.Command;
  /** What runs once it has passed. */
  readonly running: pulumi.Output<RunningWorkload>;
  readonly containerId: pulumi.Output<string>;

  constructor(
    name: string,
    { spec, secrets, after }: Omit<WorkloadArgs, "hooks" | "resources">,
    opts: pulumi.ComponentResourceOptions,
  ) {
    const { track, role, group, wave, image } = spec;
    super("clawforce:fleet:ManagedWorkload", name, { track, role, group, wave, image }, opts);
    const common = { task: { workload: spec.input }, secrets };
    const move = operationCommand(
      `${name}-move`,
      {
        ...common,
        program: "move-managed",
        triggers: [spec.trigger, fingerprint(spec.gate)],
      },
      { parent: this, dependsOn: after, ...unlessUntouched(spec) },
    );
    this.containerId = move.stdout.apply((text) => (JSON.parse(text) as { container: string }).container);
    this.verification = operationCommand(
      `${name}-verification`,
      {
        ...common,
        program: "verify",
        triggers: [this.containerId, verificationTrigger(spec)],
        ...(spec.putOff?.verification === true && { putOff: spec.putOff.why }),
      },
      { parent: this, dependsOn: [move], ...unlessUntouched(spec) },
    );
    this.running = pulumi.all([this.containerId, this.verification.id]).apply(([container]) => ({
      image,
      digest: digestIn(image),
      container,
    }));
    // Outputs, not inputs: from and move differ from run to run, and that is no operation on anything.
    this.registerOutputs({ running: this.running, judged: judgedOutputs(spec) });
  }
}
