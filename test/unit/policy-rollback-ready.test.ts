import { describe, expect, it } from "vitest";
import { commandType, containerType, fleetTypes } from "../../policies/fleet-facts.ts";
import { rollbackReady } from "../../policies/rollback-ready.ts";
import {
  changed,
  fleetStack,
  image,
  preparationOf,
  type StackFleet,
  type StackWorkload,
  withProps,
} from "../policy/fleet-stack.ts";
import { unknownText } from "../policy/props.ts";
import { allDisabled, judgedStack, type StackResource } from "../policy/stack.ts";

const [a, b, c] = [image("a"), image("b"), image("c")];
const canary: StackWorkload = { name: "canary", group: "support", role: "canary", image: b, from: a };
const second: StackWorkload = { name: "second", group: "support", image: a };
const update: StackFleet = {
  agentImages: { agent: { stable: a, candidate: b, previous: c } },
  workloads: [canary, second],
};
const plane: StackFleet = {
  controlPlane: { image: b, previous: a },
  workloads: [{ name: "plane", image: b, from: a }],
};

type Change = (stack: StackResource[]) => StackResource[];
const unchanged: Change = (stack) => stack;

function said(fleet: StackFleet, change: Change = unchanged, config = {}): string[] {
  const stack = change(fleetStack(fleet));
  const messages = judgedStack(rollbackReady, stack, config).map(({ message }) => message);
  const reversed = judgedStack(rollbackReady, stack.toReversed(), config);
  expect(reversed.map(({ message }) => message)).toEqual(messages);
  expect(judgedStack(rollbackReady, stack, allDisabled(rollbackReady))).toEqual([]);
  return messages;
}

function refused(place: string, what: string, why: string, write: string): string {
  return `[rollback-ready] ${place}: ${what}. Why: ${why}. Write: ${write}.`;
}

const remote = (of: string, name = "agent") =>
  `${name}-${of.slice(of.lastIndexOf(":") + 1).slice(0, 12)} docker:index/remoteImage:RemoteImage`;
const nameOf = (id: string) => id.split(" ", 1)[0] ?? "";
const gone =
  (id: string): Change =>
  (stack) =>
    changed(stack, id, () => undefined);
const props =
  (id: string, more: object): Change =>
  (stack) =>
    withProps(stack, id, more);

const registry = "going back must not depend on a registry";

const notKept = (of: string, name = "canary") =>
  refused(
    `${name} judged.from`,
    `nothing in the program keeps ${JSON.stringify(of)}, which it leaves`,
    registry,
    `previous: ${of}`,
  );

const notDrilled = (what: string) =>
  refused(
    "canary judged.from",
    `nothing has started a copy of its state on ${JSON.stringify(a)}: ${what}`,
    "a copy that was never started is no way back",
    "the update with its preparation in it",
  );

const notKnown = (place: string) =>
  refused(
    place,
    "the value is not known at preview",
    "what rests on it can't be judged",
    "a literal value, not the output of another resource",
  );

const fact = (place: string, what = "is not known at preview") =>
  refused(
    place,
    `the fact ${what}`,
    "what rests on it can't be judged",
    "the components of this fleet as they are, with facts that are known at preview",
  );

const noPrevious = (place: string, workload: string, of: string) =>
  refused(
    `${place} previous`,
    `it is not given, and ${workload} ran ${JSON.stringify(of)} before`,
    "the way back would have to be found while it is needed",
    `previous: ${of}`,
  );

describe("a fleet that can go back", () => {
  it.each<[string, StackFleet]>([
    ["in an update of its instances", update],
    ["in an update of its control plane", plane],
    ["without a change", { agentImages: { agent: { stable: a } }, workloads: [second] }],
    [
      "before its first start",
      { agentImages: { agent: { stable: a } }, workloads: [{ ...second, from: "" }] },
    ],
    [
      "after its first update, where the release before is still the stable one",
      {
        agentImages: { agent: { stable: a, candidate: b } },
        workloads: [{ ...canary, from: b, judged: { previous: a } }, second],
      },
    ],
    [
      "on its way back, whatever is named",
      {
        agentImages: { agent: { stable: a } },
        workloads: [{ ...second, from: b, move: "back", judged: { previous: c } }],
      },
    ],
    [
      "of another group on another image",
      { agentImages: { agent: { stable: a }, other: { stable: b } }, workloads: [second] },
    ],
  ])("passes %s", (_, fleet) => {
    expect(said(fleet)).toEqual([]);
  });
});

describe("the release that is left", () => {
  it("is refused that nothing keeps", () => {
    const edited: StackFleet = { ...update, agentImages: { agent: { stable: b, previous: c } } };
    expect(said(edited)).toEqual([notKept(a)]);
    expect(said({ ...plane, controlPlane: { image: b } })).toEqual([notKept(a, "plane")]);
    const leftOut: Change = (stack) => changed(stack, remote(a), (each) => ({ ...each, props: {} }));
    expect(said(update, leftOut)).toEqual([notKept(a)]);
  });

  it("is kept under any tag, by its digest", () => {
    expect(said(update, props(remote(a), { name: a.replace(":2026.4.97", "") }))).toEqual([]);
    expect(said(update, props(remote(a), { name: a.replace(/.$/, "b") }))).toEqual([notKept(a)]);
  });

  it.each<[string, string]>([
    ["a tag", "ghcr.io/acme/openclaw:1"],
    ["a short digest", `${a.slice(0, -1)}`],
    ["a digest with more behind it", `${a}0`],
    ["another algorithm", a.replace("sha256", "md5")],
    ["what only ends as a digest", a.replace("sha256", "xsha256")],
    ["no repository", a.slice(a.indexOf("@") + 1)],
  ])("is refused that is known by %s", (_, from) => {
    const fleet = { ...update, workloads: [{ ...canary, from }] };
    expect(said(fleet)).toEqual([
      refused(
        "canary judged.from",
        `it leaves ${JSON.stringify(from)}, which has no digest`,
        "nobody can go back to what has no name",
        "the image that runs with its digest first, in an update of its own",
      ),
    ]);
  });

  it("may have a digest of sha512", () => {
    const from = `ghcr.io/acme/openclaw:1@sha512:${"a".repeat(128)}`;
    const fleet = {
      agentImages: { agent: { stable: from, candidate: b } },
      workloads: [{ ...canary, from }],
    };
    expect(said(fleet)).toEqual([]);
  });

  it("is none where an image stays, or goes back", () => {
    const stays = { ...canary, image: a, id: unknownText };
    const back = { ...canary, move: "back" };
    for (const workload of [stays, back]) {
      expect(said({ agentImages: { agent: { stable: b } }, workloads: [workload] })).toEqual([]);
    }
    const untargeted = props(`canary ${containerType}`, { id: "id-of-canary", image: a });
    expect(said({ agentImages: { agent: { stable: b } }, workloads: [canary] }, untargeted)).toEqual([]);
  });

  it("is refused in production whose new version is not tried on a copy", () => {
    const told = (more: object) =>
      props(preparationOf("canary"), {
        stdin: JSON.stringify({ workload: { name: "canary", image: b, ...more } }),
      });
    const notRehearsed = refused(
      "canary judged.from",
      `nothing tries ${JSON.stringify(b)} on a copy of its state: its rehearsal is turned off`,
      "only a rehearsal shows before the update whether the new version works, and what a way back takes",
      "clawforce:rehearsal.enabled: true",
    );
    expect(said(update, told({}))).toEqual([]);
    expect(said(update, told({ rehearse: { enabled: true } }))).toEqual([]);
    expect(said(update, told({ rehearse: { enabled: false } }))).toEqual([notRehearsed]);
    expect(said(update, told({ rehearse: { enabled: false }, rehearsal: true }))).toEqual([]);
    const result = { workload: "canary", from: a, to: b, snapshot: "1", drill: "passed", rehearsal: "off" };
    const left: Change = (stack) =>
      withProps(told({})(stack), preparationOf("canary"), { stdout: JSON.stringify(result) });
    expect(said(update, left)).toEqual([notRehearsed]);
  });

  it("is refused that no drill has started", () => {
    const own = preparationOf("canary");
    const result = { workload: "canary", from: a, to: b, snapshot: "1", drill: "passed" };
    const left = (more: object) => props(own, { stdout: JSON.stringify({ ...result, ...more }) });
    expect(said(update, left({}))).toEqual([]);
    expect(said(update, left({ drill: "not needed" }))).toEqual([
      notDrilled("its snapshot has not been started"),
    ]);
    const leftOut: Change = (stack) => changed(stack, own, (each) => ({ ...each, props: {} }));
    expect(said(update, leftOut)).toEqual([notDrilled("its preparation is left out")]);
    const renamed: Change = (stack) =>
      stack.map((each) => ({
        ...each,
        ...(each.name === "canary-preparation" && { name: "other" }),
        dependsOn: (each.dependsOn ?? []).map((one) => (one === own ? `other ${commandType}` : one)),
      }));
    expect(said(update, renamed)).toEqual([notDrilled("it has no preparation")]);
  });
});

describe("what keeps an image", () => {
  it.each([["false"], ["missing"], ["null"]])("is refused that does not keep it: %s", (value) => {
    const keepLocally = { false: false, missing: undefined, null: null }[value];
    for (const [fleet, id] of [
      [update, remote(a)],
      [update, remote(b)],
      [update, remote(c)],
      [plane, remote(a, "control-plane")],
    ] as const) {
      expect(said(fleet, props(id, { keepLocally }))).toEqual([
        refused(`${nameOf(id)} keepLocally`, "it is not kept on the host", registry, "keepLocally: true"),
      ]);
    }
  });

  const more =
    (image: object): Change =>
    (stack) => [
      ...stack,
      {
        type: "docker:index/remoteImage:RemoteImage",
        name: "more",
        props: image,
        parent: "fleet clawforce:fleet:Fleet",
      },
    ];

  it("is refused of what runs, whoever names it", () => {
    const unnamed = {
      agentImages: { agent: { stable: b } },
      workloads: [{ ...second, image: b, from: image("e") }],
    };
    expect(said(unnamed, more({ name: image("e"), keepLocally: false }))).toEqual([
      refused("more keepLocally", "it is not kept on the host", registry, "keepLocally: true"),
    ]);
  });

  it("is refused beside one that does, and let be when it is of no release", () => {
    expect(said(update, more({ name: a, keepLocally: false }))).toEqual([
      refused("more keepLocally", "it is not kept on the host", registry, "keepLocally: true"),
    ]);
    expect(said(update, more({ name: image("d"), keepLocally: false }))).toEqual([]);
    expect(said(update, more({ name: 1 }))).toEqual([]);
    expect(
      said({ ...update, workloads: [{ ...second, from: "" }] }, more({ name: "", keepLocally: false })),
    ).toEqual([]);
  });

  it("is refused that removes by force, whatever it is of", () => {
    const forced = (name: string) =>
      refused(
        `${name} forceRemove`,
        "it is removed by force, also while a container runs on it",
        registry,
        "no forceRemove",
      );
    expect(said(update, more({ name: image("d"), forceRemove: true }))).toEqual([forced("more")]);
    expect(said(update, props(remote(a), { forceRemove: true }))).toEqual([forced(nameOf(remote(a)))]);
    expect(said(update, props(remote(a), { forceRemove: false }))).toEqual([]);
  });

  it("is refused of which that is not known, and counts for whatever it may be", () => {
    for (const path of ["keepLocally", "forceRemove"]) {
      expect(said(update, props(remote(a), { [path]: unknownText }))).toEqual([
        notKnown(`${nameOf(remote(a))} ${path}`),
      ]);
    }
    expect(said(update, more({ name: unknownText, keepLocally: false }))).toEqual([
      refused("more keepLocally", "it is not kept on the host", registry, "keepLocally: true"),
    ]);
  });
});

describe("the previous release", () => {
  it("is asked for where the records know one, and nothing names it", () => {
    const fleet = (references: { stable: string; previous?: string }, previous: string): StackFleet => ({
      agentImages: { agent: references },
      workloads: [
        { ...second, name: "first" },
        { ...second, judged: { previous } },
      ],
    });
    expect(said(fleet({ stable: a }, b))).toEqual([noPrevious("agent", "second", b)]);
    expect(said(fleet({ stable: a, previous: b }, b))).toEqual([]);
    expect(said(fleet({ stable: a, previous: c }, b))).toEqual([]);
    expect(said(fleet({ stable: a }, ""))).toEqual([]);
  });

  it("is asked for by the records of those that run the image, and of no others", () => {
    const fleet = (ofPlane: string, ofGroup: string): StackFleet => ({
      controlPlane: { image: a },
      agentImages: { agent: { stable: a }, other: { stable: c } },
      workloads: [
        { name: "plane", image: a, judged: { previous: ofPlane } },
        { ...second, judged: { previous: ofGroup } },
      ],
    });
    expect(said(fleet(b, ""))).toEqual([noPrevious("control-plane", "plane", b)]);
    expect(said(fleet("", b))).toEqual([noPrevious("agent", "second", b)]);
  });

  it("holds nothing up as soon as one of them goes back", () => {
    const back = { ...canary, image: a, from: b, move: "back" };
    const fleet = {
      agentImages: { agent: { stable: a } },
      workloads: [back, { ...second, judged: { previous: c } }],
    };
    expect(said(fleet)).toEqual([]);
  });

  it("is refused without a digest, as the image that runs, and when nothing keeps it", () => {
    const fleet = (previous: string): StackFleet => ({
      agentImages: { agent: { stable: a, candidate: b, previous } },
      workloads: [second],
    });
    expect(said(fleet("ghcr.io/acme/openclaw:1"))).toEqual([
      refused(
        "agent previous",
        '"ghcr.io/acme/openclaw:1" has no digest',
        "nobody can go back to what has no name",
        "the digest of what ran, behind its tag",
      ),
    ]);
    const same = (of: string, key: string, name = "agent") =>
      refused(
        `${name} previous`,
        `${JSON.stringify(of)} is the same image as \`${key}\``,
        "there would be nothing to go back to",
        "the release that ran before it",
      );
    expect(said(fleet(a.replace("2026.4.97", "other")))).toEqual([
      same(a.replace("2026.4.97", "other"), "stable"),
    ]);
    expect(said(fleet(b))).toEqual([same(b, "candidate")]);
    const both: StackFleet = {
      controlPlane: { image: a, previous: a },
      workloads: [{ name: "plane", image: a }],
    };
    expect(said(both)).toEqual([same(a, "image", "control-plane")]);
    expect(said(fleet(c), gone(remote(c)))).toEqual([
      refused(
        "agent previous",
        `nothing in the program keeps ${JSON.stringify(c)}`,
        registry,
        "a RemoteImage of it, with keepLocally: true",
      ),
    ]);
  });

  const agent = `agent ${fleetTypes.agentImage}`;
  it.each<[string, unknown, string]>([
    ["stable", unknownText, "is not known at preview"],
    ["stable", undefined, "is missing or of another shape"],
    ["candidate", unknownText, "is not known at preview"],
    ["previous", unknownText, "is not known at preview"],
    ["previous", 1, "is missing or of another shape"],
  ])("is refused where %s is %j, and nothing else is guessed", (key, value, what) => {
    const fleet: StackFleet = {
      agentImages: { agent: { stable: a } },
      workloads: [{ ...second, judged: { previous: b } }],
    };
    expect(said(fleet, props(agent, { [key]: value }))).toEqual([fact(`agent ${key}`, what)]);
    const named = { ...fleet, agentImages: { agent: { stable: a, previous: "openclaw:1" } } };
    const messages = said(named, props(agent, { [key]: value }));
    expect(messages.filter((each) => each.includes("the fact"))).toEqual([fact(`agent ${key}`, what)]);
    expect(said(fleet, props(agent, { candidate: null }))).toEqual([noPrevious("agent", "second", b)]);
  });
});

it("refuses facts that can't be read, and judges the others", () => {
  const fleet: StackFleet = {
    agentImages: { agent: { stable: b, previous: c } },
    workloads: [canary, { ...second, judged: { from: unknownText } }],
  };
  expect(said(fleet)).toEqual([notKept(a), fact("second judged.from")]);
});
