import { describe, expect, test } from "vitest";
import { withPlatform } from "../../lifecycle/earlier-input.ts";
import type { Workload } from "../../lifecycle/workload.ts";
import { platformOf } from "../../platforms/of-stack.ts";

const rest = { stack: "prod", name: "bot-a", image: "agent:1" };
const read = (written: object) => withPlatform(written as Workload);

describe("the input of a program as an earlier version wrote it", () => {
  test("names its Docker host as a platform, and how it is reached", () => {
    const before = {
      ...rest,
      dockerHost: "tcp://a:2376",
      dockerAccess: { answer: 7, tls: { certPath: "/c" } },
    };
    const platform = { kind: "docker", host: "tcp://a:2376", answer: 7, tls: { certPath: "/c" } };
    expect(read(before)).toEqual({ ...rest, platform });
    expect(platformOf(read(before))).toMatchObject({ address: "tcp://a:2376", answer: 7 });
  });

  test("has the answers of an engine where it says nothing of them", () => {
    expect(platformOf(read({ ...rest, dockerHost: "unix:///a.sock" }))).toMatchObject({
      ...{ address: "unix:///a.sock", answer: 30 },
    });
  });

  test("stays as it is with a platform", () => {
    const now = { ...rest, platform: { kind: "docker", host: "unix:///b.sock" } };
    expect(read(now)).toEqual(now);
  });
});

test("a platform that this version does not know is refused by its name", () => {
  expect(() => platformOf({ platform: { kind: "moon" } })).toThrow(
    "This version of clawforce-fleet knows no platform of the kind moon. Nothing was touched. " +
      "Check out the version that last updated this stack, and run the command again.",
  );
});
