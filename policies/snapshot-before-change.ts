import type { PolicyResource } from "@pulumi/policy";
import { isCutOver } from "./cut-overs.ts";
import { commandType, fleetFactsOf, isImage, isSet, type JudgedWorkload } from "./fleet-facts.ts";
import { commandKinds, foreignCommands } from "./foreign-commands.ts";
import { foreignState } from "./foreign-state.ts";
import { itemsOf, notKnown, read } from "./guarded-read.ts";
import { missingOf, preparationProgram, preparationsOf } from "./preparations.ts";
import { isLeftOut, isToldOf, programFindings } from "./program-commands.ts";
import { type Finding, stackRule, unreadableFact } from "./rule.ts";
import type { StackGraph } from "./stack-graph.ts";
import { unreadProperty } from "./unread.ts";
import { firstOf } from "./verdict.ts";

const kinds = [
  "unknown",
  "malformed",
  "noPreparation",
  "otherProgram",
  "frozen",
  "otherTrigger",
  "otherTask",
  "noResult",
  "notAfter",
  "unverified",
  "notStarted",
  "unordered",
  "foreignState",
  ...commandKinds,
] as const;

type SnapshotFinding = Finding<(typeof kinds)[number]>;

export const snapshotBeforeChange = stackRule({
  name: "snapshot-before-change",
  description: "Nothing is stopped before its state is copied and the copy has started",
  severity: "critical",
  remediationSteps:
    "Run a gateway with state as an instance of a group of the fleet. It brings its preparation, gate and verification along, in their order.",
  kinds,
  milder: { engineCommand: "advisory", unseenCommand: "advisory" },
  exemptible: ["foreignState", ...commandKinds],
  judge: (graph) => {
    const { workloads, problems } = fleetFactsOf(graph);
    const parts = workloads.map((workload) => new Parts(graph, workload));
    const moving = parts.filter(({ workload }) => isCutOver(workload));
    return [
      ...problems.map(unreadableFact),
      ...parts.flatMap((each) => preparationFindings(each)),
      ...parts.flatMap((each) => programsAfter(each)),
      ...moving.flatMap((each) => changeFindings(each)),
      ...moving.flatMap((each) => barrierFindings(graph, each, parts)),
      ...moving.flatMap((each) => verificationFindings(graph, each)),
      ...moving.flatMap((each) => startFindings(graph, each)),
      ...disorder(graph, moving),
      ...foreignState(graph),
      ...foreignCommands(graph, new Set(parts.flatMap((each) => each.commands))),
    ];
  },
});

/** A workload with the commands around its container. */
class Parts {
  readonly workload: JudgedWorkload;
  readonly preparations: readonly PolicyResource[];
  readonly gate: PolicyResource | undefined;
  readonly verification: PolicyResource | undefined;

  constructor(graph: StackGraph, workload: JudgedWorkload) {
    const { name, resource } = workload;
    const inside = graph.childrenOf(resource, commandType);
    this.workload = workload;
    this.preparations = preparationsOf(graph, workload);
    this.gate = inside.find((command) => command.name === `${name}-gate`);
    this.verification = inside.find((command) => command.name === `${name}-verification`);
  }

  /** Those whose program is judged. */
  get commands(): PolicyResource[] {
    const start = isSet(this.workload) ? this.workload.starter : undefined;
    return [...this.preparations, start, this.gate, this.verification].filter((each) => each !== undefined);
  }
}

function at({ name, runner }: JudgedWorkload, path: string) {
  return { resource: name, urn: runner.urn, path };
}

function preparationFindings({ workload, preparations }: Parts): SnapshotFinding[] {
  const program = preparationProgram(workload);
  const rests = !isCutOver(workload);
  if (preparations.length === 1) {
    return preparations.flatMap((each) => programFindings(each, program, rests));
  }
  const { name } = workload;
  return [
    {
      ...{ kind: "noPreparation", ...at(workload, "preparation") },
      what:
        preparations.length === 0
          ? "it has no preparation"
          : `it has ${preparations.length} preparations, and nobody can tell which of them counts`,
      why: "nothing would copy its state before it is stopped",
      write: `one command ${name}-preparation that runs ${program}`,
    },
  ];
}

/** What has to come of the preparation of a workload whose container is made anew. */
function changeFindings({ workload, preparations }: Parts): SnapshotFinding[] {
  const [preparation] = preparations;
  if (preparation === undefined || preparations.length > 1) return [];
  const { name, trigger, image } = workload;
  const place = { resource: preparation.name, urn: preparation.urn };
  if (isLeftOut(preparation)) {
    return [
      {
        ...{ kind: "noPreparation", ...at(workload, "preparation") },
        what: "its container is made anew in this update, and its preparation is left out",
        why: "nothing would copy its state before it is stopped",
        write: "the update without --target, or with its preparation among the targets",
      },
    ];
  }
  const triggers = triggerFindings(preparation, trigger);
  if (triggers.length > 0) return triggers;
  const isTold = isToldOf(preparation, name, (told) => isImage(told, image));
  if (isTold === undefined) {
    return [unreadProperty(preparation, { path: "stdin", problem: "unknown" })];
  }
  if (!isTold) {
    return [
      {
        ...{ kind: "otherTask", ...place, path: "stdin" },
        what: `it is not told to prepare ${name} for the image that ${name} is to run`,
        why: "the copy of another state is no way back for this one",
        write: `the task of ${name}`,
      },
    ];
  }
  const missing = missingOf(preparation, workload);
  return missing === undefined
    ? []
    : [
        {
          ...{ kind: "noResult", ...place, path: "stdout" },
          what: missing,
          why: "it does not run in this update, so only the result of its last run counts",
          write: `nothing; run it again: pulumi up --replace ${preparation.urn}`,
        },
      ];
}

function triggerFindings(preparation: PolicyResource, trigger: string): SnapshotFinding[] {
  const listed = read(preparation.props, "triggers");
  if (listed === notKnown) return [unreadProperty(preparation, { path: "triggers", problem: "unknown" })];
  const items = Array.isArray(listed) ? itemsOf(listed, "triggers") : [];
  const unknown = items.find(({ value }) => value === notKnown);
  if (unknown !== undefined) {
    return [unreadProperty(preparation, { path: unknown.path, problem: "unknown" })];
  }
  // After the hash there may stand the attempt: it makes the preparation run once more, and never keeps it from running.
  if (items.length <= 2 && items[0]?.value === trigger) return [];
  const { name, urn } = preparation;
  return [
    {
      ...{ kind: "otherTrigger", resource: name, urn, path: "triggers" },
      what: "its first trigger is not the hash that makes the container anew when it changes",
      why: "it would not run when the container changes, or ran for another change",
      write:
        "the container's hash as its first trigger, at most the attempt after it, and no --target that leaves it out",
    },
  ];
}

/** The gate is inside of the move where a control plane makes the container. */
function programsAfter({ workload, gate, verification }: Parts): SnapshotFinding[] {
  const rests = !isCutOver(workload);
  return [
    ...(isSet(workload) ? programFindings(workload.starter, "operations/make.ts", rests) : []),
    ...(gate === undefined || workload.managed ? [] : programFindings(gate, "operations/gate.ts", rests)),
    ...(verification === undefined ? [] : programFindings(verification, "operations/verify.ts", rests)),
  ];
}

function barrierFindings(graph: StackGraph, { workload }: Parts, all: readonly Parts[]): SnapshotFinding[] {
  // Nearly always it depends on each by itself, and no closure has to be built for that.
  const direct = new Set(workload.runner.dependencies.map(({ urn }) => urn));
  const missing = all
    .flatMap(({ preparations }) => (preparations.length === 1 ? preparations : []))
    .filter((each) => !direct.has(each.urn) && !graph.after(each).has(workload.runner.urn))
    .map(({ name }) => name);
  if (missing.length === 0) return [];
  return [
    {
      ...{ kind: "notAfter", ...at(workload, "dependsOn") },
      what: `it does not come after ${firstOf(missing)}`,
      why: "nothing may be stopped before the copies of all workloads are made and have started",
      write: "a dependency on the preparations of all workloads",
    },
  ];
}

function verificationFindings(graph: StackGraph, { workload, gate, verification }: Parts): SnapshotFinding[] {
  const { name, starter, managed } = workload;
  const problems = [
    ...(managed ? [] : [{ phase: "gate", what: phaseProblem(graph, "gate", gate, starter, starter) }]),
    {
      phase: "verification",
      what: phaseProblem(graph, "verification", verification, gate ?? starter, starter),
    },
  ];
  return problems.flatMap(({ phase, what }) =>
    what === undefined
      ? []
      : [
          {
            ...{ kind: "unverified" as const, ...at(workload, phase), what },
            why: "the next one would be stopped before anybody knows whether this one serves",
            write: `a command ${name}-${phase} that depends on it and is triggered by its id`,
          },
        ],
  );
}

/** A set is changed at no replicas: without its start in the same update it stays down. */
function startFindings(graph: StackGraph, { workload, preparations, gate }: Parts): SnapshotFinding[] {
  if (!isSet(workload)) return [];
  const { name, runner, starter } = workload;
  const runs = (command: PolicyResource | undefined) =>
    command !== undefined && read(command.props, "stdout") === notKnown;
  const what = isLeftOut(starter)
    ? "its start is left out of this update"
    : !graph.after(runner).has(starter.urn)
      ? "its start does not come after the change of its set"
      : !runs(starter) && [...preparations, gate].some(runs)
        ? "its set changes, and its start does not run"
        : undefined;
  if (what === undefined) return [];
  return [
    {
      ...{ kind: "notStarted", resource: name, urn: starter.urn, path: "start", what },
      why: "the provider changes it at no replicas, and whatever changes there stays down until it is started",
      write: `one command ${name} that runs operations/make.ts after the set, and no --target that leaves it out`,
    },
  ];
}

function phaseProblem(
  graph: StackGraph,
  phase: string,
  command: PolicyResource | undefined,
  before: PolicyResource,
  runner: PolicyResource,
): string | undefined {
  if (command === undefined || isLeftOut(command)) return `it has no ${phase} in this update`;
  if (!graph.after(before).has(command.urn)) {
    return `its ${phase} does not come after ${before === runner ? "it" : "its gate"}`;
  }
  return takes(command, runner) ? undefined : `its ${phase} does not run for each new container`;
}

/** Whether one of its triggers is made of a resource's outputs: then it runs for each new one. */
function takes({ propertyDependencies }: PolicyResource, runner: PolicyResource): boolean {
  return (propertyDependencies.triggers ?? []).some(({ urn }) => urn === runner.urn);
}

/** Cut-overs of which neither waits for the other: when one fails, the other one has been stopped. Said of the later by name. */
function disorder(graph: StackGraph, moving: readonly Parts[]): SnapshotFinding[] {
  const waits = (later: Parts, earlier: Parts) =>
    earlier.verification !== undefined && graph.after(earlier.verification).has(later.workload.runner.urn);
  return moving.flatMap((part, index) => {
    const beside = moving.slice(0, index).filter((other) => !waits(part, other) && !waits(other, part));
    if (beside.length === 0) return [];
    return [
      {
        ...{ kind: "unordered" as const, ...at(part.workload, "dependsOn") },
        what: `nothing makes its cut-over and that of ${firstOf(beside.map(({ workload }) => workload.name))} wait for each other`,
        why: "when one of them fails, the others have been stopped as well",
        write: "a dependency on the verification of the one before",
      },
    ];
  });
}
