import { describe, expect, test } from "vitest";
import { firstAvailable, Unavailable } from "../../toolchain/fallbacks.ts";
import { SetUpError } from "../../toolchain/set-up-error.ts";

const missing = (name: string, why: string) => ({ name, get: () => Promise.reject(new Unavailable(why)) });
const present = (name: string) => ({ name, get: () => Promise.resolve(name) });

describe("choosing a way", () => {
  test("takes the first that is available", async () => {
    expect(await firstAvailable("a part", [present("found"), present("built")])).toEqual({
      value: "found",
      origin: "found",
    });
  });

  test("says why the ways before it were passed over", async () => {
    const ways = [
      missing("found", "it is not on this machine"),
      missing("downloaded", "there is no internet"),
      present("built"),
    ];
    expect((await firstAvailable("a part", ways)).origin).toBe(
      "built, as it is not on this machine and there is no internet",
    );
  });

  test("does not hide a failure behind the next way", async () => {
    const broken = { name: "downloaded", get: () => Promise.reject(new Error("wrong checksum")) };
    await expect(firstAvailable("a part", [broken, present("built")])).rejects.toThrow("wrong checksum");
  });

  test("names every way when there is none", async () => {
    await expect(
      firstAvailable("a part", [missing("found", "not here"), missing("built", "no Go")]),
    ).rejects.toThrow(new SetUpError("There is no way to get a part: not here; no Go."));
  });
});
