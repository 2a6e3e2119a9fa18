import type { z } from "zod";
import type { Check, CheckDeclaration, CheckObject } from "../../config/check-kind.ts";
import type { BaselineEntry, EvidenceRecord } from "../evidence/records.ts";
import type { WorkloadHttp } from "../update/workload-http.ts";
import type { WorkloadContext } from "../workload.ts";
import type { Attempt } from "./judge.ts";

/** What all checks of a run share. */
export interface Looking {
  context: WorkloadContext;
  records: readonly EvidenceRecord[];
  http: () => Promise<WorkloadHttp>;
  /** What a comparing check compares with. */
  before: BaselineEntry | undefined;
  /** The image that the comparison is for. */
  image: string;
}

/** A kind of check, whole: what the configuration, a run, an update, a bake and the documentation have to know of it. */
export interface CheckKind<Settings extends Check = Check> extends CheckDeclaration {
  /** Its section in docs/checks.md: what it proves, when it fails, and what to look at first. */
  section: string;
  /** It goes through what a user does, not through what a process says of itself. */
  realFlow?: true;
  /** Trying again would change nothing, or do something of the operator's twice. */
  once?: true;
  /** Seconds between two runs in a bake, for one that costs money. */
  every?(check: Settings): number;
  /** Its name where the configuration gives it none; default its kind. */
  defaultName?(check: Settings): string;
  /** The parts of the baseline that have to be read for it. */
  compares?(check: Settings): readonly string[];
  /**
   * What of it is run on a control plane before its update: a check that can't even pass on what it compares with would undo
   * a good update. Default: nothing.
   */
  rehearsed?(check: Settings): Check[];
  /** Looks once. Seconds for it are what is left of the deadline. */
  attempt(looking: Looking, check: Settings, deadline: number): Promise<Attempt>;
}

export function checkKind<Schema extends CheckObject>(
  kind: { schema: Schema } & Omit<CheckKind<z.output<Schema>>, "name" | "schema">,
): CheckKind<z.output<Schema>> {
  return { ...kind, name: kind.schema.shape.kind.value };
}

export function isOf<Settings extends Check>(kind: CheckKind<Settings>, check: Check): check is Settings {
  return check.kind === kind.name;
}
