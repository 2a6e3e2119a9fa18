import { appendFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { doctorCommand } from "../../demo/settings.ts";
import type { RehearsalEntry } from "../../lifecycle/evidence/records.ts";
import { startContainer, stopContainer } from "../../platforms/docker/lifecycle.ts";
import { livedIn, openClawWorld } from "../support/lived-in.ts";
import { OpenClawCopy } from "../support/openclaw-copy.ts";
import { partsOfThisRun } from "../support/world.ts";
import { networkOf } from "../support/world-settings.ts";
import { matrixTable, type Row, verdictText } from "./matrix-table.ts";

/** From which version to which, and what else the state has. */
const jumps: readonly { from: string; to: string; with?: "an irc channel" | "a stamped configuration" }[] = [
  { from: "2026.4.15", to: "2026.4.23" },
  { from: "2026.4.23", to: "2026.6.11" },
  { from: "2026.4.23", to: "2026.6.11", with: "an irc channel" },
  { from: "2026.6.11", to: "2026.7.1-2" },
  { from: "2026.6.11", to: "2026.7.1-2", with: "a stamped configuration" },
  { from: "2026.9.1", to: "2026.9.4" },
  { from: "2026.7.1-2", to: "2026.9.6" },
  { from: "2026.9.4", to: "2026.9.6" },
  { from: "2026.4.23", to: "2026.9.6" },
];

const migrate = [{ command: doctorCommand, deadline: "20m" }];
/** Seconds for a gateway to get ready: nothing in here may fail because the machine is busy. */
const patience = 900;

const irc = { enabled: true, host: "irc.test", port: 6667, tls: false, nick: "claw", channels: ["#ops"] };

const rows: Row[] = [];
const log = process.env.CLAWFORCE_MATRIX_LOG;

function note(title: string, text: string): void {
  if (log !== undefined && log !== "") appendFileSync(log, `\n##### ${title}\n${text}\n`);
}

describe("what a rehearsal says of two versions of OpenClaw is what is true of them", () => {
  afterAll(() => console.log(matrixTable(rows)));

  for (const jump of jumps) {
    const title = `${jump.from} -> ${jump.to}${jump.with === undefined ? "" : ` with ${jump.with}`}`;
    it(title, async () => {
      const row = await rowOf(jump, title);
      rows.push(row);
      expect(row.wrong, verdictText(row)).toEqual([]);
    });
  }
});

async function rowOf(jump: (typeof jumps)[number], title: string): Promise<Row> {
  const { openclaw } = (await partsOfThisRun()).images;
  const [from, to] = [openclaw[jump.from] ?? "", openclaw[jump.to] ?? ""];
  const world = await openClawWorld(from);
  const copies: OpenClawCopy[] = [];
  try {
    const name = world.instances[0] as string;
    const before = await livedIn(world, {
      ...(jump.with === "an irc channel" && { channels: { irc } }),
      stamped: jump.with === "a stamped configuration",
    });
    note(`${title}: lived in`, JSON.stringify(before));
    const network = networkOf(world.stack);
    const copy = async (as: string, of?: OpenClawCopy) => {
      const made = await (of?.again(as) ?? OpenClawCopy.of(world, `${name}-state`, as, network));
      copies.push(made);
      return made;
    };
    // What is true of the state as it is while nothing writes to it; the rehearsals take their own hot snapshots.
    await stopContainer(world.docker, name, 60);
    const plain = await copy("plain");
    const migrated = await copy("migrated");
    await startContainer(world.docker, name, patience);

    const row: Row = { title, wrong: [], plain: undefined, migrated: undefined };
    for (const [kind, on] of [
      ["plain", plain],
      ["migrated", migrated],
    ] as const) {
      await world.configure({
        images: { stable: from, candidate: to, ...(kind === "migrated" && { migrate }) },
      });
      const run = await world.fleet("rehearse");
      note(`${title}: rehearse ${kind}`, run.output);
      const said = (await world.records(name)).findLast(({ kind }) => kind === "rehearsal") as
        | RehearsalEntry
        | undefined;
      const program = kind === "migrated" ? await on.run(to, doctorCommand) : undefined;
      if (program !== undefined) note(`${title}: doctor, ${program.code}`, program.output);
      const started = await on.start(to, patience);
      note(`${title}: truth ${kind}`, JSON.stringify(started, null, 1));
      const back = started.ready ? await (await copy(`back-${kind}`, on)).start(from, patience) : undefined;
      if (back !== undefined) note(`${title}: truth back ${kind}`, JSON.stringify(back, null, 1));
      row[kind] = { before, said, doctor: program?.code, started, back };
    }
    row.wrong = wrongIn(row);
    return row;
  } finally {
    for (const each of copies) await each.remove();
    await world.destroy();
  }
}

/** Where the rehearsal's word is not what is true. To go back with the state where code alone would do is no harm. */
function wrongIn(row: Row): string[] {
  return (["plain", "migrated"] as const).flatMap((kind) => {
    const cell = row[kind];
    if (cell === undefined) return [];
    const { before, said, started, back } = cell;
    const keeps = (start: typeof back) =>
      start?.ready === true &&
      start.turnFailure === undefined &&
      (start.has?.sessions ?? 0) >= before.sessions &&
      before.jobs.every((job) => start.has?.jobs.includes(job));
    const passed = said?.outcome === "passed";
    return [
      ...(passed === started.ready
        ? []
        : [`${kind}: rehearsal ${said?.outcome}, and it ${started.ready ? "comes" : "does not come"} up`]),
      ...(passed && !keeps(started) ? [`${kind}: rehearsal passed, and it has not all that was there`] : []),
      ...(said?.wayBack?.proved && !keeps(back)
        ? [`${kind}: code only was proved, and the old version has not all that was there`]
        : []),
    ];
  });
}
