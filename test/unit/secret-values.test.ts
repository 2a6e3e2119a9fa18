import { describe, expect, test } from "vitest";
import { secretPrints } from "../../config/secret-values.ts";
import type { Move } from "../../lifecycle/evidence/move.ts";
import { heldSecrets } from "../../lifecycle/update/held-secrets.ts";
import { MemoryPlatform } from "../../platforms/memory/platform.ts";
import type { Changes } from "./config-fixture.ts";
import { changesOf, group, type Past, settledAfter, until, untilWave } from "./settled-fixture.ts";

describe("the print of a secret", () => {
  const print = (name: string, value: string, password = "p") =>
    secretPrints({ [name]: value }, password)[name];

  test("is the same for the same value, and another one for every other value, name and stack", () => {
    const all = [print("a", "1"), print("a", "2"), print("b", "1"), print("a", "1", "q")];
    expect(new Set(all).size).toBe(4);
    expect(print("a", "1")).toBe(all[0]);
    expect(all[0]).toMatch(/^[0-9a-f]{24}$/);
  });
});

const used = { [`${group}.container.secrets`]: { MODEL_KEY: "model" } };
/** The group with this value of its secret. */
const having = (value: string, more: Changes = {}): Changes => ({
  ...used,
  secretPrints: { model: value },
  ...more,
});
const names = ["canary", "support-1", "support-2", "support-3"];
/** All were made with this and have passed on it. */
const allOn = (settings: Changes) =>
  Object.fromEntries(names.map((name): [string, Past] => [name, [[settings, "passed"]]]));
const atWave = (wave: number) => ({ [`${group}.wave`]: wave });
const oldThenNew: Past = [
  [having("old"), "passed"],
  [having("new"), "passed"],
];

describe("a new value of a secret", () => {
  test("goes to the canary alone, and the others keep what they have", () => {
    const settled = settledAfter(having("new"), allOn(having("old")));
    expect(changesOf(settled)).toEqual({
      canary: "changes",
      ...{ "support-1": untilWave(2), "support-2": untilWave(2), "support-3": untilWave(3) },
    });
    expect(settled.get("canary")).toMatchObject({
      change: { changes: ["the value of secrets.MODEL_KEY changes"] },
      ...{ keepsSecrets: false, made: { later: { secretValues: { MODEL_KEY: "new" } } } },
    });
    expect(settled.get("support-1")).toMatchObject({
      waits: { changes: ["the value of secrets.MODEL_KEY changes"] },
      ...{ keepsSecrets: true, made: { later: { secretValues: { MODEL_KEY: "old" } } } },
    });
  });

  test("makes another container of the canary, and of nobody else", () => {
    const triggers = (changes: Changes) =>
      [...settledAfter(changes, allOn(having("old"))).values()].map(({ made }) => made.trigger);
    const [before, after] = [triggers(having("old")), triggers(having("new"))];
    expect(after[0]).not.toBe(before[0]);
    expect(after.slice(1)).toEqual(before.slice(1));
  });

  test("goes on with the waves once the canary has passed on it", () => {
    const pasts = allOn(having("old"));
    expect(changesOf(settledAfter(having("new", atWave(2)), pasts))).toMatchObject({
      canary: "changes",
      "support-1": until("canary"),
    });
    expect(changesOf(settledAfter(having("new", atWave(2)), { ...pasts, canary: oldThenNew }))).toEqual({
      ...{ canary: "stays", "support-1": "changes", "support-2": "changes", "support-3": untilWave(3) },
    });
  });

  test("is taken back at once by the old value", () => {
    const pasts = { ...allOn(having("old")), canary: oldThenNew, "support-1": oldThenNew };
    expect(changesOf(settledAfter(having("old"), pasts))).toEqual({
      ...{ canary: "back", "support-1": "back", "support-2": "stays", "support-3": "stays" },
    });
  });

  test("waits with the old one where an image goes back", () => {
    const release = { image: "before", snapshot: "c1", takenAt: "", markers: { databases: {} } };
    const back: Move = { kind: "back", from: "candidate", to: "before", release };
    const settled = settledAfter(having("new"), allOn(having("old")), { canary: back });
    expect(settled.get("canary")).toMatchObject({ keepsSecrets: true, change: undefined });
  });

  test("of one instance alone is that one's own change, in every wave", () => {
    const own = (value: string): Changes => ({
      [`${group}.instances`]: [...names.slice(0, 3), { name: "support-3", secrets: { MODEL_KEY: "mine" } }],
      secretPrints: { mine: value },
    });
    const settled = settledAfter(own("new"), allOn(own("old")));
    expect(changesOf(settled)).toMatchObject({ canary: "stays", "support-3": "changes" });
    expect(settled.get("support-3")?.change?.changes).toEqual([
      "the value of instanceSecrets.MODEL_KEY changes",
    ]);
  });

  test("keeps an instance's own new secret waiting: of the old values only the engine knows", () => {
    const own = (name: string) => ({
      [`${group}.instances`]: [
        ...names.slice(0, 3),
        { name: "support-3", publish: 9, secrets: { OWN: name } },
      ],
    });
    const settled = settledAfter(having("new", own("second")), allOn(having("old", own("first"))));
    expect(settled.get("support-3")).toMatchObject({
      ...{ keepsSecrets: true, change: undefined },
      made: { later: { instanceSecrets: { OWN: "first" } } },
    });
  });

  test("under another name leaves the others the value of the old name, which may be gone", () => {
    const renamed = {
      ...used,
      [`${group}.container.secrets`]: { MODEL_KEY: "model-2" },
      secretPrints: { "model-2": "x" },
    };
    const settled = settledAfter(renamed, allOn(having("old")));
    expect(settled.get("canary")?.change?.changes).toEqual(["secrets.MODEL_KEY changes"]);
    expect(settled.get("support-1")).toMatchObject({ keepsSecrets: true, change: undefined });
  });
});

describe("new tokens of gateways", () => {
  /** The tokens of these instances are the new ones. */
  const tokens = (...fresh: string[]): Changes => ({
    secretPrints: Object.fromEntries(
      names.map((name) => [`gatewayTokens.${name}`, fresh.includes(name) ? "new" : "old"]),
    ),
  });
  const rotated = (...fresh: string[]): Past => [
    [tokens(), "passed"],
    [tokens(...fresh), "passed"],
  ];

  test("of all of them go to the canary first, and the others keep what they have", () => {
    const settled = settledAfter(tokens(...names), allOn(tokens()));
    const waits = until("canary").replace("the new ones", "its new ones");
    expect(changesOf(settled)).toEqual({
      canary: "changes",
      ...{ "support-1": waits, "support-2": waits, "support-3": waits },
    });
    expect(settled.get("canary")?.change?.changes).toEqual(["the value of its token changes"]);
    expect(settled.get("support-1")).toMatchObject({
      waits: { changes: ["the value of its token changes"] },
      ...{ keepsSecrets: true, change: undefined, made: { later: { tokenValue: "old" } } },
    });
  });

  test("go on wave by wave once those before have passed on theirs, without a change of `wave`", () => {
    const pasts = { ...allOn(tokens()), canary: rotated("canary") };
    const settled = settledAfter(tokens(...names), pasts);
    expect(changesOf(settled)).toMatchObject({ canary: "stays", "support-1": "changes" });
    const failed: Past = [
      [tokens(), "passed"],
      [tokens("canary"), "failed"],
    ];
    expect(changesOf(settledAfter(tokens(...names), { ...pasts, canary: failed }))["support-1"]).toContain(
      "canary has passed on its new ones",
    );
  });

  test("of one alone are that one's own change, in every wave", () => {
    const settled = settledAfter(tokens("support-3"), allOn(tokens()));
    expect(changesOf(settled)).toEqual({
      ...{ canary: "stays", "support-1": "stays", "support-2": "stays", "support-3": "changes" },
    });
  });

  test("are taken back at once by the old ones", () => {
    const pasts = { ...allOn(tokens()), canary: rotated("canary"), "support-1": rotated("support-1") };
    expect(changesOf(settledAfter(tokens(), pasts))).toMatchObject({ canary: "back", "support-1": "back" });
  });

  test("make no other container where none is on record yet", () => {
    const after = settledAfter(tokens(), allOn({}));
    expect(new Set(Object.values(changesOf(after)))).toEqual(new Set(["stays"]));
    expect(after.get("canary")?.made.later.tokenValue).toBe("old");
  });
});

describe("values that are not known", () => {
  test("to who reads the stack file without its passphrase change nothing", () => {
    const settled = settledAfter(used, { ...allOn(having("old")), canary: oldThenNew });
    expect(new Set(Object.values(changesOf(settled)))).toEqual(new Set(["stays"]));
    expect(settled.get("canary")?.made.later.secretValues).toEqual({ MODEL_KEY: "new" });
    expect([...settled.values()].some(({ keepsSecrets }) => keepsSecrets)).toBe(false);
  });

  test("from records of before are noted, and make no other container", () => {
    const [before, after] = [settledAfter(used, allOn(used)), settledAfter(having("now"), allOn(used))];
    expect(new Set(Object.values(changesOf(after)))).toEqual(new Set(["stays"]));
    for (const name of names) {
      const made = after.get(name)?.made;
      expect(made?.trigger).toBe(before.get(name)?.made.trigger);
      expect(made?.later.secretValues).toEqual({ MODEL_KEY: "now" });
      expect(after.get(name)?.keepsSecrets).toBe(false);
    }
  });

  test("are those of the first value on record: settings that were passed on before are a way back with it", () => {
    const louder = { [`${group}.container.environment`]: { LOG_LEVEL: "debug" } };
    const past: Past = [
      [used, "passed"],
      [{ ...having("now"), ...louder }, "passed"],
    ];
    const pasts = Object.fromEntries(names.map((name) => [name, past]));
    expect(changesOf(settledAfter(having("now"), pasts))).toMatchObject({
      canary: "back",
      "support-1": "back",
    });
    expect(changesOf(settledAfter(having("new"), pasts))).toMatchObject({
      canary: "changes",
      "support-1": untilWave(2),
    });
  });
});

describe("the old values of those that wait", () => {
  const situation = (keepsSecrets: boolean, container = "Gateway_1") => {
    const config = settledAfter(having("old"), allOn(having("old"))).get("support-1")?.config;
    const observed = { id: "c", image: "i", state: "running", serves: true };
    return { input: { name: "support-1", container }, config, observed, keepsSecrets } as never;
  };
  const platform = new MemoryPlatform();
  platform.run("Gateway_1", "i", {
    environment: ["A=1", "MODEL_KEY=the=old", "OPENCLAW_GATEWAY_TOKEN=t-old"],
  });

  test("are those of their containers, by the names of the secrets, and nothing else of them", async () => {
    expect(await heldSecrets([situation(true)], platform)).toEqual(
      new Map([["support-1", { named: { model: "the=old" }, token: "t-old" }]]),
    );
  });

  test("are not asked of the others, and not known of a container that is gone", async () => {
    expect(await heldSecrets([situation(false)], platform)).toEqual(new Map());
    expect(await heldSecrets([situation(true, "gone")], platform)).toEqual(
      new Map([["support-1", { named: {}, token: undefined }]]),
    );
  });
});
