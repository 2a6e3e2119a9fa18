import { describe, expect, test } from "vitest";
import { lifeOf, processHasEnded } from "../../platforms/kubernetes/holder-life.ts";

/** No system gives so high a number to a process. */
const nobody = 2 ** 30;

describe("a process that holds a lock", () => {
  const life = lifeOf(process.pid) ?? "";

  test("has one life, and lives", () => {
    expect(life).toMatch(/^[0-9a-f-]{36}\/pid:\[\d+\]\/\d+$/);
    expect(lifeOf(process.pid)).toBe(life);
    expect(processHasEnded(process.pid, life)).toBe(false);
  });

  test("has ended where there is none of its number, or another one", () => {
    expect(processHasEnded(nobody, life)).toBe(true);
    expect(processHasEnded(process.pid, `${life}1`)).toBe(true);
  });

  test("is not known to have ended on another machine, after another boot, or without a word of its life", () => {
    const [boot, ...rest] = life.split("/");
    expect(processHasEnded(nobody, [`0${boot?.slice(1)}x`, ...rest].join("/"))).toBe(false);
    expect(processHasEnded(nobody, life.replace(/pid:\[\d+/, "pid:[1"))).toBe(false);
    expect(processHasEnded(nobody, undefined)).toBe(false);
    expect(lifeOf(nobody)).toBeUndefined();
  });
});
