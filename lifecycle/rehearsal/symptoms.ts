/** A line of a log that says that a version does not work as it should, although it may be healthy. */
export interface Symptom {
  line: string;
  /** What to do about it first. */
  action: string;
  /** A hint only: it explains a failure, and is none by itself. */
  isHint: boolean;
}

/** Added to a stack file, it brings most states over. */
const migrateLine = "migrate: [{command: [openclaw, doctor, --fix, --non-interactive]}]";

const needsMigration = `the new version does not bring this state over by itself. Write \`${migrateLine}\` beside its \`candidate\`.`;

/**
 * What OpenClaw's versions print (2026.4 to 2026.9), and what to do about it. In the order in which they are looked for:
 * the first that fits a line counts.
 */
const kinds: readonly [pattern: RegExp, action: string, hint?: "hint"][] = [
  [
    /plugin not installed: ?\S+/i,
    "the new version's image does not carry that plugin. Most channels are packages of their own from 2026.6 on. Build the image with it, or take it out of the gateway's configuration first.",
  ],
  [
    /failed to load plugin/i,
    "that plugin was made for another version. Build the image with one that fits, or take it out of the gateway's configuration first.",
  ],
  [
    /uses newer schema version|newer than this build|support these database schemas|requires a newer OpenClaw build|older than the config last written by|state schema \S+ is newer/i,
    "a newer version has written this state. Choose a candidate that is not older than what has run on it.",
  ],
  [
    /requires (state )?migration|migration required|incomplete or noncanonical|upgrade is unfinished|missing or drifted index/i,
    needsMigration,
  ],
  [
    /executable file not found|exec \S+ failed: No such file|exec format error|no such file or directory: unknown/i,
    "the image does not have what it is started with. Look at its ENTRYPOINT and CMD, and at `container.entrypoint` and `container.command`.",
  ],
  [
    /heartbeat did not become ready|Migration step .* was not run because prior step/i,
    "a migration ran out of processor time. Nothing else may be busy on this host meanwhile: try again when it is idle, or give the copy more with `clawforce:snapshots.drill.cpus`.",
  ],
  // Many a warning of a version that works ends with it.
  [/doctor --fix/i, needsMigration, "hint"],
  [
    /missing env(ironment)? var|environment variable \S+ (is|was) not (set|found)/i,
    "the configuration needs a variable. If it holds a secret that must be right for a start, name it under `clawforce:rehearsal.secrets`.",
  ],
  [
    /refusing to report the gateway ready|continuing with degraded state|did not complete cleanly|refused agent/i,
    "the new version serves a part of this state only. Look for that line in its release notes.",
  ],
];

/** What is wrong by a log, each thing once. */
function symptomsIn(lines: readonly string[]): Symptom[] {
  const found = new Map<string, Symptom>();
  for (const line of lines) {
    const kind = kinds.find(([pattern]) => pattern.test(line));
    if (kind === undefined) continue;
    const [, action, hint] = kind;
    found.set(essenceOf(line), { line: line.trim().slice(0, 300), action, isHint: hint !== undefined });
  }
  return [...found.values()];
}

/**
 * What is wrong with a version that is healthy, and was not wrong with the version of before on the same state: that
 * would be no reason against an update.
 */
export function newSymptoms(before: readonly string[], now: readonly string[]): Symptom[] {
  const known = new Set(symptomsIn(before).map(({ line }) => essenceOf(line)));
  return symptomsIn(now).filter(({ line, isHint }) => !isHint && !known.has(essenceOf(line)));
}

/** A line without what differs from one start to the next: times, numbers, ids. */
function essenceOf(line: string): string {
  return line.replace(/\d[\d:.TZ-]*/g, "#").trim();
}

/** A line that tells people what to do. Some of it is no advice for a fleet: to let an old version write to a newer state. */
function isAdvice(line: string): boolean {
  const message = line.replace(/^\d{4}-\d\d-\d\dT\S+\s+/, "").replace(/^(\[[^\]]{1,40}\]\s*)+/, "");
  return /^(set|see|run|start|use|try|upgrade|install)\b/i.test(message);
}

/** The line that says why something has ended: one that is known, else the last one that is no advice. */
export function tellingLine(said: readonly string[]): string | undefined {
  const known = symptomsIn(said).find(({ isHint }) => !isHint);
  const lines = said.map((line) => line.trim()).filter((line) => line !== "");
  return known?.line ?? lines.findLast((line) => !isAdvice(line)) ?? lines.at(-1);
}

/** What to do first about something that has ended, by what it printed last; undefined: nobody has written that down. */
export function actionFor(said: readonly string[]): string | undefined {
  const symptoms = symptomsIn(said);
  return (symptoms.find(({ isHint }) => !isHint) ?? symptoms.at(-1))?.action;
}
