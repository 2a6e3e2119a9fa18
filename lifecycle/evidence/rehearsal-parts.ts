/** One step of a migration. */
export interface MigrationStepResult {
  command: string[];
  /** Undefined: it was ended at its deadline. */
  exitCode?: number;
  seconds: number;
  /** Its last lines, without the secrets of the stack. */
  output: string[];
}

/** Seconds of a cut-over to come: each part, and all of them. */
export interface Forecast {
  stop: number;
  copy: number;
  migration: number;
  start: number;
  gate: number;
  total: number;
}

/** What a new version said itself about a part of a state before it was tried on it. */
export interface OwnForecast {
  /** "state/openclaw.sqlite" */
  of: string;
  /** "migration-required" */
  says: string;
}

/** What a version changed in a state, without any of its values. */
export interface StateChanges {
  /** One phrase each: "memory/main.sqlite 1 -> 2". */
  moves: string[];
  /** Key paths of the configuration that are gone, or that have another value. */
  configuration: { gone: string[]; changed: string[] };
  /** Files that belong to the version and are gone: how many, and the first of them. */
  files: { gone: number; first: string[] };
  /** All of the copy's files. */
  bytes: { before: number; after: number };
}
