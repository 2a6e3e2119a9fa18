/*
 * What `snapshots.exclude` leaves out of a state: paths, relative to the state or as the container sees them. `*` stands for any
 * text within one name, all else for itself. A folder stands for all that is in it.
 */

/** A pattern as it applies to one place of a state. */
export interface LeftOut {
  /** Path of the place in the container. */
  at: string;
  /** Names below that, one after the other. */
  names: readonly string[];
}

/** Why it is no such pattern, as a sentence's begin; undefined: it is one. */
export function patternFault(pattern: string): string | undefined {
  if (/\p{Cc}/u.test(pattern)) return "has a line break or another control character in it";
  const names = namesIn(pattern);
  if (names.length === 0) return "is the state itself";
  if (names.includes("") || /.\/$/.test(pattern)) return "has a slash too many";
  if (names.some((name) => name === "." || name === "..")) return "has `.` or `..` in it";
  if (pattern.includes("**")) return "has `**` in it, and `*` stands for any text within one name alone";
  return undefined;
}

/** Why it is refused, and how one is written. */
export function faultText(pattern: string): string {
  return `${JSON.stringify(pattern)} ${patternFault(pattern)}. Write a path in the state, as in "workspace/downloads"`;
}

function namesIn(path: string): string[] {
  const below = path.replace(/^\//, "");
  return below === "" ? [] : below.split("/");
}

/** As the container sees it. */
export function namesFromRoot(pattern: string, stateDirectory: string): string[] {
  return pattern.startsWith("/")
    ? namesIn(pattern)
    : [...namesIn(stateDirectory.replace(/\/+$/, "")), ...namesIn(pattern)];
}

/** Whether a name can be meant by both, where `*` stands for any text. */
export function overlap(one: string, other: string): boolean {
  if (one === "" || other === "") return /^\**$/.test(one + other);
  if (one[0] === "*") return overlap(one.slice(1), other) || overlap(one, other.slice(1));
  if (other[0] === "*") return overlap(other, one);
  return one[0] === other[0] && overlap(one.slice(1), other.slice(1));
}

/**
 * Of each place of a state what is left out there. A place is never left out as a whole.
 *
 * @param places - their paths in the container; the first is where the state itself is mounted.
 */
export function leftOutOf(
  patterns: readonly string[],
  places: readonly [stateDirectory: string, ...further: string[]],
): LeftOut[] {
  return patterns.flatMap((pattern) => {
    const names = namesFromRoot(pattern, places[0]);
    return places.flatMap((at) => {
      const root = namesIn(at);
      const isBelow =
        names.length > root.length && root.every((name, index) => overlap(names[index] ?? "", name));
      return isBelow ? [{ at, names: names.slice(root.length) }] : [];
    });
  });
}

/** As an extended regular expression of POSIX, in which `.` and a negated list match line breaks as well. */
export function asExpression({ names }: Pick<LeftOut, "names">): string {
  return names.map((name) => name.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", "[^/]*")).join("/");
}

/** As a pattern of restic, which knows more signs than the star. */
export function asGlob({ names }: Pick<LeftOut, "names">): string {
  return names.map((name) => name.replace(/[?[\\]/g, "\\$&")).join("/");
}

/** Whether a path below the place is left out, itself or with a folder above it. */
export function isLeftOut(path: string, { names }: Pick<LeftOut, "names">): boolean {
  return new RegExp(`^${asExpression({ names })}(/|$)`, "s").test(path);
}
