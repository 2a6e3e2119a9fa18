import { parseArgs } from "node:util";
import { ConfigError } from "../config/problem.ts";
import { StackFileError } from "../config/stack-file.ts";
import { EvidenceFailure } from "../lifecycle/evidence/failure.ts";
import { OperationFailure } from "../platforms/failure.ts";
import { type Command, CommandFailure, type Invocation, type Output } from "./command.ts";

/** Name -> where the command is. Loaded only when it is asked for: `status` must not wait for the engine's modules. */
const commands: Record<string, () => Promise<Command>> = {
  status: async () => (await import("./status.ts")).status,
  doctor: async () => (await import("./doctor/doctor.ts")).doctor,
  adopt: async () => (await import("./adopt.ts")).adopt,
  pin: async () => (await import("./pin.ts")).pin,
  update: async () => (await import("./update.ts")).update,
  promote: async () => (await import("./promote.ts")).promote,
  rollback: async () => (await import("./rollback.ts")).rollback,
  restore: async () => (await import("./restore.ts")).restore,
  drill: async () => (await import("./drill.ts")).drill,
  rehearse: async () => (await import("./rehearse.ts")).rehearse,
  forgive: async () => (await import("./forgive.ts")).forgive,
  recover: async () => (await import("./recover.ts")).recover,
  evidence: async () => (await import("./evidence.ts")).evidence,
  report: async () => (await import("./report-command.ts")).report,
  review: async () => (await import("./review.ts")).review,
};

/** Runs one command. Exit codes: 0 done, 1 failed, 2 not understood; a command may have others and says so in its help. */
export async function fleet(argv: string[], out: Output, err: Output): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    (name === undefined ? err : out).write(await overview());
    return name === undefined ? 2 : 0;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    err.write(`fleet has no command ${JSON.stringify(name)}.\n\n${await overview()}`);
    return 2;
  }
  const command = await load();
  const parsed = parse(command, rest);
  if ("problem" in parsed) {
    err.write(`${parsed.problem}\n\n${usage(command)}`);
    return 2;
  }
  if (parsed.help) {
    out.write(`${usage(command)}\n${command.help.trim()}\n`);
    return 0;
  }
  try {
    return await command.run({ ...parsed.invocation, out, err });
  } catch (error) {
    err.write(`${sentenceOf(error)}\n`);
    return 1;
  }
}

type Parsed =
  | { problem: string }
  | { help: true }
  | { help: false; invocation: Omit<Invocation, "out" | "err"> };

function parse(command: Command, argv: string[]): Parsed {
  const common = { stack: { type: "string" }, "config-file": { type: "string" } } as const;
  const options = { ...command.flags, ...common, help: { type: "boolean", short: "h" } } as const;
  let values: Record<string, string | boolean | undefined>;
  let positionals: string[];
  try {
    const allowPositionals = command.argument !== undefined;
    ({ values, positionals } = parseArgs({ args: argv, options, allowPositionals, strict: true }));
  } catch (error) {
    return { problem: `fleet ${command.name}: ${firstSentence(error)}` };
  }
  if (positionals.length > 1) {
    return {
      problem: `fleet ${command.name}: one ${command.argument?.name} at a time, not ${positionals.length}.`,
    };
  }
  const { stack, "config-file": configFile, help, ...flags } = values;
  if (help === true) {
    return { help: true };
  }
  if (typeof stack !== "string" || !/^[A-Za-z0-9_.-]{1,100}$/.test(stack)) {
    const what =
      stack === undefined ? "which stack? Name it" : `${JSON.stringify(stack)} is no stack's name. Write it`;
    return { problem: `fleet ${command.name}: ${what} with --stack, as in \`--stack prod\`.` };
  }
  return {
    help: false,
    invocation: {
      stack,
      configFile: typeof configFile === "string" ? configFile : undefined,
      flags,
      argument: positionals[0],
    },
  };
}

function usage({ name, flags, argument }: Command): string {
  const own = Object.entries(flags).map(
    ([flag, { type, value, does }]) =>
      [`--${flag}${type === "string" ? ` ${value ?? "TEXT"}` : ""}`, does] as const,
  );
  const rows = [
    ...(argument === undefined ? [] : [[argument.name, argument.does] as const]),
    ...own,
    ["--stack S", "the stack, as in Pulumi.S.yaml"] as const,
    ["--config-file F", "its stack file, if it is another one"] as const,
  ];
  const width = Math.max(...rows.map(([flag]) => flag.length));
  return [
    `usage: fleet ${name} --stack S${own.map(([flag]) => ` [${flag}]`).join("")} [--config-file F]${argument === undefined ? "" : ` [${argument.name}]`}`,
    ...rows.map(([flag, does]) => `  ${flag.padEnd(width)}  ${does}`),
    "",
  ].join("\n");
}

async function overview(): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  const width = Math.max(...all.map(({ name }) => name.length));
  return [
    "usage: fleet <command> --stack S [--config-file F]",
    ...all.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "`fleet <command> --help` says more.",
    "",
  ].join("\n");
}

/** What an operator can do something about is one sentence; anything else is a fault of ours, and says so. */
function sentenceOf(error: unknown): string {
  const expected = [CommandFailure, ConfigError, StackFileError, OperationFailure, EvidenceFailure];
  if (expected.some((kind) => error instanceof kind)) {
    return (error as Error).message;
  }
  return `fleet failed in a way that it does not expect: ${firstSentence(error)}`;
}

function firstSentence(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
