import { describe, expect, it } from "vitest";
import { fingerprint } from "../../config/fingerprint.ts";
import { workloadsOf } from "../../config/rollout.ts";
import type { StackConfig } from "../../config/schema.ts";
import type { Envelope } from "../../lifecycle/evidence/envelope.ts";
import { moveOf } from "../../lifecycle/evidence/move.ts";
import type { EvidenceEntry, ReadRecord, SnapshotRole } from "../../lifecycle/evidence/records.ts";
import {
  describeUnknownReleases,
  describeVerdicts,
  judgedGroups,
  judgedWorkload,
  namedReleasesFor,
} from "../../lifecycle/update/evidence-facts.ts";
import type { Situation } from "../../lifecycle/update/situation.ts";
import type { Observed } from "../../platforms/platform.ts";
import { neverStarted } from "../support/surveyed.ts";
import { type Changes, candidate, previous, snapshotTools, stable } from "./config-fixture.ts";
import { configWith, now, onRecord } from "./fleet-rollout-fixture.ts";

interface Of {
  runs?: string;
  records?: ReadRecord[];
}

/** All workloads of the configuration, each running what it is told and verified on it, unless said otherwise. */
function surveyedOf(config: StackConfig, changes: Record<string, Of> = {}): Situation[] {
  return neverStarted(config, "s").map((situation) => {
    const { name, image } = situation.config;
    const { runs = image, records = onRecord(name, verified(config, runs)) } = changes[name] ?? {};
    const sealed = records.map((record, index) => ({ record, envelope: envelope(`${name} ${index}`) }));
    const observed = { id: `container of ${name}`, image: runs, state: "running", serves: true };
    const move = moveOf({ running: runs, wanted: image, records, requested: undefined });
    return { ...situation, records, sealed, observed, move };
  });
}

function envelope(payload: string): Envelope {
  return { payloadType: "application/vnd.in-toto+json", payload, signatures: [] };
}

function verified(config: StackConfig, image: string, name = "canary"): EvidenceEntry {
  return {
    ...{ kind: "verification", image, container: `container of ${name}`, outcome: "passed", checks: [] },
    checksHash: fingerprint(config.instanceGroups.support?.verification),
    seconds: 1,
  };
}

const drill: EvidenceEntry = { kind: "drill", snapshot: "0", image: stable, seconds: 1 };

function snapshot(role: SnapshotRole, seconds: number): EvidenceEntry {
  const markers = { databases: {} };
  return { kind: "snapshot", role, snapshot: "0", image: stable, files: 1, bytes: 1, seconds, markers };
}

describe("the facts of a workload", () => {
  const config = configWith({ "agentImages.chromium.previous": undefined });

  it("are what it is, what runs and what is to run", () => {
    const [canary, first] = surveyedOf(config, { canary: { runs: stable } }).map((each) =>
      judgedWorkload(each, []),
    );
    expect(canary).toEqual({
      ...{ track: "runtime", role: "canary", group: "support", wave: 0 },
      settings: "",
      ...{ image: candidate, from: stable, container: "container of canary", previous: "", move: "forward" },
      pause: { hold: 0, drain: 0, unseen: 30, stopGrace: 30, coldPass: 0, start: 150 },
      evidence: [envelope("canary 0")],
    });
    expect(first).toMatchObject({ role: "fleet", wave: 2, image: stable, from: stable, move: "none" });
  });

  it("are there before the first start, as empty text", () => {
    const [canary] = surveyedOf(config, { canary: { records: [] } });
    const facts = judgedWorkload(
      {
        ...(canary as Situation),
        observed: undefined,
        move: { kind: "first", to: candidate },
      },
      [],
    );
    expect(facts).toMatchObject({ from: "", container: "", previous: "", move: "first", evidence: [] });
  });

  it("name no container where the one that is there does not serve", () => {
    const [canary] = surveyedOf(config) as [Situation];
    const observed = { ...(canary.observed as Observed), state: "exited", serves: false };
    expect(judgedWorkload({ ...canary, observed }, [])).toMatchObject({ from: candidate, container: "" });
  });

  it("hand on what speaks of the wanted and the running image, the newest three of each kind, in their order", () => {
    const records = onRecord(
      "canary",
      ...[1, 2, 3, 4].map(() => verified(config, stable)),
      verified(config, previous),
      { kind: "serving", trigger: "first", did: "serves" },
      verified(config, candidate),
      snapshot("hot", 1),
      drill,
    );
    const [canary] = surveyedOf(config, { canary: { runs: stable, records } }) as [Situation];
    const handedOn = (releases: string[]) =>
      judgedWorkload(canary, releases).evidence.map(({ payload }) => payload);
    expect(handedOn([])).toEqual([1, 2, 3, 6, 7, 8].map((index) => `canary ${index}`));
    expect(handedOn([stable, previous])).toEqual([1, 2, 3, 4, 6, 7, 8].map((index) => `canary ${index}`));
  });

  it("say to what the state is set back on the way, and nothing where it stays", () => {
    const [canary] = surveyedOf(config) as [Situation];
    const restore = {
      ...{ snapshot: "0".repeat(64), takenAt: now.toISOString(), reason: "state moved" as const },
      moved: ["memory/main.sqlite 1 -> 2"],
    };
    const move = { kind: "restore" as const, from: stable, to: stable, restore };
    expect(judgedWorkload({ ...canary, move }, []).restore).toEqual(restore);
    expect(judgedWorkload(canary, [])).not.toHaveProperty("restore");
  });

  it("name the image that ran last where the container is gone", () => {
    const [canary] = surveyedOf(config) as [Situation];
    const gone = { ...canary, observed: undefined };
    expect(judgedWorkload({ ...gone, move: { kind: "forward", from: stable, to: candidate } }, []).from).toBe(
      stable,
    );
    expect(judgedWorkload({ ...gone, move: { kind: "none", to: candidate } }, []).from).toBe(candidate);
  });

  it("name the releases that the configuration has for it, and no other's", () => {
    const workloads = workloadsOf(configWith());
    const named = workloads.map((each) => [each.name, namedReleasesFor(configWith(), each)] as const);
    expect(Object.fromEntries(named)).toMatchObject({ canary: [stable, previous] });
  });
});

describe("the pause of a workload", () => {
  const ingress = { image: snapshotTools, hold: "4m", drain: "7s" };
  const work = { path: "/work", field: "active" };
  const group = "instanceGroups.support";
  const served = { ingress, [`${group}.instances`]: [{ name: "canary", hosts: ["canary.test"] }] };
  const noRecords = { canary: { records: [] } };

  function pauseOf(changes: Changes, of: Record<string, Of> = noRecords) {
    return surveyedOf(configWith(changes), of).map((each) => judgedWorkload(each, []).pause);
  }

  it("counts the hold and the drain of the ingress where it serves the workload, and nowhere else", () => {
    expect(pauseOf({ ...served, [`${group}.waves`]: [1] })[0]).toMatchObject({ hold: 240, drain: 7 });
    expect(pauseOf({ ingress })[0]).toMatchObject({ hold: 0, drain: 0 });
  });

  it("counts active work before the stop where it can be seen, else as what must end by itself", () => {
    const budget = "90s";
    const command = { argv: ["work"], output: "active: (\\d+)" };
    expect(pauseOf({ [`${group}.drain`]: { budget } })[0]).toMatchObject({ drain: 0, unseen: 90 });
    for (const seen of [{ http: work }, { command }]) {
      expect(pauseOf({ [`${group}.drain`]: { budget, ...seen } })[0]).toMatchObject({ drain: 90, unseen: 0 });
    }
    const plane = { controlPlane: { image: stable, data: { volume: "data" } } };
    expect(pauseOf(plane)[0]).toMatchObject({ drain: 60, unseen: 0 });
  });

  it("counts a start to the end of the gate, its checks one after the other", () => {
    const gate = [5, 7].map((deadline) => ({
      ...{ kind: "http", path: "/", body: { ok: true }, deadline: `${deadline}s` },
    }));
    const changes = { [`${group}.gate`]: gate, [`${group}.container`]: { health: { wait: "50s" } } };
    expect(pauseOf({ ...changes, [`${group}.stopGrace`]: "9s" })[0]).toMatchObject({
      start: 62,
      stopGrace: 9,
    });
  });

  it.each<[SnapshotRole, number]>([
    ["cold", 4],
    ["pre-restore", 4],
    ["hot", 3],
    ["backup", 3],
  ])("takes the cold pass from the newest snapshot of a stopped state (%s)", (role, coldPass) => {
    const records = onRecord("canary", snapshot("cold", 2), snapshot("cold", 3), snapshot(role, 4), drill);
    expect(pauseOf({}, { canary: { records } })[0]).toMatchObject({ coldPass });
  });

  it("adds the migration to it as it was rehearsed, where there are steps for it", () => {
    const rehearsal: EvidenceEntry = {
      ...{ kind: "rehearsal", snapshot: "0", from: stable, image: candidate, migration: "m" },
      ...{ outcome: "passed", seconds: { migration: 26, start: 30 } },
    };
    const canary = { runs: stable, records: onRecord("canary", snapshot("cold", 4), rehearsal) };
    const migrate = [{ command: ["openclaw", "doctor", "--fix"] }];
    const pause = (changes: Changes) =>
      pauseOf({ "agentImages.chromium.candidate": candidate, ...changes }, { canary })[0];
    expect(pause({ "agentImages.chromium.migrate": migrate })).toMatchObject({ coldPass: 30 });
    expect(pause({})).toMatchObject({ coldPass: 4 });
  });
});

describe("the facts of a group", () => {
  it("are the verdict on its candidate, and the releases that are on record", () => {
    const config = configWith({ "instanceGroups.support.bake": "30m" });
    const records = onRecord("canary", verified(config, stable), verified(config, candidate));
    const groups = judgedGroups(config, surveyedOf(config, { canary: { records } }), now);
    const time = records.at(-1)?.time;
    expect(groups).toEqual({
      support: {
        ...{ candidate, stable, previous: "" },
        canary: {
          state: "passed",
          sentence: `canary has passed at ${time} on the container that runs now.`,
        },
        checksHash: fingerprint(config.instanceGroups.support?.verification),
        bake: { length: 1800, requests: 0 },
      },
    });
    expect(describeVerdicts(groups)).toEqual([
      `support: agent-chromium:1.4.2-openclaw-2026.4.23@${"b".repeat(12)}: canary has passed at ${time} on the container that runs now.`,
    ]);
  });

  it("say nothing of a candidate where there is none", () => {
    const config = configWith({ "agentImages.chromium.candidate": undefined });
    const groups = judgedGroups(config, surveyedOf(config), now);
    expect(groups.support).toMatchObject({ candidate: "", stable, canary: { state: "none", sentence: "" } });
    expect(groups.support?.bake).toEqual({ length: 0, requests: 0 });
    expect(describeVerdicts(groups)).toEqual([]);
  });

  it("count in production what was signed, and nothing else", () => {
    const production = {
      ...configWith({ "agentImages.chromium.candidate": undefined }),
      environment: "production" as const,
    };
    const signed = ({ input: { name } }: Situation): Of => ({
      records: onRecord(name, verified(production, stable)).map((each) => ({ ...each, signedBy: "key" })),
    });
    const unsigned = surveyedOf(production);
    expect(judgedGroups(production, unsigned, now).support?.stable).toBe("");
    const changes = Object.fromEntries(unsigned.map((each) => [each.input.name, signed(each)]));
    expect(judgedGroups(production, surveyedOf(production, changes), now).support?.stable).toBe(stable);
  });
});

describe("the warning of a release that no record knows", () => {
  it.each<[string, string, string]>([
    ["stable", candidate, "A new release begins as a `candidate`: write it there."],
    ["previous", previous, "Name the release that ran before, or take it out."],
  ])("names the %s one", (key, image, remedy) => {
    const proved = configWith({ "agentImages.chromium": { stable } });
    const config = configWith({ "agentImages.chromium": { stable, [key]: image } });
    const changes = Object.fromEntries(
      surveyedOf(proved).map(({ input: { name }, records }) => [name, { records, runs: stable }]),
    );
    const short = image.slice(image.indexOf("/") + 1).replace(/@sha256:(.{12}).*/, "@$1");
    expect(describeUnknownReleases(config, surveyedOf(config, changes))).toEqual([
      `clawforce:agentImages.chromium.${key} names ${short}: no workload has passed on it, or each has gone back from it. ${remedy}`,
    ]);
    expect(describeUnknownReleases(proved, surveyedOf(proved, changes))).toEqual([]);
  });

  it("is not given before anything is on record", () => {
    const config = configWith();
    const none = Object.fromEntries(workloadsOf(config).map(({ name }) => [name, { records: [] }]));
    expect(describeUnknownReleases(config, surveyedOf(config, none))).toEqual([]);
  });

  it("is not given for a release that one workload alone has passed on", () => {
    const config = configWith({ "agentImages.chromium": { stable: candidate, previous: stable } });
    const records = onRecord("canary", verified(config, stable), verified(config, candidate));
    expect(describeUnknownReleases(config, surveyedOf(config, { canary: { records } }))).toEqual([]);
  });
});
