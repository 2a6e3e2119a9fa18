import type { Made } from "../../config/container-settings.ts";
import type { WorkloadConfig } from "../../config/rollout.ts";
import type { Observed } from "../../platforms/platform.ts";
import type { SealedRecord } from "../evidence/chain.ts";
import type { Move } from "../evidence/move.ts";
import type { EvidenceRecord, ReadRecord } from "../evidence/records.ts";
import type { Refusal } from "../evidence/refusal.ts";
import type { Hold } from "../workdir/hold-journal.ts";
import type { CutOverJournal } from "../workdir/journal.ts";
import type { Workload } from "../workload.ts";
import type { Settled } from "./settled.ts";

/** What an update would do to a workload that it does not move, and leaves to a later one. */
export interface PutOff {
  /** For people: "is unhealthy". */
  why: string;
  gate: boolean;
  verification: boolean;
  bake: boolean;
}

/** One workload: what the configuration wants, what is there, what is on record, and what follows from it. */
export interface Situation {
  config: WorkloadConfig;
  input: Workload;
  /** How an operator reads the log of its unit. */
  logCommand: string;
  observed: Observed | undefined;
  records: ReadRecord[];
  /** The same records with their envelopes. */
  sealed: SealedRecord[];
  /** What can be read of damaged records too, verified by nothing: it may keep something from being done, no more. */
  hearsay: EvidenceRecord[];
  journal: CutOverJournal | undefined;
  /** Its requests are held, or were when the one who held them died. */
  hold: Hold | undefined;
  move: Move;
  /** What keeps it from taking over from the container that it is to adopt, as sentences; none where it can. */
  adoptionProblems?: string[];
  /** What its container is made with once this update is done. */
  made: Made;
  /** What the stack file changes of its settings and this update does not. */
  waits: Settled["waits"];
  keepsSecrets: boolean;
  /** Whose network its container is to have, and the id of that one as it is now; undefined: it is not there. */
  network?: { owner: string; id: string | undefined };
  /** Why it stays as it is: then its move is none, and nothing is done to it. */
  refused: Refusal | undefined;
  servingTrigger: string;
  /** Empty where the provider of the platform sees by itself that a unit is missing. */
  missingTrigger: string;
  /** Why the restore that the configuration orders is not carried out, as a sentence. */
  orderProblem?: string;
  /** What this update leaves to a later one: it takes others back and waits for nothing else. */
  putOff?: PutOff;
  /** Changes when the last preparation belongs to an update that failed. */
  preparationAttempt: string;
}
