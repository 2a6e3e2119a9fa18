/** What stood in a state while its workload served. */
export interface StateSurvey {
  /** Files, folders, links and all else. */
  entries: number;
  /** Of its files, in bytes. */
  bytes: number;
  /** Where most of that is: the heaviest first, none inside of another. */
  folders: StateFolder[];
  /** What a snapshot may not bring back as it was; empty: nothing. */
  odd: StateOddity[];
}

/** A folder with all below it. */
export interface StateFolder {
  /** Path in the state, or in the container where another mount has it. */
  path: string;
  entries: number;
  bytes: number;
}

/**
 * `link`: leads out of the state. `special`: a socket, a pipe or a device. `owner`: belongs to another user than most of the
 * state. `changed`: came, went or was written to while the hot snapshot was taken, and is no database.
 */
export interface StateOddity {
  kind: "link" | "special" | "owner" | "changed";
  count: number;
  /** Paths of the first of them, of links with where they lead. */
  first: string[];
  /** With `owner`: theirs, and that of most of the state. */
  user?: number;
  usual?: number;
}
