import { isObject, itemsOf, notKnown, propertiesOf, type Reached, read } from "./guarded-read.ts";
import type { EnvironmentPath } from "./image-paths.ts";
import { below, type Inspection } from "./privilege.ts";
import { quoted } from "./verdict.ts";

/** One environment variable; its value may be `notKnown`. */
export interface Variable {
  name: string;
  value: unknown;
  /** Where its value stands. */
  path: string;
}

/** The variables at a place. What can't be read is said, never passed over. */
export function variablesAt(
  inspection: Inspection,
  from: Reached,
  { path, form }: EnvironmentPath,
): Variable[] {
  return below(from, path).flatMap((reached) => {
    if (reached.value === notKnown) inspection.reportUnknownEntry(reached.path);
    else if (form === "map") return mapVariables(inspection, reached);
    else if (!Array.isArray(reached.value)) inspection.reportMalformed(reached.path, "list");
    else
      return itemsOf(reached.value, reached.path).flatMap((item) =>
        form === "entries" ? entryVariables(inspection, item) : assignedVariables(inspection, item),
      );
    return [];
  });
}

function mapVariables(inspection: Inspection, { path, value }: Reached): Variable[] {
  if (isObject(value) && !Array.isArray(value))
    return propertiesOf(value, path).map(({ key, ...each }) => ({ name: key, ...each }));
  inspection.reportMalformed(path, "object");
  return [];
}

function entryVariables(inspection: Inspection, { path, value }: Reached): Variable[] {
  if (value === notKnown) inspection.reportUnknownEntry(path);
  else if (!isObject(value)) inspection.reportMalformed(path, "object");
  else {
    const name = read(value, "name");
    if (typeof name === "string") return [{ name, value: read(value, "value"), path: `${path}.value` }];
    if (name === notKnown) inspection.reportUnknownEntry(`${path}.name`);
    else inspection.reportMalformed(`${path}.name`, "text");
  }
  return [];
}

function assignedVariables(inspection: Inspection, { path, value }: Reached): Variable[] {
  if (value === notKnown) inspection.reportUnknownEntry(path);
  else if (typeof value !== "string") inspection.reportMalformed(path, "text");
  else {
    const equals = value.indexOf("=");
    // Without a value it is taken from where the engine's client runs.
    if (equals >= 0) return [{ name: value.slice(0, equals), value: value.slice(equals + 1), path }];
  }
  return [];
}

/** Says that a setting has something in plain. @param write - where it belongs instead. */
export function reportPlain(
  inspection: Inspection,
  path: string,
  { name, part, write }: { name: string; part: string; write: string },
): void {
  inspection.report("plainSecret", path, {
    what: `${quoted(name)} has its ${part} in plain (not shown here)`,
    why: "it stands unencrypted where many can read it, and stays there",
    write,
  });
}
