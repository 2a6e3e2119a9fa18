import { parseImageReference } from "./image-reference.ts";

/** One part of a tag that is a version: `1.4.2`, or `2026.4.23` of `1.4.2-openclaw-2026.4.23`. */
interface Version {
  numbers: number[];
  /** What stands before a release: alpha is lower than beta, and both are lower than none. */
  before?: { rank: number; numbers: number[] };
  /** `2` of `2026.7.1-2`. */
  revision?: number;
}

const ranks = ["dev", "nightly", "alpha", "beta", "pre", "preview", "rc"];
const beforeRelease = new RegExp(`^(${ranks.join("|")})\\.?(\\d+(?:\\.\\d+)*)?$`);
const attached = new RegExp(`^(\\d+(?:\\.\\d+)*)\\.?(${ranks.join("|")})\\.?(\\d*)$`);
/** A longer number is a commit or a build, unless it is a date. */
const longestNumber = 6;

/**
 * Whether an image is an older version than another one of the same software, by their tags: semantic and calendar
 * versions, also after the name of what is inside (`1.4.2-openclaw-2026.4.23`), which then decides. What cannot be
 * compared is not called lower.
 */
export function isLowerVersion(one: string, other: string): boolean {
  const [versions, others] = [versionsOf(one), versionsOf(other)];
  if (versions === undefined || others === undefined || versions.software !== others.software) return false;
  const inside = [...versions.named].flatMap(([name, version]) => {
    const opposite = others.named.get(name);
    const order = name === "" || opposite === undefined ? undefined : compared(version, opposite);
    return order === undefined ? [] : [order];
  });
  if (inside.some((order) => order !== 0)) return inside.some((order) => order < 0);
  const [own, opposite] = [versions.named.get(""), others.named.get("")];
  return own !== undefined && opposite !== undefined && (compared(own, opposite) ?? 0) < 0;
}

/** The last part of the repository, which a mirror keeps, and the versions of the tag by what they are of. */
function versionsOf(reference: string): { software: string; named: Map<string, Version> } | undefined {
  const parsed = parseImageReference(reference);
  if ("problem" in parsed || parsed.tag === undefined) return undefined;
  const named = new Map<string, Version>();
  let name = "";
  for (const part of parsed.tag.toLowerCase().split(/[-_]/)) {
    const text = part.replace(/^v(?=\d)/, "");
    const version = named.get(name);
    const [, word, count] = beforeRelease.exec(text) ?? [];
    const [, base, suffix, number] = attached.exec(text) ?? [];
    if (/^\d+(\.\d+)*$/.test(text)) {
      if (version === undefined) named.set(name, { numbers: numbersOf(text) });
      else if (!text.includes(".")) version.revision = Number(text);
    } else if (base !== undefined && suffix !== undefined && version === undefined) {
      const before = { rank: ranks.indexOf(suffix), numbers: numbersOf(number) };
      named.set(name, { numbers: numbersOf(base), before });
    } else if (word !== undefined && version !== undefined) {
      version.before = { rank: ranks.indexOf(word), numbers: numbersOf(count) };
    } else {
      name = text;
    }
  }
  return { software: parsed.repository.slice(parsed.repository.lastIndexOf("/") + 1), named };
}

function numbersOf(text: string | undefined): number[] {
  return text === undefined || text === "" ? [] : text.split(".").map(Number);
}

/** Below 0: lower. Undefined: it can't be told. */
function compared(one: Version, other: Version): number | undefined {
  if (!isVersion(one) || !isVersion(other)) return undefined;
  const numbers = comparedNumbers(one.numbers, other.numbers);
  if (numbers !== 0) return numbers;
  const before = comparedBefore(one, other);
  if (before !== 0) return before;
  // A calendar version with a number behind it is a later build. Of others nobody can tell: `1.4.2-1` may be either.
  const isCalendar = (one.numbers[0] ?? 0) >= 2000;
  if (!isCalendar && (one.revision === undefined) !== (other.revision === undefined)) return undefined;
  return (one.revision ?? 0) - (other.revision ?? 0);
}

function isVersion({ numbers }: Version): boolean {
  const [first = 0, ...rest] = numbers;
  const isDate = rest.length === 0 && /^20\d{6}$/.test(String(first));
  return isDate || numbers.every((each) => String(each).length <= longestNumber);
}

/** Where one has fewer numbers than the other and all are the same, it stands for more than one version. */
function comparedNumbers(one: readonly number[], other: readonly number[]): number | undefined {
  const at = one.findIndex((number, index) => number !== (other[index] ?? number));
  if (at >= 0) return (one[at] ?? 0) - (other[at] ?? 0);
  return one.length === other.length ? 0 : undefined;
}

function comparedBefore({ before: one }: Version, { before: other }: Version): number | undefined {
  if (one === undefined || other === undefined) {
    return one === other ? 0 : one === undefined ? 1 : -1;
  }
  return one.rank === other.rank ? comparedNumbers(one.numbers, other.numbers) : one.rank - other.rank;
}
