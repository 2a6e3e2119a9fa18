import type { StackConfig } from "../config/schema.ts";
import { seconds } from "../config/units.ts";
import { untouchedBy } from "../platforms/failure.ts";
import { platformOf, proxyOf } from "../platforms/of-stack.ts";
import type { Platform } from "../platforms/platform.ts";
import { type Command, CommandFailure, type Output } from "./command.ts";
import { thisMachine } from "./operations-under-way.ts";
import { Recovery } from "./recovery.ts";
import { RecoveryEngine } from "./recovery-engine.ts";
import { look } from "./running.ts";
import { configOf } from "./stack.ts";
import { workloadContext } from "./workload-context.ts";

export const recover: Command = {
  name: "recover",
  summary: "after the deployer died: leaves nothing locked, stopped or half done",
  help: `
For after the deployer was killed or its machine restarted, at whatever point. It looks at what really runs. Then it
  removes Pulumi's lock, if the process that took it is dead
  removes left-over containers
  brings back what was stopped
  finishes an update that was begun, with the configuration as it is now

It refuses while an update is under way. It is safe to run again: with nothing to do it changes nothing. See
docs/recover.md.

Exit code 0: every workload serves. 1: refused, or something could not be brought back; the last lines say what to do.`,
  flags: {
    "dry-run": { type: "boolean", does: "say what it would do, and touch nothing" },
    wait: {
      type: "string",
      value: "5m",
      does: "how long to wait for operations that outlived the deployer; default 5m",
    },
  },
  async run({ stack, configFile, flags, out }) {
    const wait = waitOf(flags.wait);
    const config = configOf({ stack, configFile });
    const engine = await RecoveryEngine.open({ stack, configFile }, out);
    const platform = platformOf(config);
    const recovery = new Recovery(config, stack, {
      ...{ engine, platform, out, machine: thisMachine() },
      proxy: proxyOf(config, platform),
      look: () => look(config, stack),
      contextOf: (workload) => workloadContext({ stack, configFile }, workload, out),
    });
    if (flags["dry-run"] === true) {
      return recovery.describe();
    }
    try {
      return await alone(platform, config, stack, out, () => recovery.run(wait));
    } catch (error) {
      throw untouchedBy(error);
    }
  },
};

/** One recovery of a stack at a time, on whatever machine. What is down must come back without the image of the lock too. */
async function alone(
  platform: Platform,
  config: StackConfig,
  stack: string,
  out: Output,
  work: () => Promise<number>,
): Promise<number> {
  const { image } = config.snapshots;
  try {
    await platform.fetch(image);
  } catch (error) {
    out.write(
      `${image} is not on ${platform.words.place} and can't be pulled (${platform.describe(error)}). So nothing keeps a second recovery out: start no other one.\n`,
    );
    return work();
  }
  return platform.lock({ kind: "recover", of: stack, purpose: "fleet recover", image, wait: 0 }, work);
}

function waitOf(text: string | boolean | undefined): number {
  if (text === undefined) {
    return 300;
  }
  const parsed = seconds.safeParse(text);
  if (!parsed.success) {
    throw new CommandFailure(`--wait: ${parsed.error.issues[0]?.message ?? "expected a duration"}.`);
  }
  return parsed.data;
}
