import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import {
  controlPlanePasswordVariable,
  inputText,
  keepResultPath,
  type OperationName,
  type OwnedTask,
  ownerOf,
  passwordVariable,
  programPath,
  tokenVariable,
  workloadVariable,
} from "../config/contract.ts";

export interface OperationSecrets {
  snapshotPassword: pulumi.Input<string>;
  gatewayToken: pulumi.Input<string>;
  /** Empty in a stack without a control plane. */
  controlPlanePassword: pulumi.Input<string>;
}

export interface OperationArgs {
  program: OperationName;
  /** Plain JSON, the program's input: a workload as lifecycle/workload.ts describes it, and what else the program takes. */
  task: OwnedTask & Record<string, unknown>;
  secrets: OperationSecrets;
  /** What the program takes beside its task and must not be shown: added to its input, which is a secret then. */
  secretTask?: pulumi.Input<Record<string, unknown>>;
  /** The program runs when one of these changes, and only then. */
  triggers: pulumi.Input<string>[];
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
      update: keepResultPath,
      triggers: args.putOff === undefined ? args.triggers : [...args.triggers, "put off"],
      stdin: inputOf(args),
      environment: { [workloadVariable]: ownerOf(args.task), ...secretVariables(args.secrets) },
      logging: command.types.enums.local.Logging.Stderr,
    },
    opts,
  );
}

function inputOf({ task: wanted, secretTask, putOff }: OperationArgs): pulumi.Input<string> {
  const task = putOff === undefined ? wanted : { ...wanted, putOff };
  return secretTask === undefined
    ? inputText(task)
    : pulumi.secret(secretTask).apply((more) => inputText({ ...task, ...more }));
}

/** How programs get the secrets that each of them needs: short, and never in their arguments. */
export function secretVariables(secrets: OperationSecrets): Record<string, pulumi.Input<string>> {
  return {
    [passwordVariable]: secrets.snapshotPassword,
    [tokenVariable]: secrets.gatewayToken,
    [controlPlanePasswordVariable]: secrets.controlPlanePassword,
  };
}
