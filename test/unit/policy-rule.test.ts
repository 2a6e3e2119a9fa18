import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Finding, resourceRule, Settings, stackRule } from "../../policies/rule.ts";
import { StackGraph } from "../../policies/stack-graph.ts";
import { judged } from "../policy/judged.ts";
import { idOf, judgedStack, linked, type StackResource } from "../policy/stack.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-21T12:00:00Z"), toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

type Kind = "heavy" | "light" | "pardoned";

const told = { what: "it is so", why: "that matters", write: "something else" };

function finding(kind: Kind, resource: string, path: string, what = told.what): Finding<Kind> {
  return { ...told, kind, resource, path, what };
}

const parts = {
  ...{
    name: "a-rule",
    description: "It has to be right",
    severity: "high" as const,
    remediationSteps: "Do it.",
  },
  kinds: ["heavy", "light", "pardoned"] as const,
  milder: { light: "advisory" as const },
  exemptible: ["pardoned"] as const,
};

function saidBy(findings: readonly Finding<Kind>[], config: object = {}) {
  const rule = stackRule<Kind>({ ...parts, judge: () => findings });
  return judgedStack(rule, [], config);
}

describe("a rule", () => {
  test("refuses what it finds, and only warns of what is milder, unless the configuration says otherwise", () => {
    const findings = [finding("heavy", "a", "x"), finding("light", "b", "y")];
    const heavy = "[a-rule] a x: it is so. Why: that matters. Write: something else.";
    const light = "[a-rule] b y: it is so. Why: that matters. Write: something else.";
    const warning = (message: string) => ({ level: "advisory", message: `It has to be right\n${message}` });
    expect(saidBy(findings)).toEqual([{ message: heavy }, warning(light)]);
    expect(saidBy(findings, { levels: { heavy: "advisory", light: "mandatory" } })).toEqual([
      warning(heavy),
      { message: light },
    ]);
    expect(saidBy(findings, { levels: { heavy: "disabled", light: "disabled" } })).toEqual([]);
  });

  test("says the same in the same order: by resource, path, the order of its findings, words", () => {
    const findings = [
      finding("light", "a", "x"),
      finding("heavy", "a", "x", "that"),
      finding("heavy", "a", "x", "this"),
      finding("light", "a", "y"),
      finding("heavy", "a-1", "x"),
      finding("heavy", "b", "x"),
    ];
    const of = (given: Finding<Kind>[]) => saidBy(given, { levels: { light: "mandatory" } });
    expect(of(findings).map(({ message }) => / (\S+ \S+: \S+)/.exec(message)?.[1])).toEqual([
      "a x: that.",
      "a x: this.",
      "a x: it",
      "a y: it",
      "a-1 x: it",
      "b x: it",
    ]);
    expect(of(findings.toReversed())).toEqual(of(findings));
  });

  test("lets an exempt resource be, by its whole name and until its day, and only what can be exempt", () => {
    const exemptions = [{ resource: "a", reason: "it is old", expires: "2026-11-21" }];
    const pardoned = finding("pardoned", "a", "x");
    expect(saidBy([pardoned], { exemptions })).toEqual([]);
    expect(
      saidBy([finding("heavy", "a", "x"), finding("pardoned", "a-evil", "x")], { exemptions }),
    ).toHaveLength(2);
    vi.setSystemTime(new Date("2026-11-22T00:00:00Z"));
    expect(saidBy([pardoned], { exemptions })).toEqual([
      {
        message:
          '[a-rule] a x: it is so. Why: that matters. Write: something else. Its exemption ("it is old") ended on 2026-11-21.',
      },
    ]);
  });

  test("says which exemption is wrongly written, once, at the stack", () => {
    const config = { exemptions: [{ resource: "a", reason: "x", expires: "never" }] };
    const message =
      '[a-rule] policy config exemptions[0]: expires "never" is no day. Write: a day like 2026-12-31. Until then it counts for nothing.';
    expect(saidBy([], config)).toEqual([{ message }]);
    const rule = resourceRule<Kind>({ ...parts, judge: () => [] });
    expect(judged(rule, { type: "pulumi:pulumi:Stack", props: {} }, config)).toEqual([{ message }]);
    expect(judged(rule, { type: "docker:index/volume:Volume", props: {} }, config)).toEqual([]);
  });

  test("refuses what it can't judge, and prints nothing of the error", () => {
    const judge = (): never => {
      throw new Error("hunter2");
    };
    const message = (resource: string) =>
      `[a-rule] ${resource} as a whole: the rule could not judge it. Why: what is not judged is not safe. ` +
      "Write: nothing yet: report it to those who keep these policies.";
    expect(judgedStack(stackRule<Kind>({ ...parts, judge }), [])).toEqual([{ message: message("stack") }]);
    const rule = resourceRule<Kind>({ ...parts, judge });
    expect(judged(rule, { type: "docker:index/volume:Volume", props: {} })).toEqual([
      { message: message("web") },
    ]);
  });

  test("gets a resource as it is, and its settings", () => {
    const judge = vi.fn(() => []);
    const rule = resourceRule<Kind>({ ...parts, judge });
    judged(rule, { type: "docker:index/volume:Volume", props: { name: "data" } }, { depth: 3 });
    const [[resource, settings] = []] = judge.mock.calls as unknown as [
      [{ name: string; props: object }, Settings],
    ];
    expect(resource).toMatchObject({
      type: "docker:index/volume:Volume",
      name: "web",
      props: { name: "data" },
    });
    expect(settings?.number("depth", 0)).toBe(3);
  });

  test("has no setting for exemptions where nothing can be exempt", () => {
    const { exemptible: _, ...strict } = parts;
    const rule = stackRule<Kind>({ ...strict, judge: () => [finding("pardoned", "a", "x")] });
    expect(Object.keys(rule.configSchema?.properties ?? {})).toEqual(["levels"]);
    expect(
      Object.keys(stackRule<Kind>({ ...parts, judge: () => [] }).configSchema?.properties ?? {}),
    ).toEqual(["levels", "exemptions"]);
    const exemptions = [{ resource: "a", reason: "x", expires: "2027-01-01" }];
    expect(judgedStack(rule, [], { exemptions })).toHaveLength(1);
  });
});

describe("the settings of a rule", () => {
  const settings = new Settings({
    list: ["a", 1],
    number: 2,
    text: "x",
    nested: { a: 1 },
    short: "90s",
    long: "12h",
  });

  test("are read as what they have to be, and else are what they are by default", () => {
    expect(settings.list("list")).toEqual(["a", 1]);
    expect([settings.list("text"), settings.list("none")]).toEqual([[], []]);
    expect(settings.texts("list")).toEqual(["a"]);
    expect([settings.number("number", 7), settings.number("text", 7)]).toEqual([2, 7]);
    expect([settings.mapping("nested"), settings.mapping("text")]).toEqual([{ a: 1 }, {}]);
    expect([settings.has("number"), settings.has("none")]).toEqual([true, false]);
    expect(new Settings(undefined).number("number", 7)).toBe(7);
  });

  test("take durations in seconds, minutes, hours and days", () => {
    const seconds = (text: unknown) => new Settings({ time: text }).seconds("time", -1);
    expect(["0s", "90s", "30m", "12h", "14d"].map(seconds)).toEqual([0, 90, 1800, 43_200, 1_209_600]);
    expect(
      ["", "12", "h", "12 h", "1.5h", "12H", "-1h", "x12h", "12hx", "1234567s", 12].map(seconds),
    ).toEqual(Array.from({ length: 11 }, () => -1));
  });
});

describe("the graph of a stack", () => {
  const type = "command:local:Command";
  const component = "test:index:Component";
  const resource = (name: string, more: Partial<StackResource> = {}): StackResource => ({
    type,
    name,
    ...more,
  });
  const on = (...names: string[]) => ({ dependsOn: names.map((name) => `${name} ${type}`) });
  const resources = linked([
    resource("first"),
    resource("second", on("first")),
    { type: component, name: "outer", ...on("second") },
    { type: component, name: "inner", parent: `outer ${component}` },
    resource("child", { parent: `inner ${component}` }),
    resource("last", on("child")),
    resource("aside"),
    resource("one", on("two")),
    resource("two", on("one")),
  ]);
  const graph = new StackGraph(resources);
  const named = (name: string) => {
    const found = resources.find((each) => each.name === name);
    if (found === undefined) throw new Error(name);
    return found;
  };
  const namesAfter = (name: string) =>
    [...graph.after(named(name))].map((urn) => urn.split("::").at(-1)).toSorted();

  test("knows what comes after a resource: through dependencies, and down from what depends on it", () => {
    expect(namesAfter("first")).toEqual(["child", "inner", "last", "outer", "second"]);
    expect(namesAfter("second")).toEqual(["child", "inner", "last", "outer"]);
    expect(namesAfter("child")).toEqual(["last"]);
    expect(namesAfter("inner")).toEqual([]);
    expect(namesAfter("aside")).toEqual([]);
    expect(namesAfter("one")).toEqual(["one", "two"]);
    expect(graph.after(named("first"))).toBe(graph.after(named("first")));
  });

  test("knows resources by type, children and ancestors, in the order of their names", () => {
    const names = (found: readonly { name: string }[]) => found.map(({ name }) => name);
    expect(names(graph.ofType(component))).toEqual(["inner", "outer"]);
    expect(names(graph.ofType("none", type))).toEqual([
      "aside",
      "first",
      "last",
      "one",
      "second",
      "two",
      "child",
    ]);
    expect(names(graph.childrenOf(named("outer")))).toEqual(["inner"]);
    expect(names(graph.childrenOf(named("outer"), type))).toEqual([]);
    expect(names(graph.childrenOf(named("inner"), component, type))).toEqual(["child"]);
    expect(names(graph.childrenOf(named("aside")))).toEqual([]);
    expect(names(graph.ancestorsOf(named("child")))).toEqual(["inner", "outer"]);
    expect(names(graph.resources)).toEqual(names(new StackGraph(resources.toReversed()).resources));
  });

  test("ends where parents form a circle", () => {
    const [one, two] = linked([resource("one"), resource("two")]) as [never, never];
    Object.assign(one, { parent: two });
    Object.assign(two, { parent: one });
    expect(new StackGraph([one, two]).ancestorsOf(one).map(({ name }) => name)).toEqual(["two", "one"]);
  });

  test("is of resources whose names tests give", () => {
    expect(idOf({ type, name: "first" })).toBe(`first ${type}`);
    expect(() => linked([resource("lost", on("nobody"))])).toThrow(
      "There is no resource nobody command:local:Command.",
    );
  });
});
