import { posix } from "node:path";
import { fieldOf, parsedJson } from "../../config/json.ts";
import type { StatePlaces } from "../../config/state-places.ts";
import { formatDuration } from "../../config/units.ts";
import { messageOf } from "../../platforms/failure.ts";
import type { StartSettings } from "../../platforms/platform.ts";
import { oneLine } from "../checks/cli-output.ts";
import type { Markers } from "../evidence/records.ts";
import type { OwnForecast } from "../evidence/rehearsal-parts.ts";
import type { WorkloadContext } from "../workload.ts";
import { runOfNewVersion } from "./new-version-run.ts";

/** Seconds for one question; a version of 2026.9 answers in two, its doctor in twelve. */
const deadline = 120;
/** A fleet's gateway has a few agents. Of more than these nothing is asked: what is tried next tells all the same. */
const mostAgents = 10;

const sharedDatabase = "state/openclaw.sqlite";
const agentDatabase = /^agents\/([^/]+)\/agent\/openclaw-agent\.sqlite$/;

interface Question {
  of: string;
  argv: string[];
  /** What the answer says; undefined: nothing that is worth a line. */
  read: (answer: unknown) => string | undefined;
}

export interface Asked {
  /** The new version. */
  image: string;
  start: StartSettings;
  copy: StatePlaces;
  /** Of the snapshot that the copy was made from. */
  markers: Markers;
}

/**
 * What a new version says itself about a state, before it is tried on it. Versions of OpenClaw from 2026.9 on compare a copied
 * database with their own schema, and look for what is wrong without changing it. Nothing is decided by that: it is shown
 * beside what comes of the trial. A version that answers nothing of the kind has none.
 */
export async function ownForecasts(context: WorkloadContext, asked: Asked): Promise<OwnForecast[]> {
  const questions = questionsFor(asked.copy[0].at, Object.keys(asked.markers.databases));
  if (questions.length === 0) return [];
  const { progress } = context;
  const found: OwnForecast[] = [];
  try {
    await consolidate(context, asked);
    for (const { of, argv, read } of questions) {
      const answer = answerIn(await ask(context, asked, argv));
      // Who does not know the first question knows none.
      if (answer === undefined) break;
      const says = read(answer);
      if (says !== undefined) found.push({ of, says });
    }
  } catch (error) {
    progress(`the new version could not be asked about the state: ${messageOf(error)}`);
  }
  return found;
}

export function questionsFor(state: string, databases: readonly string[]): Question[] {
  if (!databases.includes(sharedDatabase)) return [];
  const agents = databases.flatMap((path) => {
    const id = agentDatabase.exec(path)?.[1];
    return id === undefined ? [] : [{ path, id }];
  });
  const at = (path: string) => posix.join(state, path);
  return [
    {
      of: sharedDatabase,
      argv: ["openclaw", "database", "preflight", at(sharedDatabase), "--json"],
      read: schemaWord,
    },
    ...agents.slice(0, mostAgents).map(({ path, id }) => ({
      of: path,
      argv: ["openclaw", "database", "preflight-agent", at(path), "--agent-id", id, "--json"],
      read: schemaWord,
    })),
    {
      of: "doctor --lint",
      argv: ["openclaw", "doctor", "--lint", "--json", "--non-interactive", "--severity-min", "error"],
      read: lintWord,
    },
  ];
}

/** "migration-required", "incompatible: SQLite schema is incomplete …" */
function schemaWord(answer: unknown): string | undefined {
  const [status, reason] = [fieldOf(answer, "status"), fieldOf(answer, "reason")];
  if (typeof status !== "string") return undefined;
  return typeof reason === "string" && reason !== "" ? `${status}: ${oneLine(reason)}` : status;
}

/** "2 errors: …" */
function lintWord(answer: unknown): string | undefined {
  const findings = fieldOf(answer, "findings");
  if (!Array.isArray(findings)) return undefined;
  const errors = findings.filter((each) => fieldOf(each, "severity") === "error");
  const messages = errors.map((each) => oneLine(String(fieldOf(each, "message") ?? "")));
  const count = errors.length === 1 ? "1 error" : `${errors.length} errors`;
  return errors.length === 0 ? "no error" : `${count}: ${messages.slice(0, 3).join(" | ")}`;
}

/** Lines of a log may stand before it and after it. */
export function answerIn(output: string): unknown {
  const from = output.search(/^\{/m);
  const answer = from === -1 ? undefined : parsedJson(output.slice(from, output.lastIndexOf("}") + 1));
  return typeof answer === "object" && answer !== null ? answer : undefined;
}

async function ask(context: WorkloadContext, { image, start, copy }: Asked, argv: string[]): Promise<string> {
  const question = { purpose: "question to the new version", image, start, argv, places: copy, deadline };
  return (await runOfNewVersion(context, question)).output;
}

/**
 * From 2026.9.6 on a gateway says at its start how long it takes to end with its work done. What ends it earlier cuts that
 * off, and the next start checks its databases whole.
 *
 * @param stopGrace - seconds that an update gives it.
 */
export function shutdownForecast(said: readonly string[], stopGrace: number): OwnForecast[] {
  const budget = said.map((line) => /shutdown budget at startup:.*\bshutdown=(\d+)ms/.exec(line)?.[1]);
  const wanted = Number(budget.find((each) => each !== undefined) ?? 0) / 1000;
  if (wanted <= stopGrace) return [];
  const [most, given] = [formatDuration(wanted), formatDuration(stopGrace)];
  return [
    {
      of: "its end",
      says: `with work under way it may take ${most}, and it is killed after ${given}: \`stopGrace: ${Math.ceil(wanted)}s\` lets it end`,
    },
  ];
}

/** What the old version has left of a write-ahead log goes into its database: a preflight takes single files only. */
const consolidateScript =
  'for file; do sqlite3 "/state/$file" "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null; done';

async function consolidate({ platform, workload }: WorkloadContext, { copy, markers }: Asked): Promise<void> {
  const files = Object.keys(markers.databases).filter(
    (path) => path === sharedDatabase || agentDatabase.test(path),
  );
  const { exitCode, stderr } = await platform.job({
    workload: workload.name,
    purpose: "consolidation of the copied databases",
    image: workload.snapshots.image,
    argv: ["bash", "-ec", consolidateScript, "consolidate", ...files],
    places: [{ from: copy[0].from, at: "/state", readOnly: false }],
    deadline,
  });
  if (exitCode !== 0) throw new Error(stderr.trim() || `exit code ${exitCode}`);
}
