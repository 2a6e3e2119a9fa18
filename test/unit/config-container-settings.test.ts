import { describe, expect, test } from "vitest";
import {
  canonical,
  differences,
  ownDifferences,
  settingsOf,
  sharedFingerprint,
  triggerOf,
  withOwnPart,
  withSettings,
} from "../../config/container-settings.ts";
import { type WorkloadConfig, workloadsOf } from "../../config/rollout.ts";
import { madeOf } from "../../lifecycle/evidence/settings.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { rawConfig } from "./config-fixture.ts";

/** The second instance of a group with this container. */
function second(container: object, more: object = {}): WorkloadConfig {
  const changes = Object.fromEntries(
    Object.entries({ container, ...more }).map(([key, value]) => [`instanceGroups.support.${key}`, value]),
  );
  const found = workloadsOf(parseStackConfig(rawConfig(changes)))[1];
  if (found === undefined) throw new Error("there is no second instance");
  return found;
}

function wantedOf(workload: WorkloadConfig) {
  return { image: workload.image, restore: "", ...settingsOf(workload) };
}

const usual = { environment: { A: "1", B: "2" }, command: ["node", "x"] };

describe("the settings of a container", () => {
  test("take along a key that the schema got later, and are another container whenever it changes", () => {
    const plain = second(usual);
    const withKey = (value: unknown): WorkloadConfig => ({
      ...plain,
      container: Object.assign({}, plain.container, value !== undefined && { shmSize: value }),
    });
    const moved = (before: ReturnType<typeof madeOf>, value: unknown) =>
      madeOf(wantedOf(withKey(value)), before, "runtime");
    const first = madeOf(wantedOf(plain), undefined, "runtime");
    const small = moved(first, 64);
    const large = moved(small, 128);
    const gone = moved(large, undefined);
    expect(differences(first, small, "runtime")).toEqual(["shmSize changes"]);
    expect(new Set([first, small, large, gone].map(({ trigger }) => trigger)).size).toBe(4);
    expect(moved(small, 64)).toEqual(small);
    expect(withSettings(plain, small).container).toMatchObject({ shmSize: 64 });
    expect(withSettings(withKey(128), gone).container).not.toHaveProperty("shmSize");
  });

  test("are the same in another order, and with a default written out", () => {
    const one = second(usual);
    const other = second({
      command: ["node", "x"],
      environment: { B: "2", A: "1" },
      network: "clawforce",
      health: { interval: "5s" },
    });
    const before = madeOf(wantedOf(one), undefined, "runtime");
    const after = madeOf(wantedOf(other), before, "runtime");
    expect(differences(before, after, "runtime")).toEqual([]);
    expect(after).toEqual(before);
    expect(triggerOf(wantedOf(other))).not.toBe(before.trigger);
    expect(sharedFingerprint(wantedOf(one), "runtime")).toBe(sharedFingerprint(wantedOf(other), "runtime"));
  });

  test.each<[string, object, object, string[]]>([
    ["a variable", { environment: { A: "1", B: "3" } }, {}, ["environment.B changes"]],
    ["a new variable", { environment: { A: "1", B: "2", C: "x" } }, {}, ["environment.C is new"]],
    ["no variable any more", { environment: {} }, {}, ["environment.A is gone", "environment.B is gone"]],
    ["a command", { command: ["node", "y"] }, {}, ["command changes"]],
    ["a health check", { health: { interval: "7s" } }, {}, ["health.interval changes"]],
    ["a network", { network: "other" }, {}, ["network changes"]],
    ["a grace", {}, { stopGrace: "60s" }, ["stopGrace changes"]],
    ["a port", {}, { instances: ["canary", { name: "support-1", publish: 9999 }] }, ["publish changes"]],
    [
      "a secret of its own",
      {},
      { instances: ["canary", { name: "support-1", secrets: { MODEL_KEY: "own" } }] },
      ["instanceSecrets.MODEL_KEY changes"],
    ],
    ["a volume", {}, { instances: ["canary", { name: "support-1", volume: "v" }] }, ["state.volume changes"]],
    [
      "a mount of its own",
      {},
      {
        instances: ["canary", { name: "support-1", mounts: [{ kind: "volume", source: "v", target: "/v" }] }],
      },
      ["instanceMounts changes"],
    ],
    ["more memory", { memory: "1 GB" }, {}, []],
  ])("differ by %s", (_, container, more, changes) => {
    const before = madeOf(wantedOf(second(usual)), undefined, "runtime");
    const after = madeOf(wantedOf(second({ ...usual, ...container }, more)), before, "runtime");
    expect(differences(before, after, "runtime")).toEqual(changes);
    expect(after.trigger === before.trigger).toBe(changes.length === 0);
  });

  test("differ by their memory where another limit makes another unit, and none is on record of old", () => {
    const there = (memory?: string) =>
      wantedOf({ ...second({ ...usual, ...(memory && { memory }) }), memoryMakesAnew: true });
    const made = madeOf(there("1 GB"), undefined, "runtime");
    const more = madeOf(there("2 GB"), made, "runtime");
    expect(differences(made, more, "runtime")).toEqual(["memory changes"]);
    expect(madeOf(there(), more, "runtime").trigger).not.toBe(more.trigger);
    expect(withSettings(second({ ...usual, memory: "2 GB" }), made).container.memory).toBe(1_000_000_000);
    expect(
      withSettings(second({ ...usual, memory: "2 GB" }), madeOf(there(), made, "runtime")).container.memory,
    ).toBeUndefined();

    const ofOld = madeOf(wantedOf(second({ ...usual, memory: "1 GB" })), undefined, "runtime");
    const learned = madeOf(there("2 GB"), ofOld, "runtime");
    expect(learned.trigger).toBe(ofOld.trigger);
    expect(madeOf(there("1 GB"), learned, "runtime").trigger).not.toBe(learned.trigger);
  });

  test("have the trigger of each change for themselves, also of one that no first trigger knew", () => {
    const thirty = madeOf(wantedOf(second(usual)), undefined, "runtime");
    const sixty = madeOf(wantedOf(second(usual, { stopGrace: "60s" })), thirty, "runtime");
    const again = madeOf(wantedOf(second(usual)), sixty, "runtime");
    expect(new Set([thirty.trigger, sixty.trigger, again.trigger]).size).toBe(3);
    expect(madeOf(wantedOf(second(usual)), again, "runtime")).toEqual(again);
  });

  test("keep the reference on record when only its tag is written in another way", () => {
    const one = second(usual);
    const before = madeOf(wantedOf(one), undefined, "runtime");
    const image = one.image.replace(/:[^:@]+@/, ":another-tag@");
    expect(image).not.toBe(one.image);
    expect(madeOf({ ...wantedOf(one), image }, before, "runtime")).toEqual(before);
  });

  test("of a group stay while an instance's own change", () => {
    const held = madeOf(wantedOf(second(usual)), undefined, "runtime");
    const mounts = [{ kind: "volume", source: "w", target: "/w", state: true }];
    const wanted = second(
      { ...usual, environment: { A: "other" } },
      { instances: ["canary", { name: "support-1", publish: 9999, secrets: { KEY: "own" }, mounts }] },
    );
    const mixed = withOwnPart(held, settingsOf(wanted));
    expect(differences(held, mixed, "runtime")).toEqual([
      "instanceMounts changes",
      "instanceSecrets.KEY changes",
      "publish changes",
    ]);
    expect(withSettings(wanted, { ...held, ...mixed }).secrets).toEqual({ KEY: "own" });
    expect(withSettings(wanted, { ...held, ...mixed }).mounts).toEqual([{ ...mounts[0], readOnly: false }]);
    expect(withSettings(wanted, held).secrets).toBeUndefined();
    expect(withSettings(wanted, held).mounts).toBeUndefined();
    expect(ownDifferences(mixed, settingsOf(wanted), "runtime")).toEqual([]);
    expect(Object.keys(mixed.settings)).toEqual(Object.keys(held.settings));
    expect(withSettings(wanted, held).container.environment).toEqual({ A: "1", B: "2" });
  });

  test("that a later version has a default for are no change of a container that was made without them", () => {
    const defaults = { port: 1, health: { wait: 5 }, added: { size: 64 } };
    expect(canonical({ port: 1, health: { wait: 5 }, added: { size: 64 } }, defaults)).toEqual(
      canonical({ port: 1, health: { wait: 5 } }, defaults),
    );
    expect(canonical({ health: { wait: 6 }, added: { size: 65 } }, defaults)).toEqual({
      added: { size: 65 },
      health: { wait: 6 },
    });
    // And its container gets nothing that is not on record.
    const { memory, ...recorded } = withSettings(second({ ...usual, memory: "1 GB" }), {
      ...madeOf(wantedOf(second(usual)), undefined, "runtime"),
    }).container;
    expect(memory).toBe(1_000_000_000);
    expect(Object.keys(recorded).toSorted()).toEqual(
      ["command", "environment", "health", "network", "port", "stateDirectory", "tokenVariable"].toSorted(),
    );
  });
});
