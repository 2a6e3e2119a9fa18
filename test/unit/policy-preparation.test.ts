import { describe, expect, it } from "vitest";
import { commandType } from "../../policies/fleet-facts.ts";
import { snapshotBeforeChange } from "../../policies/snapshot-before-change.ts";
import { changed, fleetStack, preparationOf, triggerOf } from "../policy/fleet-stack.ts";
import { unknownText } from "../policy/props.ts";
import {
  a,
  b,
  type Change,
  canary,
  command,
  container,
  noResult,
  notKnown,
  opts,
  otherProgram,
  otherTrigger,
  props,
  refused,
  said,
  workloads,
} from "../policy/snapshot-stack.ts";
import { idOf, judgedStack, type StackResource } from "../policy/stack.ts";

const noCopy = "nothing would copy its state before it is stopped";

const result = { workload: "canary", from: a, to: b, snapshot: "1234abcd", drill: "passed" };
const ran = (more: object = {}) =>
  props(preparationOf("canary"), { stdout: JSON.stringify({ ...result, ...more }) });

describe("a preparation", () => {
  const own = preparationOf("canary");
  const path = (name: string) => `canary-preparation ${name}`;
  const otherTask = refused(
    path("stdin"),
    "it is not told to prepare canary for the image that canary is to run",
    "the copy of another state is no way back for this one",
    "the task of canary",
  );

  it.each<[string, Change, string]>([
    ["is `true`", props(own, { create: "true" }), otherProgram(path("create"), "prepare")],
    [
      "is the one of managed instances",
      props(own, { create: "operations/prepare-managed.ts" }),
      otherProgram(path("create"), "prepare"),
    ],
    ["has no program", props(own, { create: undefined }), otherProgram(path("create"), "prepare")],
    ["runs again on an update", props(own, { update: undefined }), otherProgram(path("update"), "prepare")],
    ["takes its snapshot away", props(own, { delete: "rm" }), otherProgram(path("delete"), "prepare")],
    ["runs elsewhere", props(own, { dir: "/tmp" }), otherProgram(path("dir"), "prepare")],
    [
      "is run by another one",
      props(own, { interpreter: ["echo"] }),
      otherProgram(path("interpreter"), "prepare"),
    ],
    [
      "is only looked at",
      props(own, { interpreter: ["node", "--check"] }),
      otherProgram(path("interpreter"), "prepare"),
    ],
    ["is run by a shell", props(own, { interpreter: null }), otherProgram(path("interpreter"), "prepare")],
    ["may run nothing", opts(own, { ignoreChanges: ["triggers"] }), frozen("canary-preparation", "triggers")],
    ["stays as a whole", opts(own, { ignoreChanges: ["*"] }), frozen("canary-preparation", "*")],
  ])("is refused that %s", (_, change, message) => {
    expect(said(change)).toEqual([message]);
  });

  it("is refused a variable that could have node run something else first", () => {
    const stack = fleetStack({ workloads });
    const before = stack.find((each) => idOf(each) === own)?.props as { environment: object };
    const environment = { ...before.environment, NODE_OPTIONS: "--import ./evil.ts" };
    expect(said(props(own, { environment }))).toEqual([
      otherProgram(path("environment.NODE_OPTIONS"), "prepare"),
    ]);
  });

  function frozen(name: string, what: string): string {
    return refused(
      `${name} ignoreChanges`,
      `changes of ${what} are ignored`,
      "it would not run, or not for what was reviewed",
      "no ignoreChanges",
    );
  }

  it("may stay as a whole with its workload, and is judged as it is", () => {
    const third = preparationOf("third");
    expect(said(opts(third, { ignoreChanges: ["*"] }))).toEqual([]);
    expect(said(opts(third, { ignoreChanges: ["triggers"] }))).toEqual([
      frozen("third-preparation", "triggers"),
    ]);
    const whole = opts(third, { ignoreChanges: ["*"] });
    expect(said((stack) => whole(props(third, { create: "true" })(stack)))).toEqual([
      otherProgram("third-preparation create", "prepare"),
    ]);
  });

  it("is judged though nothing changes", () => {
    const other = props(preparationOf("third"), { create: "true" });
    expect(said(other)).toEqual([otherProgram("third-preparation create", "prepare")]);
  });

  it.each(["create", "update", "delete", "dir", "interpreter"])(
    "is refused that has an unknown %s",
    (name) => {
      expect(said(props(own, { [name]: unknownText }))).toEqual([notKnown(path(name))]);
    },
  );

  it("is refused that is told nothing, or what is not known", () => {
    expect(said(props(own, { stdin: null }))).toEqual([otherTask]);
    expect(said(props(own, { stdin: "" }))).toEqual([otherTask]);
    expect(said(props(own, { stdin: unknownText }))).toEqual([notKnown(path("stdin"))]);
  });

  it("is refused without variables of its own, and with ones that are not known", () => {
    expect(said(props(own, { environment: null }))).toEqual([otherProgram(path("environment"), "prepare")]);
    expect(said(props(own, { environment: unknownText }))).toEqual([notKnown(path("environment"))]);
    expect(said(props(own, { environment: {} }))).toEqual([]);
  });

  it("is refused that has an unknown part", () => {
    expect(said(props(own, { interpreter: [unknownText] }))).toEqual([notKnown(path("interpreter[0]"))]);
  });

  it.each<[string, unknown]>([
    ["of another image", [triggerOf({ image: a })]],
    ["of another first", ["more", triggerOf(canary)]],
    ["of three", [triggerOf(canary), "attempt", "more"]],
    ["of nothing", []],
    ["that are none", null],
    ["that are a text", triggerOf(canary)],
  ])("is refused with triggers %s", (_, triggers) => {
    expect(said(props(own, { triggers }))).toEqual([otherTrigger("canary")]);
  });

  it("may run once more, for an attempt after one that failed", () => {
    expect(said(props(own, { triggers: [triggerOf(canary), "2026-04-25T08:00:00Z"] }))).toEqual([]);
  });

  it("is refused with triggers that are not known", () => {
    expect(said(props(own, { triggers: unknownText }))).toEqual([notKnown(path("triggers"))]);
    expect(said(props(own, { triggers: ["x", unknownText] }))).toEqual([notKnown(path("triggers[1]"))]);
  });

  it.each<[string, object]>([
    ["of another workload", { name: "second", image: b }],
    ["for another image", { name: "canary", image: a }],
    ["for no image", { name: "canary" }],
  ])("is refused that works on the state %s", (_, workload) => {
    const stdin = JSON.stringify({ workload });
    expect(said(props(own, { stdin }))).toEqual([otherTask]);
  });

  it("is refused that is missing, there twice, or left out of the update", () => {
    const noPreparation = (
      what: string,
      write = "one command canary-preparation that runs operations/prepare.ts",
    ) => refused("canary preparation", what, noCopy, write);
    const renamed: Change = (stack) =>
      stack.map((each) => {
        const isOther = idOf(each) === own;
        const dependsOn = (each.dependsOn ?? []).map((one) => (one === own ? command("other") : one));
        return { ...each, dependsOn, ...(isOther && { name: "other" }) };
      });
    expect(said(renamed)).toEqual([noPreparation("it has no preparation")]);
    const twin: StackResource = {
      type: commandType,
      name: "canary-preparation",
      parent: container("canary"),
    };
    expect(twice(twin)).toEqual([
      noPreparation("it has 2 preparations, and nobody can tell which of them counts"),
    ]);
    const leftOut: Change = (stack) => changed(stack, own, (each) => ({ ...each, props: {} }));
    expect(said(leftOut)).toEqual([
      noPreparation(
        "its container is made anew in this update, and its preparation is left out",
        "the update without --target, or with its preparation among the targets",
      ),
    ]);
  });

  /** Two of one type and name: only their parents tell them apart. */
  function twice(twin: StackResource): string[] {
    const other = "canary-preparation command:local:Command2";
    const stack = [...fleetStack({ workloads }), { ...twin, type: "command:local:Command2" }];
    expect(stack.map(idOf)).toContain(other);
    return judgedStack(twinned, stack).map(({ message }) => message);
  }
});

/** The same rule, where a type of the test stands for the one of commands. */
const twinned: typeof snapshotBeforeChange = {
  ...snapshotBeforeChange,
  validateStack: (args, report) =>
    snapshotBeforeChange.validateStack(
      {
        ...args,
        resources: args.resources.map((each) =>
          each.type === "command:local:Command2" ? { ...each, type: commandType } : each,
        ),
      },
      report,
    ),
};

describe("a preparation that does not run in this update", () => {
  it("passes with the result of this very change", () => {
    expect(said(ran())).toEqual([]);
    expect(said(ran({ from: a.replace(":2026.4.97", ":other-tag") }))).toEqual([]);
  });

  it.each<[string, object, string]>([
    ["of another workload", { workload: "second" }, "its result is that of another workload"],
    ["of an older image", { to: a }, "its result is for another image"],
    ["without an image", { to: null }, "its result is for another image"],
    ["from another image", { from: b }, "its result is of another image than the one that runs"],
    ["of a first start", { from: null }, "its result is of another image than the one that runs"],
    ["without a snapshot", { snapshot: null }, "it has made no snapshot"],
    ["with an empty snapshot", { snapshot: "" }, "it has made no snapshot"],
    ["without a drill", { drill: "not needed" }, "its snapshot has not been started"],
  ])("is refused with a result %s", (_, more, what) => {
    expect(said(ran(more))).toEqual([noResult(what)]);
  });

  it.each<[string, unknown]>([
    ["no JSON", "done"],
    ["a list", "[]"],
    ["no object", "1"],
    ["null", "null"],
    ["no text", 1],
    ["nothing", undefined],
  ])("is refused with a result that is %s", (_, stdout) => {
    expect(said(props(preparationOf("canary"), { stdout }))).toEqual([noResult("it has left no result")]);
  });

  it("needs no result for a way back, a first start, or a container that is only made anew", () => {
    const stays = { ...canary, image: a };
    for (const of of [
      { ...canary, move: "back" },
      { ...canary, from: "" },
      { ...stays, id: unknownText },
    ]) {
      expect(said(props(preparationOf("canary"), { stdout: "{}" }), [of])).toEqual([]);
    }
  });

  it("is needed for an adoption, though the image stays", () => {
    const adopted = [{ ...canary, image: a, move: "adopt", id: unknownText }];
    const prepared = preparationOf("canary");
    expect(said(props(prepared, { stdout: "{}" }), adopted)).not.toEqual([]);
    const stdout = JSON.stringify({ ...result, to: a });
    expect(said(props(prepared, { stdout }), adopted)).toEqual([]);
    const none = JSON.stringify({ ...result, to: a, snapshot: null });
    expect(said(props(prepared, { stdout: none }), adopted)).toEqual([noResult("it has made no snapshot")]);
  });

  it("of a managed instance needs its backup", () => {
    const of = [{ ...canary, managed: true }];
    const backup = { workload: "canary", from: a, to: b, backup: "backup-7" };
    const change = (more: object) =>
      props(preparationOf("canary"), { stdout: JSON.stringify({ ...backup, ...more }) });
    expect(said(change({}), of)).toEqual([]);
    expect(said(change({ backup: null }), of)).toEqual([noResult("it has made no backup")]);
  });
});
