import { isObject, itemsOf, malformed, notKnown, propertiesOf, type Reached, reach } from "./guarded-read.ts";

/** A part that can't be read: a rule that rests on it can't judge. */
export interface ReadProblem {
  path: string;
  problem: "unknown" | "malformed";
  /** What its place asks for. */
  shape: string;
}

/** An object and where it stands; the empty path is the resource itself. */
export interface Part {
  path: string;
  value: object;
}

/**
 * Reads the parts of one resource. What is absent, `null` or empty (as the providers' outputs have it) is `undefined`
 * or nothing, and so is what is unknown or of another shape, which is noted as a problem.
 */
export class NotedRead {
  readonly problems: ReadProblem[] = [];

  text(from: Part, path: string): string | undefined {
    const value = this.#value(from, path, "text", (each) => typeof each === "string");
    return value === "" ? undefined : (value as string | undefined);
  }

  /** A text without which a part says nothing. */
  needed(from: Part, path: string): string | undefined {
    const before = this.problems.length;
    const text = this.text(from, path);
    if (text === undefined && this.problems.length === before) this.malformed(below(from.path, path), "text");
    return text;
  }

  number(from: Part, path: string): number | undefined {
    return this.#value(from, path, "number", (each) => typeof each === "number") as number | undefined;
  }

  /** A count or a share: `1`, `"25%"`. */
  share(from: Part, path: string): string | number | undefined {
    const fits = (each: unknown) => typeof each === "number" || typeof each === "string";
    return this.#value(from, path, "number or text", fits) as string | number | undefined;
  }

  /** Absent: false. Unknown: false too, the less allowed side where it is read for a permission. */
  flag(from: Part, path: string): boolean {
    const value = this.#value(from, path, "true or false", isFlag);
    return value === true || value === "true";
  }

  part(from: Part, path: string): Part | undefined {
    const value = this.#value(from, path, "object", (each) => isObject(each) && !Array.isArray(each));
    return isObject(value) ? { path: below(from.path, path), value } : undefined;
  }

  /** The objects of a list at a path without other lists: `spec.containers`. */
  parts(from: Part, path: string): Part[] {
    const list = this.#value(from, path, onTheWay, Array.isArray);
    if (!isObject(list)) return [];
    return itemsOf(list, below(from.path, path)).flatMap(({ path: at, value }) => {
      if (isObject(value) && !Array.isArray(value)) return [{ path: at, value }];
      this.#note(at, value, "object");
      return [];
    });
  }

  /** What a part holds by its keys, in the order of the keys; what is absent is left out. */
  entries({ path, value }: Part): (Reached & { key: string })[] {
    return propertiesOf(value, path).filter(({ path: at, value: each }) => {
      if (each === notKnown) this.#note(at, each, "value");
      return each !== notKnown && each !== undefined && each !== null;
    });
  }

  unknown(path: string): void {
    this.#note(path, notKnown, "value");
  }

  malformed(path: string, shape: string): void {
    this.#note(path, malformed, shape);
  }

  #value(from: Part, path: string, shape: string, fits: (value: unknown) => boolean): unknown {
    const [reached] = reach(from.value, path);
    if (reached === undefined || fits(reached.value)) return reached?.value;
    this.#note(below(from.path, reached.path), reached.value, reached.value === malformed ? onTheWay : shape);
    return undefined;
  }

  #note(path: string, value: unknown, shape: string): void {
    const isNew = this.problems.every((each) => each.path !== path);
    if (isNew) this.problems.push({ path, problem: value === notKnown ? "unknown" : "malformed", shape });
  }
}

/** What a part that has other parts below it is to be. */
const onTheWay = "list or object";

/** Texts are what the engine makes of flags on some ways. */
export function isFlag(value: unknown): boolean {
  return typeof value === "boolean" || value === "true" || value === "false";
}

function below(path: string, part: string): string {
  return path === "" ? part : `${path}.${part}`;
}

/** An object of a list by its path (`items[1]`), or the resource itself. */
export function objectAt(props: object, path: string): Part {
  const whole = { path: "", value: props };
  if (path === "") return whole;
  return new NotedRead().parts(whole, "items").find((item) => item.path === path) ?? whole;
}
