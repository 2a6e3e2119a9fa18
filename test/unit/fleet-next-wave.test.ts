import { describe, expect, test } from "vitest";
import { nextWave, refuseTarget } from "../../fleet/next-wave.ts";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { candidate, stable } from "./config-fixture.ts";
import { configWith, now, onRecord, provedWitnesses } from "./fleet-rollout-fixture.ts";

const second = {
  agentImage: "chromium",
  instances: ["sales-canary", "sales-1"],
  waves: [1, "100%"],
  wave: 0,
};

function title(wave: string): string {
  return `support: ${wave} (waves 0 to 3) to agent-chromium:1.4.2-openclaw-2026.4.23@bbbbbbbbbbbb`;
}

describe("the next update of a rollout", () => {
  test("is the canary when a candidate was just set: nothing changes in the stack file", () => {
    const config = configWith();
    const witnesses = provedWitnesses(config, { canary: { observed: { id: "old", image: stable } } });
    expect(nextWave(config, witnesses, undefined, now)).toEqual({
      groups: ["support"],
      title: title("canary"),
      edits: [],
    });
  });

  test("is one wave more when all of the present wave have passed", () => {
    const config = configWith();
    expect(nextWave(config, provedWitnesses(config), undefined, now)).toEqual({
      groups: ["support"],
      title: title("wave 1"),
      edits: [{ path: ["instanceGroups", "support", "wave"], value: 1 }],
    });
  });

  test("is the present wave again when a workload of it has not passed", () => {
    const config = configWith({ "instanceGroups.support.wave": 2 });
    const witnesses = provedWitnesses(config, { "support-2": { records: [] } });
    expect(nextWave(config, witnesses, undefined, now)).toEqual({
      groups: ["support"],
      title: title("wave 2"),
      edits: [],
    });
  });

  test("is refused when all that is left of a wave has records that prove nothing: it would never end", () => {
    const config = configWith({ "instanceGroups.support.wave": 2 });
    const without = "its records are damaged: f:2: the line is no record";
    const sick = provedWitnesses(config, { "support-2": { without } });
    expect(() => nextWave(config, sick, undefined, now)).toThrow(
      `support can't go on. support-2 proves nothing: ${without}. See \`fleet evidence check\`.`,
    );
    const others = provedWitnesses(config, { "support-2": { without }, "support-1": { records: [] } });
    expect(nextWave(config, others, undefined, now)).toMatchObject({ title: title("wave 2"), edits: [] });
    const canary = provedWitnesses(config, { canary: { without } });
    expect(() => nextWave(config, canary, undefined, now)).toThrow(`canary proves nothing: ${without}.`);
  });

  test("is the canary again until it has baked", () => {
    const config = configWith({ "instanceGroups.support.bake": "30m" });
    const proved = provedWitnesses(config);
    const container = "container of canary";
    const judged = { image: candidate, container, outcome: "passed" as const };
    const checksHash = proved[0]?.checks ?? "";
    const updated: EvidenceEntry[] = [
      {
        kind: "cut-over",
        from: stable,
        to: candidate,
        direction: "forward",
        snapshot: "a",
        drained: { active: 0, seconds: 0, cut: 0 },
        stop: { seconds: 1, killed: false },
      },
      { kind: "verification", ...judged, checks: [], checksHash, seconds: 1 },
    ];
    const baked: EvidenceEntry = {
      kind: "bake",
      ...judged,
      checksHash,
      detail: "",
      seconds: 1800,
      rounds: 9,
    };
    const next = (...entries: EvidenceEntry[]) =>
      nextWave(
        config,
        provedWitnesses(config, { canary: { records: onRecord("canary", ...entries) } }),
        undefined,
        now,
      );
    expect(next(...updated)).toMatchObject({ title: title("canary"), edits: [] });
    expect(next(...updated, baked)).toMatchObject({ title: title("wave 1") });
  });

  test("is none when every group has come to its last wave", () => {
    const config = configWith({ "instanceGroups.support.wave": 3 });
    expect(nextWave(config, provedWitnesses(config), undefined, now)).toEqual({
      done: "support has come to its last wave with agent-chromium:1.4.2-openclaw-2026.4.23@bbbbbbbbbbbb. To make it the stable one: `fleet promote`.",
    });
  });

  test("is of the group that is named, where two share an image", () => {
    const config = configWith({ "instanceGroups.sales": second });
    expect(nextWave(config, provedWitnesses(config), "sales", now)).toMatchObject({
      groups: ["sales"],
      edits: [{ path: ["instanceGroups", "sales", "wave"], value: 1 }],
    });
    expect(() => nextWave(config, provedWitnesses(config), undefined, now)).toThrow(
      "support (wave 0) and sales (wave 0) could go on. Name one with --group: one wave of one group at a time.",
    );
  });
});

describe("the next update, where two groups go to one image,", () => {
  const config = configWith({ "instanceGroups.sales": second });
  const witnesses = provedWitnesses(config, {
    canary: { observed: { id: "old", image: stable } },
    "sales-canary": { observed: { id: "old", image: stable } },
  });

  test("is of the group whose canary goes first", () => {
    expect(nextWave(config, witnesses, undefined, now, new Set(), new Set(["sales-canary"]))).toEqual({
      groups: ["support"],
      title: title("canary"),
      edits: [],
    });
  });

  test("is of both, where none of them waits", () => {
    expect(nextWave(config, witnesses, undefined, now)).toMatchObject({ groups: ["support", "sales"] });
  });
});

describe("a rollout does not go on", () => {
  test.each([
    [
      "when the canary was recreated",
      { observed: { id: "another", image: candidate } },
      "(missing). canary has no verification",
    ],
    [
      "when the canary runs another image",
      { observed: { id: "container of canary", image: stable } },
      "(missing). canary does not run this image",
    ],
    [
      "when the canary's checks were edited",
      { checks: "edited" },
      "(missing). canary was verified by other checks",
    ],
    [
      "when the canary failed since",
      {
        records: onRecord("canary", {
          kind: "gate",
          image: candidate,
          container: "container of canary",
          outcome: "failed",
          checks: [],
          checksHash: "x",
          markers: { databases: {} },
        }),
      },
      "(failed). canary did not pass: its gate was failed",
    ],
  ])("%s", (_, change, sentence) => {
    const config = configWith({ "instanceGroups.support.wave": 1 });
    expect(() => nextWave(config, provedWitnesses(config, { canary: change }), undefined, now)).toThrow(
      `support can't go on: the evidence of its earlier waves does not hold ${sentence}`,
    );
  });

  test("without a candidate", () => {
    const config = configWith({ "agentImages.chromium.candidate": undefined });
    expect(() => nextWave(config, provedWitnesses(config), undefined, now)).toThrow(
      "There is nothing to roll out. No group runs an agent image with a `candidate`, and every instance has the settings of its group. `fleet pin` writes a candidate.",
    );
  });

  test("in a group that no candidate is for", () => {
    const config = configWith();
    expect(() => nextWave(config, provedWitnesses(config), "sales", now)).toThrow(
      'Nothing is rolled out to a group called "sales". Something is rolled out to support.',
    );
  });
});

describe("other settings without a candidate", () => {
  const group = "instanceGroups.support";
  const without = { "agentImages.chromium.candidate": undefined };
  const other = (wave: string) =>
    `support: ${wave} (waves 0 to 3) to other settings on agent-chromium:1.4.2-openclaw-2026.4.15@aaaaaaaaaaaa`;
  const step = (wave: number, ...pending: string[]) => {
    const config = configWith({ ...without, [`${group}.wave`]: wave });
    return nextWave(config, provedWitnesses(config), undefined, now, new Set(pending));
  };
  const edits = (wave: number) => [{ path: ["instanceGroups", "support", "wave"], value: wave }];
  const groups = ["support"];

  test("go to the canary first, also when the wave is still the one of the change before", () => {
    const all = ["canary", "support-1", "support-2", "support-3"];
    expect(step(0, ...all)).toEqual({ groups, title: other("canary"), edits: [] });
    expect(step(3, ...all)).toEqual({ groups, title: other("canary"), edits: edits(0) });
  });

  test("go one wave further once those before have them", () => {
    const later = ["support-1", "support-2", "support-3"];
    expect(step(0, ...later)).toEqual({ groups, title: other("wave 1"), edits: edits(1) });
    expect(step(2, "support-2", "support-3")).toEqual({ groups, title: other("wave 2"), edits: [] });
  });

  test("end with the wave at the beginning again", () => {
    expect(step(3)).toEqual({
      groups,
      title: "support: every instance has its settings, so wave 0 again",
      edits: edits(0),
    });
  });
});

describe("a wave to go on to", () => {
  const rollout = { group: "support", image: "chromium", candidate, wave: 1, lastWave: 3 };

  test.each([
    [0, false, "support is at wave 1 already. To go back: `fleet rollback --to-wave 0`."],
    [3, false, "each wave deserves a look before the next. Go to 2, or add --yes-all-waves"],
    [4, true, "--to-wave 4: the last wave of support is 3."],
  ])("is refused: %i", (target, all, sentence) => {
    expect(() => refuseTarget(rollout, target, all)).toThrow(sentence);
  });

  test.each([
    ["the present one and the next", false, [1, 2]],
    ["any from the present one to the last, where that is said", true, [1, 2, 3]],
  ])("is %s", (_, all, taken) => {
    const isTaken = (target: number) => {
      try {
        refuseTarget(rollout, target, all);
        return true;
      } catch {
        return false;
      }
    };
    expect([0, 1, 2, 3, 4, 5].filter(isTaken)).toEqual(taken);
  });
});
