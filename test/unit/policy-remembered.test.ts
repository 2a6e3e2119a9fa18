import { expect, test } from "vitest";
import { remembered } from "../../policies/remembered.ts";

/** A function that remembers up to so many characters, and the texts that it was made for, in their order. */
function counting(most: number) {
  const made: string[] = [];
  const lengthOf = remembered((text) => {
    made.push(text);
    return text.length;
  }, most);
  return { lengthOf, made };
}

test("what a text was made into is not made again", () => {
  const { lengthOf, made } = counting(100);
  expect(["one", "three", "one", "three", "one"].map(lengthOf)).toEqual([3, 5, 3, 5, 3]);
  expect(made).toEqual(["one", "three"]);
});

test("what is remembered has an end: beyond it all begins anew", () => {
  const { lengthOf, made } = counting(10);
  for (const text of ["aaaaa", "bbbbb", "c", "aaaaa"]) lengthOf(text);
  expect(made).toEqual(["aaaaa", "bbbbb", "c"]);
  // Eleven characters are more than ten.
  lengthOf("d");
  expect(made).toEqual(["aaaaa", "bbbbb", "c", "d"]);
  for (const text of ["d", "aaaaa", "aaaaa"]) lengthOf(text);
  expect(made).toEqual(["aaaaa", "bbbbb", "c", "d", "aaaaa"]);
  // Counted from there: six and five are eleven again.
  for (const text of ["bbbbb", "e", "d"]) lengthOf(text);
  expect(made.slice(5)).toEqual(["bbbbb", "e", "d"]);
});
