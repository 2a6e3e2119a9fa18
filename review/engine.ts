import { type Finding, oneLine, quoted } from "./finding.ts";
import { isSet } from "./in-place.ts";
import type { Preview } from "./preview.ts";
import { holdsState } from "./state-kept.ts";
import { types } from "./workload.ts";

const quiet: readonly string[] = ["same", "read", "refresh", "read-replacement", "read-discard"];
const known: readonly string[] = [...quiet, "create", "update", "replace", "delete", "delete-replaced"];

export function changes({ op }: { op: string }): boolean {
  return !quiet.includes(op);
}

/** Whether the preview came to its end, and shows nothing that this review can't judge. */
export function previewEnded(preview: Preview): Finding[] {
  const { steps, errors, passed, verdicts } = preview;
  const own = errors.filter((error) => !/^error: preview failed$/.test(error));
  const refusedByPack = verdicts.some(({ level }) => level !== "advisory");
  return [
    ...own.map((error) => failed(`it failed: ${oneLine(error.replace(/^error: /, ""))}`)),
    ...(!passed && own.length === 0 && !refusedByPack ? [failed("it failed and did not say why")] : []),
    ...steps
      .filter((step) => !known.includes(step.op))
      .filter((step) => holdsState(step) || step.type === types.container || isSet(step))
      .map(({ op, name }) => ({
        ...failed(`the operation ${quoted(op)} is not known to this review`),
        resource: name,
        write: "it as an update of its own, carried out by hand and watched",
      })),
    ...steps
      .filter(({ op, type }) => type.startsWith("pulumi:providers:") && op !== "create" && changes({ op }))
      .map(({ name, op }) => ({
        ...failed(`the connection to the platform is changed (${op})`),
        level: "warning" as const,
        resource: name,
        why: "another host has nothing of what the engine's state says is there",
        write: "nothing, if it is the same host under another address",
      })),
  ];
}

function failed(what: string): Finding {
  return {
    check: "preview",
    level: "refusal",
    resource: "the preview",
    what,
    why: "what was not previewed is not known",
    write: "what the message asks for",
  };
}
