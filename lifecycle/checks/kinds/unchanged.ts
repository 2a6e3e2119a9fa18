import { z } from "zod";
import { checkBase, within } from "../../../config/check-kind.ts";
import { doc } from "../../../config/fields.ts";
import { fieldAt, fieldOf } from "../../../config/json.ts";
import type { Path, Problem } from "../../../config/problem.ts";
import type { Track } from "../../../config/track.ts";
import { unchangedParts } from "../../control-plane/unchanged.ts";
import type { WorkloadContext } from "../../workload.ts";
import { noBaseline } from "../before.ts";
import { type CommandResult, jsonOf, oneLine } from "../cli-output.ts";
import { judgeConfiguration, keysOf, readConfiguration } from "../configuration.ts";
import { type Attempt, allOf, failed, passed } from "../judge.ts";
import { checkKind, type Looking } from "../kind.ts";
import { channelsArgv, compareChannels } from "./channels.ts";

const gatewayParts = ["sessions", "channels", "configuration"] as const;
const part = z.enum([...unchangedParts, ...gatewayParts]);

export const unchanged = checkKind({
  schema: z.strictObject({
    kind: z.literal("unchanged").describe("Compares what is there with what was there before the update."),
    ...checkBase,
    deadline: within(180),
    what: z
      .array(part)
      .min(1)
      .meta(
        doc(
          "What is compared with before the update. `sessions`, `channels` and `configuration` (the keys of openclaw.json) belong to a gateway, the others to the control plane.",
          ["sessions", "configuration"],
        ),
      ),
    except: z
      .array(z.string().min(1))
      .default([])
      .meta(doc("Names of settings that an update may change.", ["default_models"])),
  }),
  tracks: ["control-plane", "runtime"],
  problems: foreignParts,
  section: `
Compares with what was written down before the update:

- of the control plane:
  - \`instances\`: the same ones in the same states;
  - \`backups\`: not fewer; the newest completed one is fetched and opened, and must have the configuration of its instance;
  - \`users\`: each one, with its role;
  - \`settings\`: each with the same value, except the default images, which this program sets, and those named under \`except\`;
  - \`secret\`: the stored secrets decrypt with the key of before, and the API shows them;
- of a gateway:
  - \`sessions\`: not fewer;
  - \`channels\`: as the kind above;
  - \`configuration\`: each key of \`openclaw.json\` is there still.

Of settings, secrets and the configuration the record has keyed hashes, no values. **Fails** with what is gone. Do not repair it by hand: go
back.

\`configuration\` fails for keys that are gone, for example if a migration or \`doctor --fix\` removed them. Changed values are named by key, and
stop nothing: people and agents change them too. \`meta\` is left out, because every config writer stamps it. Agents that moved from
\`agents.list\` to \`agents.entries\` are the same agents, also without \`default\`, which later versions take away. The hashes are keyed by
the secret \`snapshotPassword\`. Files that \`openclaw.json\` includes are not read. *Inconclusive*: a file that can't be read; before an update this refuses the update.
`,
  compares: ({ what }) => what,
  // The newest backup was opened for the baseline, by the file that it will be judged by: it may be large.
  rehearsed: (check) => {
    const what = check.what.filter((each) => each !== "backups");
    return what.length === 0 ? [] : [{ ...check, what }];
  },
  async attempt(looking, check, deadline) {
    if (looking.context.workload.track === "control-plane") {
      // Not for whoever only reads a configuration: the client of the control plane is large.
      const { attemptUnchanged } = await import("../../control-plane/check.ts");
      return attemptUnchanged(looking.context, check, looking.before);
    }
    const attempts: Attempt[] = [];
    for (const what of check.what) {
      attempts.push(await attemptPart(looking, what, deadline));
    }
    return allOf(attempts);
  },
});

function foreignParts(path: Path, written: unknown, track: Track): Problem[] {
  const own: readonly string[] = track === "runtime" ? gatewayParts : unchangedParts;
  const what = fieldOf(written, "what");
  return (Array.isArray(what) ? what : []).flatMap((each, index) =>
    !part.safeParse(each).success || own.includes(each)
      ? []
      : [
          {
            path: [...path, "what", index],
            message: `a ${track === "runtime" ? "gateway" : "control plane"} has no ${each}. Write ${own.map((one) => JSON.stringify(one)).join(" or ")}.`,
          },
        ],
  );
}

/** What a gateway must not have less of than before. Instances and backups are the control plane's. */
async function attemptPart(
  looking: Looking,
  what: z.output<typeof part>,
  deadline: number,
): Promise<Attempt> {
  const { context, before, records } = looking;
  if (what === "channels") {
    return compareChannels(looking, { argv: channelsArgv, allowNone: true }, deadline);
  }
  if (what === "sessions") {
    const now = await countSessions(context, deadline);
    return judgeSessions(before?.sessions, now, noBaseline(records));
  }
  if (what === "configuration") {
    const now = await readConfiguration(context, deadline);
    if (before?.configuration !== undefined) {
      return judgeConfiguration(before.configuration, now, context.secrets.snapshotPassword);
    }
    const seen = now.content === undefined ? "no" : `${keysOf(now.content).size} keys in`;
    return passed(`${seen} ${now.file}; ${noBaseline(records)}`);
  }
  return failed(`a gateway has no ${what}: take it out of \`what\``);
}

export function judgeSessions(before: number | undefined, now: number, without: string): Attempt {
  if (before === undefined) return passed(`${now} sessions; ${without}`);
  return now < before
    ? failed(`${now} sessions instead of ${before}: sessions are gone`)
    : passed(`${now} sessions, ${before} before`);
}

export async function countSessions(
  { platform, workload }: WorkloadContext,
  deadline: number,
): Promise<number> {
  const argv = ["openclaw", "sessions", "--all-agents", "--json"];
  return sessionsOf(await platform.exec(workload.container, argv, { deadline }));
}

/** `count` is that of the sessions in the list, which newer versions cut at 100; `totalCount` is that of all. */
export function sessionsOf(result: CommandResult): number {
  const list = jsonOf(result.stdout);
  const count = fieldAt(list, "totalCount") ?? fieldAt(list, "count");
  if (result.exitCode !== 0 || typeof count !== "number") {
    throw new Error(`no list of sessions: ${oneLine(result.stdout || result.stderr)}`);
  }
  return count;
}
