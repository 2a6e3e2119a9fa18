import { describe, expect, test } from "vitest";
import { fleetTypes } from "../../policies/fleet-facts.ts";
import { atJudgedTime, key, said, saidOf, unproved, verifyAgain, why } from "../policy/canary.ts";
import { altered, envelopes, testKey } from "../policy/evidence.ts";
import { image, type StackWorkload, withProps } from "../policy/fleet-stack.ts";
import { unknownText } from "../policy/props.ts";
import { candidate, proved, recordsStart, rolloutStack, stable, verified } from "../policy/rollout.ts";

const stranger = testKey();

atJudgedTime();

describe("canary-before-fleet, by its evidence,", () => {
  const bad = (member: string, path: string, what: string) =>
    `${member} ${path}: the ${what}. Why: it was changed, or copied from somewhere else. ` +
    "Write: the records back from a copy, in the evidence directory.";

  test.each<[title: string, by: typeof key | undefined, config: object, write: string]>([
    [
      "nobody has signed",
      undefined,
      {},
      "`clawforce:evidence.signingKey` on the machine that updates, and its public key into `trustedKeys` of the policy config",
    ],
    [
      "a stranger has signed",
      stranger,
      {},
      "`clawforce:evidence.signingKey` on the machine that updates, and its public key into `trustedKeys` of the policy config",
    ],
    [
      "nobody can verify",
      key,
      { trustedKeys: [] },
      "the public key of the machine that updates into `trustedKeys` of the policy config: it has none",
    ],
  ])("refuses what %s, and only warns where the configuration says so", (_title, by, config, write) => {
    const stack = rolloutStack({ key: by });
    const message = unproved(
      "has passed at 2026-11-20T12:04:00.000Z, and no trusted key has signed that",
      `Why: whoever can write the file could have written it. Write: ${write}.`,
    );
    expect(said(stack, config)).toEqual([message]);
    expect(said(stack, { ...config, levels: { unsigned: "advisory" } })).toEqual([`! ${message}`]);
  });

  test("counts a failure whoever wrote it", () => {
    const failed = envelopes(
      { workload: "canary", first: 9 },
      stranger,
      verified({ workload: "canary", image: candidate, outcome: "failed" }),
    );
    const evidence = [
      ...envelopes({ workload: "canary", start: recordsStart }, key, ...proved("canary")),
      ...failed,
    ];
    expect(saidOf({ canary: { evidence } })).toEqual([
      unproved(
        "did not pass: its verification was failed at 2026-11-20T12:00:00.000Z",
        `${why} Write: the release before, for all; or make the canary pass with \`pulumi up\`.`,
      ),
    ]);
  });

  test("refuses evidence of another instance, of another digest, and what was changed after it was signed", () => {
    const own = envelopes({ workload: "canary", start: recordsStart }, key, ...proved("canary"));
    const ofOther = envelopes({ workload: "support-2", start: recordsStart }, key, ...proved("support-2"));
    const missing = unproved(
      "has no verification on record that counts for the container that runs now",
      `${why} ${verifyAgain}`,
    );
    const foreign = 'record is a record of "support-2" in the stack "prod"';
    expect(saidOf({ canary: { evidence: ofOther } })).toEqual([
      ...[0, 1, 2, 3, 4].map((index) => bad("canary", `judged.evidence[${index}]`, foreign)),
      missing,
    ]);
    const [gate, pass, move, again, last] = own as [never, never, never, never, never];
    const forged = altered(pass, (each) => each.replaceAll("a".repeat(64), "b".repeat(64)));
    expect(saidOf({ canary: { evidence: [gate, forged, again] } })).toEqual([
      bad(
        "canary",
        "judged.evidence",
        "verification with number 2 has a signature that does not belong to it",
      ),
      missing,
    ]);
    const renamed = altered(last, (each) => each.replace(`"${candidate}"`, `"${image("e")}"`));
    expect(saidOf({ canary: { evidence: [gate, pass, move, again, renamed] } })[0]).toContain(
      `the record has the subject "${"b".repeat(64)}" and speaks of another image`,
    );
    expect(saidOf({ canary: { evidence: [...own, last] } })[0]).toBe(
      bad("canary", "judged.evidence[5]", "record does not follow the one before it"),
    );
  });

  test("says which trusted key is none", () => {
    expect(saidOf({}, { trustedKeys: [key.text, "x"] })).toEqual([
      "policy config trustedKeys[1]: it is no Ed25519 public key in base64 of its SPKI. Why: no signature can be verified with it. " +
        "Write: what `openssl pkey -in <key> -pubout -outform DER | base64 -w0` prints.",
    ]);
  });

  test("refuses releases in the configuration that no record knows, once there are records", () => {
    const previous = image("f");
    const named = (references: { stable: string; previous?: string }) =>
      saidOf({ agentImages: { agent: references } });
    expect(named({ stable, previous: stable })).toEqual([]);
    expect(named({ stable, previous })).toEqual([
      `agent previous: image "${previous}" is no release: no workload has passed on it, or each has gone back from it. ` +
        "Why: the configuration could call anything a release. Write: the release that ran before, or nothing.",
    ]);
    expect(named({ stable: unknownText })).toEqual([
      "agent stable: the release is not known at preview. Why: nobody can say whether it ever ran. " +
        "Write: the reference as literal text, with its digest.",
    ]);
    const odd = withProps(rolloutStack({ key }), `agent ${fleetTypes.agentImage}`, { previous: 7 });
    expect(said(odd)).toEqual([
      "agent previous: the release is no text. Why: nobody can say whether it ever ran. " +
        "Write: the reference as literal text, with its digest.",
    ]);
    expect(named({ stable, previous: "" })).toEqual([]);
  });

  test("knows the releases of an agent image by the instances that run it", () => {
    const release = image("f");
    const evidence = envelopes(
      { workload: "sales-1" },
      key,
      verified({ workload: "sales-1", image: release }),
    );
    const sales: StackWorkload = {
      name: "sales-1",
      group: "sales",
      role: "canary",
      image: release,
      evidence,
    };
    const of = (agentImage: string) => {
      const stack = rolloutStack({
        key,
        more: [sales],
        agentImages: { agent: { stable, previous: release } },
      });
      return said(withProps(stack, `sales ${fleetTypes.group}`, { agentImage }), { canaries: 2 });
    };
    expect(of("agent")).toEqual([]);
    expect(of("browser")).toEqual([
      expect.stringContaining(`agent previous: image "${release}" is no release`),
    ]);
  });

  test("knows the releases of the control plane by its own records", () => {
    const [newer, older] = [image("1", "ghcr.io/acme/clawforce"), image("2", "ghcr.io/acme/clawforce")];
    const evidence = envelopes({ workload: "plane" }, key, verified({ workload: "plane", image: newer }));
    const stack = rolloutStack({ key, more: [{ name: "plane", image: newer, evidence }] });
    const plane = (previous: string) =>
      said(withProps(stack, `control-plane ${fleetTypes.controlPlane}`, { previous }));
    expect(plane(newer)).toEqual([]);
    // What instances have passed on is no release of the control plane.
    expect(plane(stable)).toEqual([
      expect.stringContaining(`control-plane previous: image "${stable}" is no release`),
    ]);
    expect(plane(older)).toEqual([
      expect.stringContaining(`control-plane previous: image "${older}" is no release`),
    ]);
  });
});
