import { expect, test } from "vitest";
import { tagOf } from "../../demo/story.ts";

test("the tag of a reference is found behind a registry with a port", () => {
  expect(tagOf(`127.0.0.1:5000/openclaw:2026.4.23@sha256:${"a".repeat(64)}`)).toBe("2026.4.23");
});
