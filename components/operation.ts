import * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";

/** The programs in operations/ that resources run. */
export type OperationName = "prepare" | "cut-over" | "restore" | "gate" | "verify" | "serve";

export interface OperationSecrets {
  snapshotPassword: pulumi.Input<string>;
  gatewayToken: pulumi.Input<string>;
}

export interface OperationArgs {
  program: OperationName;
  /** Plain JSON: the workload as operations/workload.ts describes it. */
  workload: object;
  secrets: OperationSecrets;
  /** The program runs when one of these changes, and only then. */
  triggers: pulumi.Input<string>[];
  environment?: Record<string, string>;
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
      triggers: args.triggers,
      environment: {
        ...args.environment,
        CLAWFORCE_OPERATION: JSON.stringify({ workload: args.workload }),
        CLAWFORCE_SNAPSHOT_PASSWORD: args.secrets.snapshotPassword,
        CLAWFORCE_GATEWAY_TOKEN: args.secrets.gatewayToken,
      },
      logging: command.types.enums.local.Logging.Stderr,
    },
    opts,
  );
}

/** Relative to the project, so that a checkout elsewhere changes nothing. */
export function programPath(program: OperationName): string {
  return `operations/${program}.ts`;
}
