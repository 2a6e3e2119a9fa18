import { isObject, itemsOf, notKnown, propertiesOf, type Reached, read } from "./guarded-read.ts";
import type { NotedRead, Part } from "./noted-read.ts";
import { mountedDirectory, type State } from "./state.ts";

/** As the fields are called that name a claim: in a pod, in the values of charts, in resources of operators. */
const claimFields = ["claimName", "existingClaim", "pvcName"];

/** Levels of nesting; what is deeper counts as unknown, so that nothing hides below. */
const depthLimit = 64;

/** A state that a value names, and where. */
export interface WalkedState {
  path: string;
  state: State;
  readOnly: boolean;
}

/**
 * Searches values whose shape nobody has declared for what they mount, by the names of their fields: custom resources and
 * values of charts. Whoever they make of it writes it, unless it is said to be only read.
 */
export function walkedStates(note: NotedRead, whole: Part, namespace: string): WalkedState[] {
  return propertiesOf(whole.value, whole.path)
    .filter(({ key }) => key !== "status")
    .flatMap((property) => walkProperty(note, property, whole.value, namespace, 0));
}

function walkProperty(
  note: NotedRead,
  property: Reached & { key: string },
  owner: object,
  namespace: string,
  depth: number,
): WalkedState[] {
  const { key, path, value } = property;
  const readOnly = read(owner, "readOnly") === true;
  if (claimFields.includes(key)) {
    const name = note.text({ path: path.slice(0, -key.length - 1), value: owner }, key);
    return name === undefined
      ? []
      : [{ path, state: { kind: "claim", namespace, name, below: "/" }, readOnly }];
  }
  if (key !== "hostPath") return walkValue(note, property, namespace, depth + 1);
  const directory = isObject(value) ? read(value, "path") : value;
  if (directory === notKnown) note.unknown(path);
  const state = typeof directory === "string" && directory !== "" && mountedDirectory(directory, "");
  return state ? [{ path, state, readOnly }] : [];
}

function walkValue(
  note: NotedRead,
  { path, value }: Reached,
  namespace: string,
  depth: number,
): WalkedState[] {
  if (!isObject(value)) return [];
  if (depth > depthLimit) {
    note.unknown(path);
    return [];
  }
  if (Array.isArray(value))
    return itemsOf(value, path).flatMap((item) => walkValue(note, item, namespace, depth + 1));
  return propertiesOf(value, path).flatMap((property) =>
    walkProperty(note, property, value, namespace, depth),
  );
}
