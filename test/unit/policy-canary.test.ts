import { describe, expect, test } from "vitest";
import { commandType, containerType } from "../../policies/fleet-facts.ts";
import {
  asCandidate,
  atJudgedTime,
  key,
  said,
  saidOf,
  unproved,
  verifyAgain,
  why,
} from "../policy/canary.ts";
import { envelopes, testKey } from "../policy/evidence.ts";
import { image, type StackWorkload, withProps } from "../policy/fleet-stack.ts";
import { unknownText } from "../policy/props.ts";
import {
  baked,
  candidate,
  cutOver,
  gated,
  proved,
  type RolloutOf,
  recordsStart,
  rolloutStack,
  stable,
  started,
  verified,
} from "../policy/rollout.ts";

const stranger = testKey();

atJudgedTime();

describe("canary-before-fleet", () => {
  test("lets a wave follow a canary that has passed", () => {
    expect(saidOf({})).toEqual([]);
  });

  test("lets a canary go ahead, and everything stay as it is", () => {
    const old = { from: stable, records: started("canary") };
    const stays = { image: stable, from: stable };
    expect(saidOf({ canary: old, members: [stays, stays], group: { wave: 0 } })).toEqual([]);
    expect(
      saidOf({ canary: { image: stable, records: started("canary") }, members: [stays, stays] }),
    ).toEqual([]);
  });

  test("refuses `stable` edited straight to a new digest, for each instance of the fleet", () => {
    const edited = { image: candidate, from: stable };
    const messages = saidOf({
      canary: { ...edited, records: started("canary") },
      members: [edited, edited],
      group: { candidate: "", wave: 0 },
      agentImages: { agent: { stable: candidate } },
    });
    const of = (member: string) =>
      unproved("is only brought to it in this update", `${why} ${asCandidate}`, member);
    expect(messages).toEqual([
      `agent stable: image "${candidate}" is no release: no workload has passed on it, or each has gone back from it. ` +
        "Why: the configuration could call anything a release. Write: it as `candidate`, and the release that runs as `stable`.",
      of("support-1"),
      of("support-2"),
    ]);
  });

  test.each<[title: string, of: Partial<RolloutOf>, what: string, rest: string]>([
    [
      "stands on another digest",
      {
        canary: {
          image: image("c"),
          records: [...started("canary"), verified({ workload: "canary", image: image("c") })],
        },
      },
      `is to run "${image("c")}"`,
      `${why} ${asCandidate}`,
    ],
    [
      "is brought to it in this very update",
      { canary: { from: stable, records: started("canary") } },
      "is only brought to it in this update",
      `${why} ${asCandidate}`,
    ],
    [
      "is made anew in this very update",
      { canary: { id: unknownText } },
      "is only brought to it in this update",
      `${why} ${asCandidate}`,
    ],
    [
      "has nothing on record",
      { canary: { records: [] } },
      "has no verification on record that counts for the container that runs now",
      `${why} ${verifyAgain}`,
    ],
    [
      "was replaced since its pass",
      { canary: { judged: { container: "another" }, id: "another" } },
      "has no verification on record that counts for the container that runs now",
      `${why} ${verifyAgain}`,
    ],
    [
      "was verified by other checks",
      { group: { checksHash: "ffffffffffffffff" } },
      "has no verification on record that counts for the container that runs now",
      `${why} ${verifyAgain}`,
    ],
    [
      "failed after it had passed",
      {
        canary: {
          records: [
            ...proved("canary"),
            verified({ workload: "canary", image: candidate, outcome: "failed" }),
          ],
        },
      },
      "did not pass: its verification was failed at 2026-11-20T12:05:00.000Z",
      `${why} Write: the release before, for all; or make the canary pass with \`pulumi up\`.`,
    ],
    [
      "was inconclusive after it had passed",
      {
        canary: {
          records: [
            ...proved("canary"),
            gated({ workload: "canary", image: candidate, outcome: "inconclusive" }),
          ],
        },
      },
      "did not pass: its gate was inconclusive at 2026-11-20T12:05:00.000Z",
      `${why} Write: the release before, for all; or make the canary pass with \`pulumi up\`.`,
    ],
    [
      "has not baked yet",
      { group: { bake: { length: 1800, requests: 0 } } },
      "has passed at 2026-11-20T12:04:00.000Z and has not yet baked for 30m",
      `${why} Write: the wave of the canary, and run \`pulumi up\`: it bakes the canary to the end.`,
    ],
    [
      "has passed too long ago",
      { canary: { log: { start: "2026-11-01T00:00:00.000Z" } } },
      "has passed at 2026-11-01T00:04:00.000Z, longer than 14d ago",
      `${why} ${verifyAgain}`,
    ],
    [
      "has a pass that is dated ahead",
      { canary: { log: { start: "2026-11-21T00:00:00.000Z" } } },
      "has a pass on record that is dated ahead of now (2026-11-21T00:04:00.000Z)",
      `${why} ${verifyAgain}`,
    ],
  ])("refuses the wave when the canary %s", (_title, of, what, rest) => {
    expect(saidOf(of)).toEqual([unproved(what, rest)]);
  });

  test("refuses a fleet member that is updated alone, while its canary is left out of the update", () => {
    const leftOut = rolloutStack({ key, canary: { from: candidate } });
    const id = `canary ${containerType}`;
    expect(said(withProps(leftOut, id, { image: stable }))).toEqual([
      `canary image: its container has "${stable}", but it says "${candidate}". Why: what is judged has to be what runs. ` +
        "Write: the program of this fleet as it is: its workloads say what they find.",
      unproved(`stays on "${stable}" in this update`, `${why} ${asCandidate}`),
    ]);
    // As `--target` shows it: the component says what it is to become, the container stays what it is.
    const targeted = rolloutStack({
      key,
      canary: { from: stable, records: started("canary"), id: "id-of-canary" },
    });
    expect(said(withProps(targeted, id, { image: stable }))).toEqual([
      unproved("is only brought to it in this update", `${why} ${asCandidate}`),
    ]);
  });

  test("asks for a bake as long, and with as many requests, as the group and the policy say", () => {
    const group = { bake: { length: 600, requests: 100 } };
    const bakes = (seconds: number, served?: number, config = {}) =>
      saidOf(
        {
          group,
          canary: {
            records: [...proved("canary"), baked({ workload: "canary", image: candidate }, seconds, served)],
          },
        },
        config,
      );
    const toTheEnd = "the wave of the canary, and run `pulumi up`: it bakes the canary to the end";
    const longer = (length: string) =>
      `the wave of the canary and \`bake: ${length}\` for its group, and run \`pulumi up\`: the policies ask for it`;
    const notYet = (bake: string, write = toTheEnd) => [
      unproved(
        `has passed at 2026-11-20T12:05:00.000Z and has not yet baked for ${bake}`.replace("12:05", "12:04"),
        `${why} Write: ${write}.`,
      ),
    ];
    expect(bakes(600, 100)).toEqual([]);
    expect(bakes(599, 100)).toEqual(notYet("10m with 100 requests"));
    expect(bakes(600, 99)).toEqual(notYet("10m with 100 requests"));
    expect(bakes(600)).toEqual(notYet("10m with 100 requests"));
    expect(bakes(600, 100, { minimumBake: "1h" })).toEqual(notYet("1h with 100 requests", longer("1h")));
    expect(bakes(3600, 100, { minimumBake: "1h" })).toEqual([]);
    expect(saidOf({}, { minimumBake: "90s" })).toEqual(notYet("90s", longer("90s")));
  });

  test("asks for no bake after a canary has gone back, or was started on the image first of all", () => {
    const bake = { length: 600, requests: 0 };
    const back = [
      ...started("canary"),
      cutOver(stable, candidate, "back"),
      verified({ workload: "canary", image: candidate }),
    ];
    const first = [
      gated({ workload: "canary", image: candidate }),
      verified({ workload: "canary", image: candidate }),
    ];
    const again = [
      ...first,
      cutOver(candidate, candidate, "same"),
      verified({ workload: "canary", image: candidate }),
    ];
    for (const records of [back, first, again])
      expect(saidOf({ group: { bake }, canary: { records } })).toEqual([]);
    const cutOff = { records: first, log: { first: 7 } };
    expect(saidOf({ group: { bake }, canary: cutOff })).toHaveLength(1);
    const elsewhere = [...back.slice(0, 2), cutOver(candidate, stable, "back"), ...back.slice(3)];
    expect(saidOf({ group: { bake }, canary: { records: elsewhere } })).toHaveLength(1);
  });

  test("takes a bake back that failed, and a pass that a failure has taken back counts again when it is repeated", () => {
    const group = { bake: { length: 600, requests: 0 } };
    const bake = (outcome: "passed" | "failed") =>
      baked({ workload: "canary", image: candidate, outcome }, 600);
    const again = verified({ workload: "canary", image: candidate });
    const of = (...more: object[]) =>
      saidOf({ group, canary: { records: [...proved("canary"), ...(more as never[])] } });
    expect(of(bake("passed"))).toEqual([]);
    expect(of(bake("passed"), bake("failed"))[0]).toContain("did not pass: its bake was failed");
    expect(of(bake("passed"), bake("failed"), again)[0]).toContain("has not yet baked for 10m");
    expect(of(bake("passed"), bake("failed"), again, bake("passed"))).toEqual([]);
  });

  test("names the bake too where a pass that is too old was baked", () => {
    const bake = { type: commandType, name: "support-wave-0-bake", parent: "fleet clawforce:fleet:Fleet" };
    const records = [...proved("canary"), baked({ workload: "canary", image: candidate }, 600)];
    const stack = (length: number) =>
      rolloutStack({ key, canary: { records }, group: { bake: { length, requests: 0 } } });
    const write = (length: number) =>
      said([...stack(length), bake], { longestAge: "5m" })[0]
        ?.split("--replace")
        .slice(1);
    expect(write(600)).toEqual([
      expect.stringMatching(/^ 'urn:.*::canary-verification' $/),
      expect.stringMatching(/^ 'urn:.*::support-wave-0-bake'\)\.$/),
    ]);
    expect(write(0)).toHaveLength(1);
  });

  test("judges by the policy's own age", () => {
    expect(saidOf({}, { longestAge: "56m" })).toEqual([]);
    expect(saidOf({}, { longestAge: "55m" })[0]).toContain(
      "has passed at 2026-11-20T12:04:00.000Z, longer than 55m ago",
    );
  });

  test("lets the whole fleet go back at once to what it has passed on, and says so", () => {
    const back: Partial<StackWorkload> = { image: stable, from: candidate };
    const records = (workload: string) => [
      ...started(workload),
      cutOver(stable, candidate),
      verified({ workload, image: candidate }),
    ];
    const evidence = (workload: string, by = key) =>
      envelopes({ workload, start: recordsStart }, by, ...records(workload));
    const of = (by = key): Partial<RolloutOf> => ({
      canary: {
        ...back,
        records: [...proved("canary"), verified({ workload: "canary", image: candidate, outcome: "failed" })],
      },
      members: [
        { ...back, evidence: evidence("support-1", by) },
        { ...back, evidence: evidence("support-2", by) },
      ],
      group: { candidate: "", wave: 0 },
    });
    const told = (names: string) =>
      `! support image: ${names} go back to a release that they have run before: "${stable}". ` +
      "Why: going back waits for nothing. Write: nothing, to go back; to stay, the image that runs.";
    expect(saidOf(of())).toEqual([told("canary, support-1, support-2")]);
    const unsigned = (member: string) =>
      `${member} image: image "${stable}" is a release only by records that no trusted key has signed. ` +
      "Why: whoever can write the file could have written it. Write: `clawforce:evidence.signingKey` on the machine that updates, " +
      "and its public key into `trustedKeys` of the policy config.";
    expect(saidOf(of(stranger))).toEqual([
      told("canary, support-1, support-2"),
      unsigned("support-1"),
      unsigned("support-2"),
    ]);
  });

  test("lets an instance go back to what it was updated from, though it never passed on it", () => {
    const records = [gated({ workload: "canary", image: stable }), cutOver(stable, candidate)];
    const back = { image: stable, from: candidate, records };
    const stays = { image: stable, from: stable };
    const of = (key: RolloutOf["key"]) =>
      saidOf({ key, canary: back, members: [stays, stays], group: { wave: 0 } });
    expect(of(key)).toEqual([expect.stringContaining("! support image: canary go back")]);
    expect(of(undefined).map((each) => each.split(":")[0])).toEqual(["canary image", "! support image"]);
  });

  test("refuses a move that image and records do not bear out, of any workload", () => {
    const plane = image("1", "ghcr.io/acme/clawforce");
    const told = (move: string, of: Partial<StackWorkload>) =>
      saidOf({
        more: [
          {
            ...{ name: "plane", image: plane, move },
            evidence: envelopes({ workload: "plane" }, key, verified({ workload: "plane", image: plane })),
            ...of,
          },
        ],
      });
    const not = (move: string) => [
      `plane image: it says that its move is "${move}", but image and records say otherwise. ` +
        "Why: what is judged has to be what runs. Write: the program of this fleet as it is: its workloads say what they find.",
    ];
    const newer = { image: image("2", "ghcr.io/acme/clawforce"), from: plane };
    expect(told("forward", newer)).toEqual([]);
    expect(told("back", newer)).toEqual(not("back"));
    expect(told("none", newer)).toEqual(not("none"));
    expect(told("restore", newer)).toEqual(not("restore"));
    expect(told("first", newer)).toEqual(not("first"));
    expect(told("adopt", newer)).toEqual(not("adopt"));
    expect(told("adopt", {})).toEqual([]);
    expect(told("sideways", {})).toEqual(not("sideways"));
    expect(told("none", {})).toEqual([]);
    expect(told("restore", {})).toEqual([]);
    expect(told("forward", { from: "", evidence: [] })).toEqual(not("forward"));
    expect(told("none", { from: "", evidence: [] })).toEqual(not("none"));
    expect(told("first", { from: "", evidence: [] })).toEqual([]);
    expect(told("back", { image: plane, from: newer.image })).toEqual([]);
  });

  test("takes no way back to what was itself gone back from", () => {
    const evidence = envelopes(
      { workload: "support-1", start: recordsStart },
      key,
      ...proved("support-1"),
      cutOver(candidate, stable, "back"),
      verified({ workload: "support-1", image: stable }),
    );
    const failed = verified({ workload: "canary", image: candidate, outcome: "failed" });
    const messages = saidOf({
      members: [{ evidence }, {}],
      canary: { records: [...proved("canary"), failed] },
    });
    expect(messages).toHaveLength(1);
    expect(messages[0]).toContain(
      `support-1 image: image "${candidate}" is not proved: its canary canary did not pass`,
    );
  });
});
