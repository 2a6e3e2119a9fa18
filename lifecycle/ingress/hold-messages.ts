import type { IngressLook } from "../../platforms/proxy.ts";
import type { EvidenceRecord } from "../evidence/records.ts";
import type { Hold } from "../workdir/hold-journal.ts";

/** What of a workload's requests does not come in, as a phrase: "its requests are held until 12:34:56 UTC". Undefined when all do. */
export function shutOut(
  hold: Hold | undefined,
  ingress: IngressLook | undefined,
  now: Date,
): string | undefined {
  if (ingress !== undefined && "unknown" in ingress) {
    return ingress.unknown;
  }
  const state = ingress?.state ?? "serving";
  if (state === "refusing" || (hold !== undefined && new Date(hold.until) < now && state !== "serving")) {
    const since = hold === undefined ? "" : ` since ${clock(hold.until)}`;
    return `its hold is over: the ingress answers its requests with 503${since}`;
  }
  if (state === "absent") {
    return "the ingress does not know it: its requests are answered with 404";
  }
  if (hold !== undefined) {
    return `its requests have been held since ${clock(hold.since)}, and will be until ${clock(hold.until)} at most`;
  }
  return state === "held" ? "its requests are held" : undefined;
}

/** Only what passed its gate may be opened without asking it again. */
export function passedItsGate(records: readonly EvidenceRecord[], container: string): boolean {
  const last = records.findLast((record) => record.kind === "gate" && record.container === container);
  return last?.kind === "gate" && last.outcome === "passed";
}

/** For a human eye: "12:34:56 UTC". */
export function clock(time: string): string {
  return `${time.slice(11, 19)} UTC`;
}
