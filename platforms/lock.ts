export interface LockRequest {
  /** `repository`: of a workload. `drill`: of the whole platform. `recover`: of a stack. */
  kind: "repository" | "drill" | "recover";
  /** The workload or stack; of the platform itself: empty. */
  of: string;
  /** What it is taken for: "cut-over". */
  purpose: string;
  /** Image with bash. */
  image: string;
  /** Seconds to wait for another holder. */
  wait: number;
  /** Told once when another one holds it. */
  progress?: (line: string) => void;
}

/** Who holds a lock. */
export interface LockHolder {
  kind: string;
  of: string;
  purpose: string;
  host: string;
  pid: number;
  /** ISO 8601. */
  since: string;
}
