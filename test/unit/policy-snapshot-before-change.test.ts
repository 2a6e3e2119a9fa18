import { describe, expect, it } from "vitest";
import { fleetTypes } from "../../policies/fleet-facts.ts";
import { changed, preparationOf, type StackWorkload, triggerOf, withProps } from "../policy/fleet-stack.ts";
import { unknownText } from "../policy/props.ts";
import {
  a,
  b,
  type Change,
  canary,
  command,
  container,
  noResult,
  otherProgram,
  otherTrigger,
  props,
  refused,
  said,
  second,
  third,
  without,
  workloads,
} from "../policy/snapshot-stack.ts";
import { idOf } from "../policy/stack.ts";

function notAfter(name: string, preparations: string): string {
  return refused(
    `${name} dependsOn`,
    `it does not come after ${preparations}`,
    "nothing may be stopped before the copies of all workloads are made and have started",
    "a dependency on the preparations of all workloads",
  );
}

function unverified(name: string, phase: string, what: string): string {
  return refused(
    `${name} ${phase}`,
    what,
    "the next one would be stopped before anybody knows whether this one serves",
    `a command ${name}-${phase} that depends on it and is triggered by its id`,
  );
}

function unordered(name: string, others: string): string {
  return refused(
    `${name} dependsOn`,
    `nothing makes its cut-over and that of ${others} wait for each other`,
    "when one of them fails, the others have been stopped as well",
    "a dependency on the verification of the one before",
  );
}

describe("the program's own graph", () => {
  const managed = [canary, second, third].map((each) => ({ ...each, managed: true }));
  it.each<[string, StackWorkload[]]>([
    ["an update of two, one after the other", workloads],
    ["no change", [third]],
    [
      "a first start",
      [
        { ...canary, from: "" },
        { ...second, from: "" },
      ],
    ],
    ["a way back of all", workloads.map((each) => ({ ...each, from: b, image: a, move: "back" }))],
    ["a control plane before its instances", [{ name: "plane", image: b, from: a }, canary, third]],
    ["instances that a control plane manages", managed],
  ])("passes: %s", (_, of) => {
    expect(said(undefined, of)).toEqual([]);
  });
});

describe("an update with --target", () => {
  const old =
    (name: string): Change =>
    (stack) =>
      withProps(withProps(stack, container(name), { id: `id-of-${name}`, image: a }), preparationOf(name), {
        triggers: [triggerOf({ image: a })],
        stdout: "{}",
      });

  it("is let leave a workload out as a whole", () => {
    expect(said(old("second"))).toEqual([]);
    const never: Change = (stack) => changed(stack, container("second"), (each) => ({ ...each, props: {} }));
    expect(said((stack) => never(old("second")(stack)))).toEqual([]);
  });

  it("is refused that leaves the preparation out and takes the container along", () => {
    const onlyContainer: Change = (stack) =>
      withProps(stack, preparationOf("second"), { triggers: [triggerOf({ image: a })], stdout: "{}" });
    expect(said(onlyContainer)).toEqual([otherTrigger("second")]);
  });

  it("tells a managed instance that is left out by the result of its last move", () => {
    const of = [{ ...canary, managed: true }];
    const stdout =
      (moved: object): Change =>
      (stack) =>
        withProps(
          withProps(stack, command("canary-move"), { stdout: JSON.stringify(moved) }),
          preparationOf("canary"),
          { triggers: [triggerOf({ image: a })] },
        );
    expect(said(stdout({ container: "id-of-canary", image: a }), of)).toEqual([]);
    for (const moved of [{ container: "new", image: b }, { container: "new", image: a }, {}]) {
      expect(said(stdout(moved), of)).toEqual([otherTrigger("canary")]);
    }
  });

  it("is judged after it was applied as before", () => {
    const applied: Change = (stack) => {
      const now = withProps(stack, container("canary"), { id: "new" });
      return withProps(now, preparationOf("canary"), { stdout: "{}" });
    };
    expect(said(applied, [canary])).toEqual([noResult("its result is that of another workload")]);
    const stopped = { ...canary, judged: { container: "" } };
    expect(said(applied, [stopped])).toEqual([noResult("its result is that of another workload")]);
  });
});

describe("the order of a change", () => {
  const isPreparation = (name?: string) => (each: string) =>
    name === undefined ? each.includes("-preparation ") : each === preparationOf(name);

  it("has every container after all preparations", () => {
    // Each preparation comes after the one before, so that the last one stands for all.
    expect(said(without(container("canary"), isPreparation("canary")))).toEqual([]);
    expect(said(without(container("canary"), isPreparation("third")))).toEqual([
      notAfter("canary", "third-preparation"),
    ]);
    expect(said(without(container("canary"), isPreparation()))).toEqual([
      notAfter("canary", "canary-preparation, second-preparation, third-preparation"),
    ]);
  });

  it("names five of those that are missing", () => {
    const of = [1, 2, 3, 4, 5, 6, 7].map((index) => ({ ...third, name: `w${index}` }));
    const all = [canary, ...of];
    expect(said(without(container("canary"), isPreparation()), all)).toEqual([
      notAfter(
        "canary",
        "canary-preparation, w1-preparation, w2-preparation, w3-preparation, w4-preparation and 3 more",
      ),
    ]);
  });

  it("asks that of a container that is only made anew, and of none that stays", () => {
    const alone = without(container("third"), () => true);
    expect(said(alone)).toEqual([]);
    // One that does not serve has no id among the facts.
    const stopped = { ...third, judged: { container: "" } };
    expect(said(alone, [canary, stopped])).toEqual([]);
    expect(said(alone, [canary, { ...stopped, id: unknownText }])).toEqual(
      [unordered("third", "canary"), notAfter("third", "canary-preparation, third-preparation")].toSorted(),
    );
  });

  it("takes a dependency of a component for one of all that is in it", () => {
    const moved: Change = (stack) => {
      const dependsOn = stack.find((each) => idOf(each) === container("canary"))?.dependsOn ?? [];
      return changed(
        without(container("canary"), isPreparation())(stack),
        `canary ${fleetTypes.workload}`,
        (each) => ({
          ...each,
          dependsOn,
        }),
      );
    };
    expect(said(moved)).toEqual([]);
  });

  it("has one cut-over after the verification of the other", () => {
    const verification = (name: string) => (each: string) => each === command(`${name}-verification`);
    expect(said(without(container("second"), verification("canary")))).toEqual([
      unordered("second", "canary"),
    ]);
    const all = workloads.map((each) => ({ ...each, image: b, from: a }));
    expect(said(without(container("third"), verification("second")), all)).toEqual([
      unordered("third", "canary, second"),
    ]);
    // What stays is in nobody's way.
    expect(said(without(container("third"), verification("second")))).toEqual([]);
  });

  it("has a gate and a verification for each new container", () => {
    /** What depended on it depends on what it depended on. */
    const gone =
      (name: string, before: string): Change =>
      (stack) =>
        changed(stack, command(name), () => undefined).map((each) => ({
          ...each,
          dependsOn: (each.dependsOn ?? []).map((one) => (one === command(name) ? command(before) : one)),
        }));
    expect(said(gone("canary-gate", "canary-serving"))).toEqual([
      unverified("canary", "gate", "it has no gate in this update"),
    ]);
    expect(said(gone("canary-verification", "canary-gate"))).toEqual(
      [
        unordered("second", "canary"),
        unverified("canary", "verification", "it has no verification in this update"),
      ].toSorted(),
    );
  });

  it.each<[string, Change, string[]]>([
    [
      "that is left out",
      (stack) => changed(stack, command("canary-gate"), (each) => ({ ...each, props: {} })),
      [unverified("canary", "gate", "it has no gate in this update")],
    ],
    [
      "that does not run for a new container",
      (stack) =>
        changed(stack, command("canary-gate"), (each) => ({
          ...each,
          takes: { environment: [container("canary")] },
        })),
      [unverified("canary", "gate", "its gate does not run for each new container")],
    ],
    [
      "that runs for what another one is",
      (stack) =>
        changed(stack, command("canary-gate"), (each) => ({
          ...each,
          takes: { triggers: [container("third")] },
        })),
      [unverified("canary", "gate", "its gate does not run for each new container")],
    ],
    [
      "that is `true`",
      props(command("canary-gate"), { create: "true" }),
      [otherProgram("canary-gate create", "gate")],
    ],
    [
      "that comes before",
      (stack) => changed(stack, command("canary-gate"), (each) => ({ ...each, takes: {}, dependsOn: [] })),
      [unverified("canary", "gate", "its gate does not come after it")],
    ],
  ])("refuses a gate %s", (_, change, messages) => {
    expect(said(change)).toEqual(messages);
  });

  it("refuses a verification that does not come after the gate, or is not the real one", () => {
    const early: Change = (stack) =>
      changed(stack, command("canary-verification"), (each) => ({
        ...each,
        dependsOn: [container("canary")],
      }));
    expect(said(early)).toEqual([
      unverified("canary", "verification", "its verification does not come after its gate"),
    ]);
    expect(said(props(command("canary-verification"), { create: "operations/gate.ts" }))).toEqual([
      otherProgram("canary-verification create", "verify"),
    ]);
    const of = [{ ...canary, managed: true }];
    const detached: Change = (stack) =>
      changed(stack, command("canary-verification"), (each) => ({ ...each, dependsOn: [], takes: {} }));
    expect(said(detached, of)).toEqual([
      unverified("canary", "verification", "its verification does not come after it"),
    ]);
  });
});

describe("facts that can't be read", () => {
  const fact = (place: string, what: string) =>
    refused(
      place,
      what,
      "what rests on it can't be judged",
      "the components of this fleet as they are, with facts that are known at preview",
    );

  it("are refused, and hide nothing else", () => {
    const of = [{ ...canary, judged: { trigger: unknownText } }, third];
    expect(said(undefined, of)).toEqual([fact("canary judged.trigger", "the fact is not known at preview")]);
    const missing = [{ ...canary, judged: { trigger: null } }, third];
    const other = props(preparationOf("third"), { create: "true" });
    expect(said(other, missing)).toEqual([
      fact("canary judged.trigger", "the fact is missing or of another shape"),
      otherProgram("third-preparation create", "prepare"),
    ]);
  });

  it("of a component that only pretends are refused", () => {
    const pretender: Change = (stack) => [
      ...stack,
      { type: fleetTypes.workload, name: "false", parent: "clawforce-prod pulumi:pulumi:Stack", props: {} },
    ];
    expect(said(pretender)).toEqual([fact("false container", "the fact is missing or of another shape")]);
  });
});
