import * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";

/** The programs in operations/ that resources run. */
export type OperationName =
  | "prepare"
  | "cut-over"
  | "restore"
  | "gate"
  | "verify"
  | "serve"
  | "prepare-managed"
  | "move-managed"
  | "bake"
  | "default-image";

export interface OperationSecrets {
  snapshotPassword: pulumi.Input<string>;
  gatewayToken: pulumi.Input<string>;
  /** Empty in a stack without a control plane. */
  controlPlanePassword: pulumi.Input<string>;
}

export interface OperationArgs {
  program: OperationName;
  /** Plain JSON, the program's input: a workload as operations/workload.ts describes it, and what else the program takes. */
  task: { workload: object } & Record<string, unknown>;
  secrets: OperationSecrets;
  /** The program runs when one of these changes, and only then. */
  triggers: pulumi.Input<string>[];
  environment?: Record<string, pulumi.Input<string>>;
  /** Why the program does nothing in this run; it runs in the next one that does not say so. */
  putOff?: string;
}

/** A command that runs one program of operations/, and runs it again only when a trigger changes. */
export function operationCommand(
  name: string,
  args: OperationArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  return new command.local.Command(
    name,
    {
      interpreter: ["node"],
      create: programPath(args.program),
      update: "operations/keep-result.ts",
      triggers: args.putOff === undefined ? args.triggers : [...args.triggers, "put off"],
      environment: {
        ...args.environment,
        ...(args.putOff !== undefined && { CLAWFORCE_PUT_OFF: args.putOff }),
        CLAWFORCE_OPERATION: JSON.stringify(args.task),
        ...secretVariables(args.secrets),
      },
      logging: command.types.enums.local.Logging.Stderr,
    },
    opts,
  );
}

/** How programs get their secrets: never in their arguments or in their input. */
export function secretVariables(secrets: OperationSecrets): Record<string, pulumi.Input<string>> {
  return {
    CLAWFORCE_SNAPSHOT_PASSWORD: secrets.snapshotPassword,
    CLAWFORCE_GATEWAY_TOKEN: secrets.gatewayToken,
    CLAWFORCE_CONTROL_PLANE_PASSWORD: secrets.controlPlanePassword,
  };
}

/** Relative to the project, so that a checkout elsewhere changes nothing. */
export function programPath(program: OperationName): string {
  return `operations/${program}.ts`;
}
