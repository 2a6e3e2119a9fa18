/** Where a command writes: the terminal, or what stands in for it in a test. */
export interface Output {
  write(text: string): unknown;
}

export interface Invocation {
  stack: string;
  /** The stack file that was named; undefined: Pulumi.<stack>.yaml in the project's folder. */
  configFile: string | undefined;
  /** The command's own flags, by their names. */
  flags: Record<string, string | boolean | undefined>;
  /** What stands beside the flags, of a command that takes an argument. */
  argument: string | undefined;
  out: Output;
  /** For what is no part of the result: progress, and summaries of what goes elsewhere. */
  err: Output;
}

export interface Command {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** What `--help` says below the usage line. */
  help: string;
  /** The flags that it has beside `--stack`, `--config-file` and `--help`. */
  flags: Record<string, { type: "string" | "boolean"; value?: string; does: string }>;
  /** What may stand beside the flags, once; none: nothing may. */
  argument?: { name: string; does: string };
  /** Resolves to the exit code. */
  run(invocation: Invocation): Promise<number>;
}

/** An expected failure of a command: its sentence is all that is printed, the exit code is 1. */
export class CommandFailure extends Error {
  override name = "CommandFailure";
}
