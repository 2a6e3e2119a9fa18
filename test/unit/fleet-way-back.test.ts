import { describe, expect, test } from "vitest";
import { promotionEdits } from "../../fleet/promotion.ts";
import { rollbackEdits, settingsBack, takeBackEdits } from "../../fleet/way-back.ts";
import type { Move } from "../../lifecycle/evidence/move.ts";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { candidate, digest, previous, stable } from "./config-fixture.ts";
import { configWith, now, onRecord, provedWitnesses } from "./fleet-rollout-fixture.ts";

const sales = { agentImage: "chromium", instances: ["sales-canary", "sales-1"], waves: [1, "100%"], wave: 1 };
const image = ["agentImages", "chromium"];
const nothing = { image: undefined, group: undefined, toWave: undefined };
const older = `clawforceone/agent-chromium:1.4.0@${digest("e")}`;

/** Two releases that can be gone back to, the last one `previous`. */
function twoReleases(before: string): EvidenceEntry[] {
  const snapshot = (id: string, of: string): EvidenceEntry => ({
    kind: "snapshot",
    role: "cold",
    snapshot: id,
    image: of,
    files: 1,
    bytes: 1,
    seconds: 1,
    markers: { databases: {} },
  });
  const forward = (from: string, to: string, id: string): EvidenceEntry => ({
    kind: "cut-over",
    from,
    to,
    direction: "forward",
    snapshot: id,
    drained: { active: 0, seconds: 0, cut: 0 },
    stop: { seconds: 1, killed: false },
  });
  return [
    snapshot("a", before),
    forward(before, previous, "a"),
    snapshot("b", previous),
    forward(previous, stable, "b"),
  ];
}

describe("a wave that is taken back", () => {
  test("is lowered by one, and the candidate stays", () => {
    const config = configWith({ "instanceGroups.support.wave": 2 });
    expect(takeBackEdits(config, ["support"])).toEqual([
      { path: ["instanceGroups", "support", "wave"], value: 1 },
    ]);
  });

  test("that was the canary's takes the candidate out, for every group on the image", () => {
    const config = configWith({ "instanceGroups.sales": sales });
    expect(takeBackEdits(config, ["support"])).toEqual([
      { path: [...image, "candidate"], value: undefined },
      { path: ["instanceGroups", "sales", "wave"], value: 0 },
    ]);
  });

  test("is no other group's", () => {
    const config = configWith({ "instanceGroups.sales": sales, "instanceGroups.support.wave": 1 });
    expect(takeBackEdits(config, ["sales"])).toEqual([
      { path: ["instanceGroups", "sales", "wave"], value: 0 },
    ]);
  });
});

describe("going back", () => {
  test("from a candidate is to take it out", () => {
    const config = configWith({ "instanceGroups.support.wave": 2 });
    expect(rollbackEdits(config, nothing, [])).toEqual([
      { path: [...image, "candidate"], value: undefined },
      { path: ["instanceGroups", "support", "wave"], value: 0 },
    ]);
  });

  test("without a candidate is to the previous release, and the one before that becomes previous", () => {
    const config = configWith({ "agentImages.chromium.candidate": undefined });
    const records = [onRecord("canary", ...twoReleases(older)), onRecord("support-1", ...twoReleases(older))];
    expect(rollbackEdits(config, nothing, records)).toEqual([
      { path: [...image, "stable"], value: previous },
      { path: [...image, "previous"], value: older },
    ]);
  });

  test.each([
    ["nothing is on record", []],
    [
      "the records do not agree",
      [onRecord("a", ...twoReleases(older)), onRecord("b", ...twoReleases(candidate))],
    ],
  ])("leaves no previous release when %s", (_, records) => {
    const config = configWith({ "agentImages.chromium.candidate": undefined });
    expect(rollbackEdits(config, nothing, records)).toEqual([
      { path: [...image, "stable"], value: previous },
      { path: [...image, "previous"], value: undefined },
    ]);
  });

  test("to a lower wave changes the wave alone", () => {
    const config = configWith({ "instanceGroups.support.wave": 2 });
    expect(rollbackEdits(config, { ...nothing, toWave: 0 }, [])).toEqual([
      { path: ["instanceGroups", "support", "wave"], value: 0 },
    ]);
  });

  test.each([
    ["the one before that becomes previous", [onRecord("clawforce", ...twoReleases(older))], older],
    ["nothing is previous when nothing is on record", [], undefined],
  ])("of the control plane is to its previous image, and %s", (_, records, before) => {
    const config = configWith({ controlPlane: { image: stable, previous } });
    expect(rollbackEdits(config, { ...nothing, image: "control-plane" }, records)).toEqual([
      { path: ["controlPlane", "image"], value: previous },
      { path: ["controlPlane", "previous"], value: before },
    ]);
  });

  test.each([
    [{}, { ...nothing, toWave: 0 }, "--to-wave 0: no group is at a higher wave."],
    [{}, { ...nothing, toWave: 0, group: "support" }, "--to-wave 0: support is not at a higher wave."],
    [
      {},
      { ...nothing, image: "firefox" },
      'No agent image is called "firefox". There is chromium, control-plane.',
    ],
    [{}, { ...nothing, image: "control-plane" }, "The configuration has no control plane."],
    [
      { "agentImages.chromium": { stable } },
      nothing,
      "clawforce:agentImages.chromium has neither a `candidate` nor a `previous`",
    ],
    [
      { "agentImages.chromium": { stable }, "agentImages.firefox": { stable: previous } },
      nothing,
      "Which image goes back? Name it with --image: chromium, firefox.",
    ],
    [
      { "instanceGroups.sales": sales, "instanceGroups.support.wave": 1 },
      { ...nothing, toWave: 0 },
      "Which group goes back to wave 0? Name it with --group: support, sales.",
    ],
  ])("is refused (%#): %s", (changes, request, sentence) => {
    expect(() => rollbackEdits(configWith(changes), request, [])).toThrow(sentence);
  });
});

describe("a promotion", () => {
  const last = { "instanceGroups.support.wave": 3 };

  test("makes the candidate stable and the stable previous", () => {
    const config = configWith(last);
    expect(promotionEdits(config, "chromium", provedWitnesses(config), now)).toEqual([
      { path: [...image, "stable"], value: candidate },
      { path: [...image, "previous"], value: stable },
      { path: [...image, "candidate"], value: undefined },
      { path: ["instanceGroups", "support", "wave"], value: 0 },
    ]);
  });

  test.each([
    [{ "instanceGroups.support.wave": 2 }, {}, "support stands at wave 2 of 0 to 3"],
    [{ ...last, "instanceGroups.sales": { ...sales, wave: 0 } }, {}, "sales stands at wave 0 of 0 to 1"],
    [{ "agentImages.chromium.candidate": undefined }, {}, "The agent image chromium has no candidate"],
    [last, { "support-3": { records: [] } }, "(missing). support-3 has no verification"],
    [last, { "support-3": { observed: undefined } }, "(missing). support-3 has no container"],
    [
      last,
      { "support-3": { observed: { id: "container of support-3", image: stable } } },
      "(missing). support-3 does not run",
    ],
  ])("is refused (%#)", (changes, witnesses, sentence) => {
    const config = configWith(changes);
    expect(() => promotionEdits(config, "chromium", provedWitnesses(config, witnesses), now)).toThrow(
      sentence,
    );
  });
});

describe("the way back of changed settings", () => {
  const planned = (name: string, move: Move) =>
    ({ input: { name, stack: "prod" }, move }) as Parameters<typeof settingsBack>[0][number];
  const changes = ["environment.LOG_LEVEL is new"];

  test("is the operator's, and named with those that it is of", () => {
    const lines = settingsBack([
      planned("canary", { kind: "change", from: stable, to: stable, changes, back: false }),
      planned("support-1", { kind: "forward", from: stable, to: candidate, changes }),
      planned("support-2", { kind: "none", to: stable }),
    ]);
    expect(lines).toBe(
      "The settings of canary, support-1 were changed. To go back: revert that change of the stack file (git revert), then run\n" +
        "  pulumi up --stack prod   (every workload with the new settings goes back at once)\n",
    );
  });

  test("is not spoken of where only images change", () => {
    expect(settingsBack([planned("canary", { kind: "forward", from: stable, to: candidate })])).toBe("");
  });
});
