import { expect, test } from "vitest";
import { type Look, until } from "../../platforms/until.ts";

/** Looks that see one thing after the other, the last one ever after; `count` says how many there were. */
function looks<Found>(...seen: Look<Found>[]): { look: () => Promise<Look<Found>>; count: () => number } {
  let count = 0;
  const look = async () => {
    const now = seen[Math.min(count, seen.length - 1)];
    count += 1;
    if (now === undefined) throw new Error("it will never come");
    return now;
  };
  return { look, count: () => count };
}

const late = (waitedFor: string) => new Error(`too late, ${waitedFor}`);

test("looks until it has found it", async () => {
  const { look, count } = looks<string>({ waitsFor: "a" }, { waitsFor: "b" }, { found: "c" });
  expect(await until(look, { deadline: 3600, interval: 0.001, late })).toBe("c");
  expect(count()).toBe(3);
});

test("takes what is there at the first look, whatever the deadline", async () => {
  expect(await until(looks({ found: 1 }).look, { deadline: -1, interval: 3600, late })).toBe(1);
});

test("says what the last look waited for when the time is over", async () => {
  const { look } = looks<never>({ waitsFor: "a" });
  await expect(until(look, { deadline: -1, interval: 3600, late })).rejects.toThrow("too late, a");
  let count = 0;
  const counting = async () => ({ waitsFor: `look ${++count}` });
  const waited = until(counting, { deadline: 0.05, interval: 0.01, late });
  await expect(waited).rejects.toThrow("too late");
  await expect(waited).rejects.toThrow(new Error(`too late, look ${count}`));
});

test("ends with a look that fails", async () => {
  await expect(until(looks().look, { deadline: 3600, interval: 3600, late })).rejects.toThrow(
    "it will never come",
  );
});
