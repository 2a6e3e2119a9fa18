/** Stands for a value that the engine does not know at preview, or that can't be read at all. */
export const notKnown = Symbol("not known at preview");
/** Stands for a value that has not the shape its place asks for. */
export const malformed = Symbol("malformed");

/** A value and where it stands: `spec.containers[0].image`. */
export interface Reached {
  path: string;
  value: unknown;
}

/**
 * The only way to a property. The SDK throws on reading an unknown one, and an error that leaves a policy
 * switches that policy off with one advisory line.
 */
export function read(from: object, key: string | number): unknown {
  try {
    return Reflect.get(from, key);
  } catch {
    return notKnown;
  }
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The items of an array one by one, each of which may be `notKnown`. */
export function itemsOf(array: object, path: string): Reached[] {
  const length = read(array, "length");
  if (typeof length !== "number") return [{ path, value: notKnown }];
  return Array.from({ length }, (_, index) => ({ path: `${path}[${index}]`, value: read(array, index) }));
}

/** The properties of an object in an order that does not change from run to run. */
export function propertiesOf(object: object, path: string): (Reached & { key: string })[] {
  return Object.keys(object)
    .toSorted()
    .map((key) => ({ key, path: path === "" ? key : `${path}.${key}`, value: read(object, key) }));
}

/**
 * What stands below `value` at a path like `spec.containers[].image`. Nothing where a part is absent, `notKnown`
 * where a part on the way is unknown, `malformed` where it is of another shape.
 */
export function reach(value: unknown, path: string): Reached[] {
  return reachParts({ path: "", value }, path.split("."));
}

function reachParts(from: Reached, parts: readonly string[]): Reached[] {
  const [part, ...rest] = parts;
  if (from.value === undefined || from.value === null) return [];
  if (part === undefined || from.value === notKnown) return [from];
  if (!isObject(from.value) || Array.isArray(from.value)) return [{ ...from, value: malformed }];

  const isList = part.endsWith("[]");
  const key = isList ? part.slice(0, -2) : part;
  const next = { path: from.path === "" ? key : `${from.path}.${key}`, value: read(from.value, key) };
  if (!isList || next.value === undefined || next.value === null) return reachParts(next, rest);
  if (next.value === notKnown) return [next];
  if (!Array.isArray(next.value)) return [{ ...next, value: malformed }];
  return itemsOf(next.value, next.path).flatMap((item) => reachParts(item, rest));
}
