import type { PolicyResource } from "@pulumi/policy";
import {
  containerType,
  fleetFactsOf,
  fleetTypes,
  isSet,
  type JudgedWorkload,
  placeIn,
} from "./fleet-facts.ts";
import { notKnown, reach, read } from "./guarded-read.ts";
import { NotedRead, type Part } from "./noted-read.ts";
import { podKinds } from "./pod-kinds.ts";
import { durationSchema, type Finding, type Settings, stackRule, unreadableFact } from "./rule.ts";
import type { StateMount } from "./state-mount.ts";
import { stateMountsOf } from "./state-mounts.ts";
import { graceOfSet } from "./unit-set.ts";
import { unreadProperty } from "./unread.ts";

const kinds = ["unknown", "malformed", "hold", "killed", "grace", "timeouts", "podGrace"] as const;

type DrainFinding = Finding<(typeof kinds)[number]>;

const defaultColdPass = 30;
const defaultMinimumGrace = 30;

export const drainBudget = stackRule({
  name: "drain-budget",
  description: "A cut-over has the time that it needs, and nothing with state is killed at once",
  severity: "high",
  remediationSteps:
    "Make `clawforce:ingress.hold` longer than drain, stop, cold snapshot, start and gate together, or make those shorter. Give `stopGrace` the time that work needs to end by itself.",
  kinds,
  settings: {
    coldPass: {
      ...durationSchema,
      default: `${defaultColdPass}s`,
      description: "How long a cold snapshot takes as long as none is on record",
    },
    minimumGrace: {
      ...durationSchema,
      default: `${defaultMinimumGrace}s`,
      description: "terminationGracePeriodSeconds of a pod with state, at least",
    },
  },
  judge: (graph, settings) => {
    const { workloads, problems } = fleetFactsOf(graph);
    const own = workloads.filter(({ managed }) => !managed);
    const runners = new Set(own.map(({ runner }) => runner));
    return [
      ...problems.map(unreadableFact),
      ...own.flatMap((workload) => holdFindings(workload, settings)),
      ...own.flatMap((workload) => graceFindings(workload)),
      ...graph.resources.flatMap((resource) => killFindings(resource, runners.has(resource))),
      ...graph.resources
        .filter((resource) => !(runners.has(resource) || isProxy(resource)))
        .flatMap((resource) => podFindings(resource, settings)),
    ];
  },
});

/** All that happens while the ingress holds requests: see the parts in the order of a cut-over. */
function holdFindings(workload: JudgedWorkload, settings: Settings): DrainFinding[] {
  const { pause } = workload;
  const { hold, drain, stopGrace, start } = pause;
  const coldPass = pause.coldPass > 0 ? pause.coldPass : settings.seconds("coldPass", defaultColdPass);
  const needed = drain + stopGrace + coldPass + start;
  if (hold === 0 || hold >= needed) return [];
  const known = pause.coldPass > 0 ? "" : " (assumed)";
  return [
    {
      ...{ kind: "hold", ...placeIn(workload, "judged.pause.hold") },
      what:
        `the ingress holds its requests for ${inSeconds(hold)}, but a cut-over may take ${inSeconds(needed)}: drain ` +
        `${inSeconds(drain)}, stop ${inSeconds(stopGrace)}, cold snapshot ${inSeconds(coldPass)}${known}, start and gate ${inSeconds(start)}`,
      why: "when the hold is over, requests that wait are answered with 503",
      write: `clawforce:ingress.hold: ${Math.ceil(needed)}s, or shorter times for the others`,
    },
  ];
}

function inSeconds(value: number): string {
  return `${Math.round(value * 10) / 10} s`;
}

/** What a workload's own times say of each other, and what runs it of them. */
function graceFindings(workload: JudgedWorkload): DrainFinding[] {
  return [
    ...unseenFindings(workload),
    ...(isSet(workload) ? setGraceFindings(workload) : containerGraceFindings(workload)),
  ];
}

function unseenFindings(workload: JudgedWorkload): DrainFinding[] {
  const { stopGrace, unseen } = workload.pause;
  if (stopGrace >= unseen) return [];
  return [
    {
      ...{ kind: "grace", ...placeIn(workload, "judged.pause.stopGrace") },
      what: `it has ${inSeconds(stopGrace)} to stop, and ${inSeconds(unseen)} of work that nobody can see may be active`,
      why: "work that has not ended by then is cut, and nothing says so",
      write: `stopGrace: ${Math.ceil(unseen)}s, or \`drain.http\` or \`drain.command\`, which wait for the work before the stop`,
    },
  ];
}

function setGraceFindings(workload: JudgedWorkload): DrainFinding[] {
  const { path, value: grace } = graceOfSet(workload.runner);
  if (typeof grace === "number") return shortGrace(workload, path, grace);
  return [unreadProperty(workload.runner, { path, problem: grace === notKnown ? "unknown" : "malformed" })];
}

function containerGraceFindings(workload: JudgedWorkload): DrainFinding[] {
  const { name, runner } = workload;
  const grace = read(runner.props, "destroyGraceSeconds");
  // None at all is said of every container with state.
  if (typeof grace !== "number" || grace <= 0) return [];
  const short = shortGrace(workload, "destroyGraceSeconds", grace);
  const timeout = read(runner.props, "stopTimeout");
  if (timeout === grace) return short;
  if (timeout === notKnown)
    return [...short, unreadProperty(runner, { path: "stopTimeout", problem: "unknown" })];
  return [
    ...short,
    {
      ...{ kind: "timeouts", resource: name, urn: runner.urn, path: "stopTimeout" },
      what: `it is not the same as destroyGraceSeconds, which is ${inSeconds(grace)}`,
      why: "Docker itself stops by stopTimeout: when the host shuts down, and on `docker stop`",
      write: `stopTimeout: ${grace}`,
    },
  ];
}

/** What runs a workload gives it less time than it needs to stop. */
function shortGrace({ name, runner, pause }: JudgedWorkload, path: string, grace: number): DrainFinding[] {
  const { stopGrace } = pause;
  if (grace >= stopGrace) return [];
  return [
    {
      ...{ kind: "grace", resource: name, urn: runner.urn, path },
      what: `it is ${inSeconds(grace)}, but the workload has ${inSeconds(stopGrace)} to stop`,
      why: "a removal without a cut-over would kill it too early",
      write: `${path.slice(path.lastIndexOf(".") + 1)}: ${Math.ceil(stopGrace)}`,
    },
  ];
}

/** What the proxy keeps it gets told again. */
function isProxy({ name, parent }: PolicyResource): boolean {
  return parent?.type === fleetTypes.ingress && parent.name === name;
}

const serviceType = "docker:index/service:Service";

/** Not what is gone with its container. */
function isKept({ readOnly, state }: StateMount): boolean {
  return !readOnly && state.kind !== "anonymous";
}

/** A property that may have something killed at once, and what to write there instead. */
interface Kill {
  path: string;
  isKill: boolean;
  write: string;
}

/** State of a container of Docker, or of a service, that is killed without a chance to write it. */
function killFindings(resource: PolicyResource, isOwn: boolean): DrainFinding[] {
  const { type, name, urn, props } = resource;
  const noted = new NotedRead();
  const kills = killsOf(type, props, isOwn, noted).filter(({ isKill }) => isKill);
  if (kills.length === 0 && noted.problems.length === 0) return [];
  const { mounts, problems } = stateMountsOf(resource);
  // What can't be read may be state.
  if (problems.length === 0 && !mounts.some(isKept)) return [];
  return [
    ...noted.problems.map((problem) => unreadProperty(resource, problem)),
    ...kills.map(({ path, write }) => ({
      ...{ kind: "killed" as const, resource: name, urn, path },
      what: "it keeps state, but is killed at once when it has to stop",
      why: "what it has not written by then is lost, and a database may be damaged",
      write,
    })),
  ];
}

function killsOf(type: string, props: object, isOwn: boolean, noted: NotedRead): Kill[] {
  // What the host fills in is not known before, so what is not known may just not be said.
  const given = (path: string) => reach(props, path)[0]?.value;
  const bySignal = (path: string) => ({
    ...{ path, isKill: isKillSignal(given(path)), write: "SIGTERM, or nothing" },
  });
  if (type === containerType) {
    const grace = noted.number({ path: "", value: props }, "destroyGraceSeconds") ?? 0;
    const isUngraced = noted.problems.length === 0 && grace <= 0;
    return [
      { path: "destroyGraceSeconds", isKill: isUngraced, write: "destroyGraceSeconds: 30" },
      // That of a workload is held to its grace.
      { path: "stopTimeout", isKill: !isOwn && given("stopTimeout") === 0, write: "stopTimeout: 30" },
      bySignal("stopSignal"),
    ];
  }
  if (type !== serviceType) return [];
  const period = `${ofService}.stopGracePeriod`;
  return [
    { path: period, isKill: isNoTime(given(period)), write: "30s" },
    bySignal(`${ofService}.stopSignal`),
  ];
}

const ofService = "taskSpec.containerSpec";

function isKillSignal(signal: unknown): boolean {
  return typeof signal === "string" && /^(SIG)?KILL$|^9$/i.test(signal);
}

/** Docker gives a service that says nothing 10 s. */
function isNoTime(duration: unknown): boolean {
  return typeof duration === "string" && duration !== "" && !/[1-9]/.test(duration);
}

/** What Kubernetes gives a pod that says nothing. */
const usualPodGrace = 30;

/** Pods with state. A patch may change one whose volumes it need not name. */
function podFindings(resource: PolicyResource, settings: Settings): DrainFinding[] {
  const kind = podKinds.get(resource.type);
  if (kind === undefined) return [];
  const minimum = settings.seconds("minimumGrace", defaultMinimumGrace);
  const { mounts } = stateMountsOf(resource);
  const noted = new NotedRead();
  const whole: Part = { path: "", value: resource.props };
  const objects = kind.list ? noted.parts(whole, "items") : [whole];
  const findings = objects.flatMap((object): DrainFinding[] => {
    const pod = noted.part(object, kind.pod);
    if (pod === undefined) return [];
    const before = noted.problems.length;
    const given = noted.number(pod, "terminationGracePeriodSeconds");
    const grace = given ?? (kind.patch || noted.problems.length > before ? minimum : usualPodGrace);
    const hasState = kind.patch || mounts.some((mount) => mount.object === object.path && isKept(mount));
    if (grace >= minimum || !hasState) return [];
    return [
      {
        ...{ kind: "podGrace", resource: resource.name, urn: resource.urn },
        path: `${pod.path}.terminationGracePeriodSeconds`,
        what: `it keeps state, and has ${inSeconds(grace)} to stop`,
        why: "what it has not written by then is lost, and a database may be damaged",
        write: `${minimum} or more`,
      },
    ];
  });
  return [...noted.problems.map((problem) => unreadProperty(resource, problem)), ...findings];
}
