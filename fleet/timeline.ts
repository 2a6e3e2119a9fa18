import { shortReference } from "../config/image-reference.ts";
import { formatDuration } from "../config/units.ts";
import { pauseOf, pauseText, stepsOf, type TimedStep, type TimedStepName } from "./move-steps.ts";
import type { RecordedMove } from "./recorded-moves.ts";

export interface TimelineRow {
  workload: string;
  moves: readonly RecordedMove[];
}

/** In the order of the legend. The class stands in the style below. */
const classes: Record<TimedStepName, string> = {
  "hot snapshot": "snapshot",
  drill: "prepare",
  rehearsal: "prepare",
  drain: "drain",
  stop: "stop",
  "cold snapshot": "snapshot",
  migration: "migrate",
  restore: "restore",
  start: "start",
  gate: "gate",
  verification: "verify",
  bake: "bake",
  failure: "failed",
};

const legend: readonly [string, string][] = [
  ["snapshot", "snapshot"],
  ["prepare", "drill, rehearsal"],
  ["drain", "drain"],
  ["stop", "stop"],
  ["migrate", "migration"],
  ["restore", "restore"],
  ["start", "start"],
  ["gate", "gate"],
  ["verify", "verification"],
  ["bake", "bake"],
  ["failed", "failed"],
  ["pause", "held or not serving"],
];

/** Pixels. */
const size = { width: 960, label: 180, right: 24, top: 64, row: 30, bar: 16, legend: 40, shortest: 2 };

/** Distances of the marks on the time axis, in seconds. */
const marks = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/** Readable on a light and on a dark page: the page's own preference decides. */
const style = `
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.quiet { fill: #59636e; }
.page { fill: #ffffff; }
.line { stroke: #d1d9e0; stroke-width: 1; }
.pause { fill: none; stroke: #59636e; stroke-width: 1; stroke-dasharray: 3 2; }
.snapshot { fill: #54aeff; } .prepare { fill: #0969da; } .drain { fill: #d4a72c; } .stop { fill: #9a6700; }
.migrate { fill: #bf3989; }
.restore { fill: #8250df; } .start { fill: #6e7781; } .gate { fill: #1b7c83; } .verify { fill: #2da44e; }
.bake { fill: #8ddb8c; } .failed { fill: #d1242f; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; } .quiet { fill: #9198a1; } .page { fill: #0d1117; } .line { stroke: #3d444d; } .pause { stroke: #9198a1; }
}`;

/**
 * The steps of an update as a picture: one row for each workload, a bar for each step with its times in the title, what
 * failed in red, and a dashed frame around the time that its requests were held, or that it did not serve.
 */
export function timelineSvg(title: string, rows: readonly TimelineRow[]): string {
  const drawn = rows.map(({ workload, moves }) => ({
    workload,
    moves: moves.map((move) => ({ move, steps: stepsOf(move) })),
  }));
  const all = drawn.flatMap(({ moves }) => moves.flatMap(({ steps }) => steps));
  const pauses = rows.flatMap(({ moves }) => moves.flatMap((move) => pauseOf(move) ?? []));
  const began = Math.min(...[...all, ...pauses].map((each) => each.began));
  const ended = Math.max(...[...all, ...pauses].map((each) => each.ended));
  const span = Math.max(ended - began, 1000);
  const plot = size.width - size.label - size.right;
  const x = (time: number) => round(size.label + ((time - began) / span) * plot);
  const bottom = size.top + drawn.length * size.row;
  const height = bottom + 24 + size.legend;
  const body =
    all.length === 0
      ? [text(16, size.top + 12, "Nothing is on record.", "quiet")]
      : [
          ...axis(span, began, bottom, x),
          ...drawn.flatMap(({ workload, moves }, index) => [
            text(16, size.top + index * size.row + 20, shortened(workload)),
            ...moves.flatMap(({ move, steps }) => moveBars(workload, move, steps, index, x)),
          ]),
          ...legendBars(bottom + 24),
        ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${height}" viewBox="0 0 ${size.width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}\n</style>`,
    `<rect class="page" width="${size.width}" height="${height}"/>`,
    text(16, 26, title, "title"),
    ...body,
    "</svg>",
    "",
  ].join("\n");
}

function axis(span: number, began: number, bottom: number, x: (time: number) => number): string[] {
  const seconds = span / 1000;
  const distance = marks.find((mark) => seconds / mark <= 10) ?? 86_400 * Math.ceil(seconds / 864_000);
  const count = Math.floor(seconds / distance + 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => {
    const at = x(began + index * distance * 1000);
    const label =
      index === 0
        ? `${new Date(began).toISOString().slice(11, 19)}Z`
        : `+${formatDuration(index * distance)}`;
    return [
      `<line class="line" x1="${at}" x2="${at}" y1="${size.top - 6}" y2="${bottom}"/>`,
      // The first label is a time of day and needs the room of those right behind it.
      ...(index > 0 && at < size.label + 90
        ? []
        : [text(at, size.top - 12, label, "quiet", index === 0 ? "start" : "middle")]),
    ];
  }).flat();
}

function moveBars(
  workload: string,
  move: RecordedMove,
  steps: readonly TimedStep[],
  index: number,
  x: (time: number) => number,
): string[] {
  const y = size.top + index * size.row + (size.row - size.bar) / 2;
  const pause = pauseOf(move);
  const frame =
    pause === undefined
      ? []
      : [
          bar({
            kind: "pause",
            x: x(pause.began) - 2,
            y: y - 3,
            width: x(pause.ended) - x(pause.began) + 4,
            height: size.bar + 6,
            title: `${pause.held ? `requests of ${workload} are held` : `${workload} does not serve`} for ${pauseText(move)}`,
          }),
        ];
  return [
    ...steps.map((step) =>
      bar({
        kind: step.outcome === "passed" ? classes[step.name] : "failed",
        x: x(step.began),
        y,
        width: Math.max(size.shortest, x(step.ended) - x(step.began)),
        height: size.bar,
        title: stepTitle(workload, move, step),
      }),
    ),
    ...frame,
  ];
}

function stepTitle(workload: string, move: RecordedMove, { name, began, ended, outcome }: TimedStep): string {
  const times = `${clock(began)} to ${clock(ended)}`;
  if (name === "failure") {
    return `${workload}: ${move.failure?.step ?? "a step"} failed at ${clock(ended)}`;
  }
  const verdict = outcome === "passed" ? "" : ` ${outcome}`;
  return `${workload}: ${name}${verdict} ${formatDuration((ended - began) / 1000)}, ${times}, to ${shortReference(move.to)}`;
}

function legendBars(y: number): string[] {
  let at = 16;
  return legend.flatMap(([kind, label]) => {
    const x = round(at);
    // About as wide as the words are: nothing here can measure a font.
    at += 35 + label.length * 6.5;
    return [
      `<rect class="${kind}" x="${x}" y="${y}" width="12" height="12" rx="2"/>`,
      text(x + 17, y + 10, label, "quiet"),
    ];
  });
}

function bar(of: {
  kind: string;
  x: number;
  y: number;
  width: number;
  height: number;
  title: string;
}): string {
  const { kind, x, y, width, height, title } = of;
  return `<rect class="${kind}" x="${round(x)}" y="${y}" width="${round(width)}" height="${height}" rx="2"><title>${escaped(title)}</title></rect>`;
}

function text(x: number, y: number, words: string, kind?: string, anchor = "start"): string {
  const attributes = `${kind === undefined ? "" : ` class="${kind}"`}${anchor === "start" ? "" : ` text-anchor="${anchor}"`}`;
  return `<text x="${x}" y="${y}"${attributes}>${escaped(words)}</text>`;
}

/** As much of a name as fits in front of the bars. */
function shortened(name: string): string {
  return name.length > 24 ? `${name.slice(0, 23)}…` : name;
}

function clock(time: number): string {
  return `${new Date(time).toISOString().slice(11, 21)}Z`;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

function escaped(words: string): string {
  return (
    words
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      // Control characters are not allowed in XML at all, whatever their form.
      .replace(/[\p{Cc}\p{Cs}]/gu, "�")
  );
}
