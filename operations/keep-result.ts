// A command of ours runs again when its triggers change. A change of its other inputs is only noted: this program,
// run in place of it, hands the result of the last run on.
process.stdout.write(process.env.PULUMI_COMMAND_STDOUT ?? "");
