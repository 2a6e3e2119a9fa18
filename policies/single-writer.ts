import { frozenAnew, frozenMounts, frozenNames } from "./frozen-mounts.ts";
import { BehindNames, claimTypes, type NamedState, storageTypes, volumeType } from "./named-states.ts";
import { NotedRead, objectAt } from "./noted-read.ts";
import { podKinds } from "./pod-kinds.ts";
import { type Finding, type JudgedInputs, stackRule } from "./rule.ts";
import { type RunsAtOnce, runsAtOnceOf } from "./runs-at-once.ts";
import { selfStarted, startedWhenMade } from "./self-started.ts";
import { type PlacedMount, type StackState, stackStateOf } from "./stack-state.ts";
import { type State, stateText } from "./state.ts";
import type { StateMount } from "./state-mount.ts";
import { runsContainers, stateMountsOf } from "./state-mounts.ts";
import { Overlaps } from "./state-overlaps.ts";
import { unreadProperty } from "./unread.ts";
import { quoted } from "./verdict.ts";
import { type Scaling, scalingsOf } from "./writer-scaling.ts";

type Kind =
  | "unknown"
  | "malformed"
  | "outside"
  | "twoWriters"
  | "twoNames"
  | "replicas"
  | "startFirst"
  | "notDeletedFirst"
  | "selfStarted"
  | "frozen";

const kinds: readonly Kind[] = [
  "unknown",
  "malformed",
  "outside",
  "twoWriters",
  "twoNames",
  "replicas",
  "startFirst",
  "notDeletedFirst",
  "selfStarted",
  "frozen",
];

export const singleWriter = stackRule<Kind>({
  name: "single-writer",
  description: "A state has one writer: two gateways on one directory corrupt it, and no lock stops them",
  severity: "critical",
  remediationSteps:
    "Give each container a state of its own. Mount it readOnly where it is only read. Let the old container end before the new one starts.",
  kinds,
  exemptible: ["outside", "twoWriters", "twoNames", "replicas", "startFirst", "notDeletedFirst"],
  judge: (graph) => {
    const state = stackStateOf(graph);
    return [
      ...state.problems.map((problem) => unreadProperty(problem.resource, problem)),
      ...frozenAnew(graph),
      ...startedWhenMade(graph),
      ...outsideFindings(state),
      ...writerFindings(state),
      ...nameFindings(state),
      ...scalingsOf(
        graph,
        state.mounts.filter(({ mount }) => isWritten(mount)),
      ).flatMap(scalingFindings),
    ];
  },
  judgeAlone: aloneFindings,
});

const why = "no lock stops two gateways on one state, and they corrupt it";
const ownState = "a state of its own for each, and readOnly: true where one only reads";

/** What makes one resource run twice on its state, whatever the others do. */
function aloneFindings(resource: JudgedInputs): Finding<Kind>[] {
  const { name, urn, type, props, opts } = resource;
  const mounts = stateMountsOf(resource).mounts.filter(isWritten);
  const read = new NotedRead();
  const runs = [...new Set(mounts.map(({ object }) => object))].flatMap((path) => {
    const states = mounts.filter(({ object }) => object === path).map(({ state }) => state);
    return runsAtOnceOf(read, type, objectAt(props, path), states).map((each) =>
      runsFinding(resource, each, states),
    );
  });
  // A provider fills in how many run, so that only what the program says is told to be unknown.
  const findings = [
    ...runs,
    ...read.problems.map((problem) => unreadProperty(resource, problem)),
    ...frozenMounts(resource),
    ...frozenNames(resource),
    ...selfStarted(resource),
  ];
  const isRun = runsContainers(type) && podKinds.get(type)?.patch !== true;
  if (mounts.length === 0 || !isRun || opts.deleteBeforeReplace === true) return findings;
  return [
    ...findings,
    {
      ...{ kind: "notDeletedFirst", resource: name, urn, path: "opts.deleteBeforeReplace" },
      what: `is not true, and both the old and the new one write ${listText(mounts.map(({ state }) => state))}`,
      why: `${why}; no review sees what a provider does without being told`,
      write: "deleteBeforeReplace: true in its options",
    },
  ];
}

/** A volume without a name is each container's own. */
function isWritten({ readOnly, state }: StateMount): boolean {
  return !readOnly && state.kind !== "anonymous";
}

function runsFinding(
  { name, urn }: { name: string; urn: string },
  { kind, path, what, write }: RunsAtOnce,
  states: readonly State[],
): Finding<Kind> {
  return { kind, resource: name, urn, path, what: `${what}, and they write ${listText(states)}`, why, write };
}

/** Three of them, and how many more. */
function listText(states: readonly State[]): string {
  return someOf([...new Set(states.map(stateText))]);
}

function someOf(texts: readonly string[]): string {
  const shown = texts.slice(0, 3);
  const rest = texts.length - shown.length;
  if (rest > 0) return `${shown.join(", ")} and ${rest} more`;
  return [shown.slice(0, -1).join(", "), ...shown.slice(-1)].filter((text) => text !== "").join(" and ");
}

function scalingFindings({ resource, runs, states, problems }: Scaling): Finding<Kind>[] {
  return [
    ...runs.map((each) => runsFinding(resource, each, states)),
    ...problems.map((problem) => unreadProperty(resource, problem)),
  ];
}

function outsideFindings({ outside }: StackState): Finding<Kind>[] {
  return outside.map(({ resource, mount }) => ({
    ...{ kind: "outside", resource: resource.name, urn: resource.urn, path: mount.path },
    what: `takes ${stateText(mount.state)}, which is no resource of this program`,
    why: `nobody can say which state it writes; ${why}`,
    write: "the volumes themselves, by their names",
  }));
}

function writerFindings({ mounts }: StackState): Finding<Kind>[] {
  const written = mounts.filter(({ mount }) => !mount.readOnly);
  const overlaps = new Overlaps(written);
  return written.flatMap((one) => {
    const others = new Map<string, PlacedMount>();
    for (const other of overlaps.of(one)) {
      if (!others.has(other.user) && runBeside(one, other)) others.set(other.user, other);
    }
    if (others.size === 0) return [];
    const { resource, mount } = one;
    const texts = [...others.values()].map((other) => writerText(other, mount.state)).toSorted();
    return [
      {
        ...{ kind: "twoWriters", resource: resource.name, urn: resource.urn, path: mount.path },
        beside: [...others.values()].map((other) => other.resource.name),
        what: `${writerText(one)} writes ${stateText(mount.state)}, and so ${texts.length > 1 ? "do" : "does"} ${someOf(texts)}`,
        ...{ why, write: ownState },
      },
    ];
  });
}

/** Containers that run before the others of their pod have ended when those start. */
function runBeside(one: PlacedMount, other: PlacedMount): boolean {
  if (one.user === other.user) return false;
  return one.pod !== other.pod || !(one.mount.before || other.mount.before);
}

function writerText({ resource, mount }: PlacedMount, state = mount.state): string {
  const { object, container } = mount;
  const place = [object, container === "" ? "" : `container ${quoted(container)}`].filter(
    (text) => text !== "",
  );
  const within = place.length === 0 ? "" : ` (${place.join(", ")})`;
  const [own, its] = [stateText(state), stateText(mount.state)];
  return `${quoted(resource.name)}${within}${own === its ? "" : ` as ${its}`}`;
}

/** Two volumes, or two claims, that are one place: whoever writes one writes the other. */
function nameFindings({ names }: StackState): Finding<Kind>[] {
  const behind = new BehindNames(names);
  const placed = names
    .filter(({ readOnly }) => !readOnly)
    .map((name) => ({ ...name, places: behind.placesOf([name.state]) }));
  const isClaim = ({ resource }: NamedState) => claimTypes.includes(resource.type);
  const isStorage = ({ resource, state }: NamedState) =>
    (resource.type === volumeType || storageTypes.includes(resource.type)) && state.kind !== "claim";
  return [placed.filter(isClaim), placed.filter(isStorage)].flatMap((alike) => {
    const overlaps = new Overlaps(alike);
    return alike.flatMap((one) => {
      const others = [...overlaps.of(one)].filter(
        (other) => other.resource !== one.resource || other.object !== one.object,
      );
      if (others.length === 0) return [];
      const { resource, object, state } = one;
      const texts = others
        .map((other) => `${stateText(other.state)} of ${quoted(other.resource.name)}`)
        .toSorted();
      return [
        {
          ...{ kind: "twoNames" as const, resource: resource.name, urn: resource.urn },
          path: object === "" ? "as a whole" : object,
          beside: others.map((other) => other.resource.name),
          what: `${stateText(state)} is the same place as ${someOf(texts)}`,
          why: `whoever writes one writes the other; ${why}`,
          write: "one resource for one place",
        },
      ];
    });
  });
}
