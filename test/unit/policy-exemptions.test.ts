import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { byRepository, byResource, exemptionsSchema, readExemptions } from "../../policies/exemptions.ts";
import { digestPinned, noMutableImage } from "../../policies/image-rules.ts";
import { judged, said } from "../policy/judged.ts";
import { unknownText } from "../policy/props.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-21T12:00:00Z"), toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each([noMutableImage, digestPinned].map((rule) => [rule.name, rule] as const))(
  "%s",
  (_name, rule) => {
    const exemption = {
      repository: "docker.io/library/img",
      reason: "built on this host",
      expires: "2026-11-21",
    };

    test("lets an exempt repository be until the end of the last day, in UTC", () => {
      const config = { exemptions: [exemption] };
      expect(said(rule, "img:latest", config)).toEqual([]);
      vi.setSystemTime(new Date("2026-11-21T23:59:59Z"));
      expect(said(rule, "img:latest", config)).toEqual([]);
      vi.setSystemTime(new Date("2026-11-22T00:00:00Z"));
      const messages = said(rule, "img:latest", config);
      expect(messages).toHaveLength(1);
      expect(messages[0]).toMatch(/\. Its exemption \("built on this host"\) ended on 2026-11-21\.$/);
    });

    test("counts the longest of several exemptions of one repository", () => {
      const older = { ...exemption, expires: "2026-01-01" };
      expect(said(rule, "img:latest", { exemptions: [older, exemption] })).toEqual([]);
      vi.setSystemTime(new Date("2026-12-01T00:00:00Z"));
      for (const exemptions of [
        [older, exemption],
        [exemption, older],
      ]) {
        expect(said(rule, "img:latest", { exemptions })[0]).toContain("ended on 2026-11-21.");
      }
    });

    test.each(["img-evil:latest", "img/evil:latest", "evil/img:latest", "ghcr.io/library/img:latest"])(
      "does not exempt %s with img",
      (image) => {
        expect(said(rule, image, { exemptions: [exemption] })).toHaveLength(1);
      },
    );

    test("exempts nothing that is unknown or can't be read", () => {
      for (const image of [unknownText, "img:latest ", "img@sha256:abc"]) {
        expect(said(rule, image, { exemptions: [exemption] })).toHaveLength(1);
      }
    });

    test.each([
      [
        { ...exemption, repository: "img" },
        'repository "img" is no whole name of a repository. Write: docker.io/library/img',
      ],
      [
        { ...exemption, repository: "docker.io/library/img:latest" },
        'repository "docker.io/library/img:latest" is no whole name of a repository. Write: docker.io/library/img',
      ],
      [
        { ...exemption, repository: "docker.io/library/*" },
        'repository "docker.io/library/*" is no whole name of a repository. Write: <registry>/<path>, without tag and digest',
      ],
      [{ ...exemption, reason: " " }, "reason is empty. Write: why this repository may be let be"],
      [
        { ...exemption, expires: "2027-02-30" },
        'expires "2027-02-30" is no day. Write: a day like 2026-12-31',
      ],
      [{ ...exemption, expires: "never" }, 'expires "never" is no day. Write: a day like 2026-12-31'],
      [
        { ...exemption, expires: "2026-12-31T00:00" },
        'expires "2026-12-31T00:00" is no day. Write: a day like 2026-12-31',
      ],
      [{ ...exemption, expires: "2026-12" }, 'expires "2026-12" is no day. Write: a day like 2026-12-31'],
      [
        "img",
        'repository "" is no whole name of a repository. Write: <registry>/<path>, without tag and digest',
      ],
      [
        { repository: exemption.repository, expires: "2026-12-31" },
        "reason is empty. Write: why this repository may be let be",
      ],
      [
        { repository: exemption.repository, reason: "x" },
        'expires "" is no day. Write: a day like 2026-12-31',
      ],
    ])("counts %j for nothing and says so once, at the stack", (bad, problem) => {
      expect(said(rule, "img:latest", { exemptions: [bad] })).toHaveLength(1);
      expect(
        judged(rule, { type: "pulumi:pulumi:Stack", props: {} }, { exemptions: [exemption, bad] }),
      ).toEqual([
        {
          message: `[${rule.name}] policy config exemptions[1]: ${problem}. Until then it counts for nothing.`,
        },
      ]);
    });
  },
);

describe("an exemption by the name of a resource", () => {
  const exemption = { resource: "web", reason: "it is old", expires: "2026-12-31" };

  test("counts with any name that is not empty", () => {
    const { resource: subject, ...rest } = exemption;
    expect(readExemptions([exemption], byResource)).toEqual({
      counting: [{ subject, ...rest }],
      problems: [],
    });
    expect(readExemptions([{ ...exemption, resource: " " }], byResource)).toEqual({
      counting: [],
      problems: [
        "exemptions[0]: resource is empty. Write: the name of one resource. Until then it counts for nothing.",
      ],
    });
  });

  test("is none where the configuration has no list", () => {
    for (const listed of [undefined, null, "web", { 0: exemption }]) {
      expect(readExemptions(listed, byResource)).toEqual({ counting: [], problems: [] });
    }
  });

  test("is described for what it names", () => {
    const described = [byRepository, byResource].map((by) => exemptionsSchema(by).description);
    const rest = "that this rule passes over, each with a reason and a last day";
    expect(described).toEqual([`Repositories ${rest}`, `Resources, by their names, ${rest}`]);
  });
});
