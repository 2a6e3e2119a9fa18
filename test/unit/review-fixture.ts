import { readPreview } from "../../review/preview.ts";
import { type Review, reviewOf } from "../../review/review.ts";

const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;
export const one = `ghcr.io/acme/agent:1.0.0@${digestOf("1")}`;
export const two = `ghcr.io/acme/agent:2.0.0@${digestOf("2")}`;
export const plane = `ghcr.io/acme/plane:1.4.2@${digestOf("a")}`;

export const hooks = { BeforeCreate: ["restore"], BeforeDelete: ["cut-over"], OnError: ["way-back"] };
export const stateOptions = { protect: true, retainOnDelete: true, ignoreChanges: ["labels", "driverOpts"] };
export const fleetUrn = "urn:pulumi:prod::clawforce::clawforce:fleet:Fleet::fleet";

/** A resource of the engine's document, and the outputs that this run gives it when it is a component. */
export interface Resource {
  urn: string;
  op: string;
  before?: Record<string, unknown> | undefined;
  after?: Record<string, unknown> | undefined;
  reasons?: string[];
  outputs?: Record<string, unknown>;
}

/** How a workload of the fixture differs from one that nothing happens to. */
export interface Of {
  image?: string;
  from?: string;
  op?: string;
  judged?: Record<string, unknown>;
  managed?: boolean;
  controlPlane?: boolean;
  /** Changes of single resources, by their names; undefined takes one out. */
  resources?: Record<string, Partial<Resource> | undefined>;
}

/** A component, its volume and its container (or the command that moves it), and its gate. */
export function workload(name: string, of: Of = {}): Resource[] {
  const { from = one, image = from, managed = false, controlPlane = false } = of;
  const moves = image !== from;
  const op = of.op ?? (moves ? "replace" : "same");
  const place = controlPlane ? "ControlPlane" : "InstanceGroup";
  const types = `clawforce:fleet:Fleet$clawforce:fleet:${place}$clawforce:fleet:${managed ? "ManagedWorkload" : "Workload"}`;
  const urn = `urn:pulumi:prod::clawforce::${types}::${name}`;
  const below = (type: string, child: string) => `urn:pulumi:prod::clawforce::${types}$${type}::${child}`;
  const track = controlPlane ? "control-plane" : "runtime";
  const role = controlPlane ? "control-plane" : name === "canary" ? "canary" : "fleet";
  const place_ = { track, role, ...(!controlPlane && { group: "support" }), wave: role === "fleet" ? 1 : 0 };
  const judged = {
    ...{ ...place_, group: controlPlane ? "" : "support", image, from, previous: "", evidence: [] },
    ...{ container: `${name}-container`, move: moves ? "forward" : "none" },
    pause: { hold: 60, drain: 30, unseen: 0, stopGrace: 15, coldPass: 2, start: 43 },
    ...of.judged,
  };
  const runner = (reference: string) => ({
    parent: urn,
    ...(managed
      ? {
          inputs: { stdin: JSON.stringify({ workload: { image: reference } }) },
        }
      : {
          ...{ id: `${name}-container`, resourceHooks: hooks },
          inputs: {
            ...{ image: reference, envs: "[secret]" },
            volumes: [{ volumeName: `${name}-state`, containerPath: "/home/node/.openclaw" }],
          },
        }),
  });
  const component = (reference: string) => ({ parent: fleetUrn, inputs: { ...place_, image: reference } });
  const volume = { ...stateOptions, parent: urn, inputs: { name: `${name}-state` } };
  const gate = { parent: urn, inputs: { environment: { CLAWFORCE_GATEWAY_TOKEN: "[secret]" } } };
  const all: Resource[] = [
    {
      ...{ urn, op: moves ? "update" : "same", before: component(from), after: component(image) },
      outputs: { judged },
    },
    ...(managed
      ? []
      : [
          {
            urn: below("docker:index/volume:Volume", `${name}-state`),
            op: "same",
            before: volume,
            after: volume,
          },
        ]),
    {
      urn: managed
        ? below("command:local:Command", `${name}-move`)
        : below("docker:index/container:Container", name),
      ...{
        op,
        before: op === "create" ? undefined : runner(from),
        after: op === "delete" ? undefined : runner(image),
      },
    },
    { urn: below("command:local:Command", `${name}-gate`), op, before: gate, after: gate },
  ];
  return all.flatMap((resource) => {
    const key = resource.urn === urn ? "component" : (resource.urn.split("::").at(-1) ?? "");
    if (of.resources === undefined || !Object.hasOwn(of.resources, key)) return [resource];
    const change = of.resources[key];
    return change === undefined ? [] : [{ ...resource, ...change }];
  });
}

/** A resource with other inputs, or other options, before or after. */
export function raw(type: string, name: string, op: string, state: Record<string, unknown> = {}): Resource {
  return {
    urn: `urn:pulumi:prod::clawforce::${type}::${name}`,
    op,
    ...(op !== "create" && { before: state }),
    ...(op !== "delete" && { after: state }),
  };
}

export interface Run {
  verdicts?: Record<string, string>[];
  diagnostics?: { severity: string; message: string }[];
  passed?: boolean;
  /** Events of the pack; default: it has judged everything. */
  pack?: object[];
  /** More lines of the event log. */
  events?: object[];
}

const pack = { policyPackName: "clawforce-fleet", policyPackVersion: "0.1.0" };

/** What the engine prints and logs of such a preview. */
export function printed(
  resources: readonly Resource[],
  run: Run = {},
): { document: string; events: string[] } {
  const { verdicts = [], diagnostics = [], passed = true } = run;
  const steps = resources.map(({ urn, op, before, after, reasons }) => ({
    ...{ op, urn, oldState: before, newState: after },
    ...(reasons && { diffReasons: reasons }),
  }));
  const judgedBy = run.pack ?? [
    ...resources.map(({ urn }) => ({
      policyAnalyzeSummaryEvent: {
        ...pack,
        resourceUrn: urn,
        passed: ["digest-pinned"],
        failed: ["no-mutable-image"],
      },
    })),
    { policyAnalyzeStackSummaryEvent: { ...pack, passed: ["canary-before-fleet"] } },
  ];
  const events = [
    ...judgedBy,
    ...resources.flatMap(({ urn, op, outputs }) =>
      [{ judged: { move: "of an earlier run" } }, ...(outputs === undefined ? [] : [outputs])].map(
        (given) => ({
          resOutputsEvent: { metadata: { urn, op, new: { outputs: given } } },
        }),
      ),
    ),
    ...verdicts.map((verdict) => ({ policyEvent: { policyPackName: "clawforce-fleet", ...verdict } })),
    ...(run.events ?? []),
    { summaryEvent: { result: passed ? "succeeded" : "failed" } },
  ];
  return {
    document: JSON.stringify({ steps, diagnostics }),
    events: events.map((event) => JSON.stringify(event)),
  };
}

export function reviewed(resources: readonly Resource[], run: Run = {}): Review {
  const { document, events } = printed(resources, run);
  return reviewOf("prod", readPreview(document, events));
}

/** A record's envelope as a judge gets it. */
export function envelope(predicate: object): object {
  return { payload: Buffer.from(JSON.stringify({ predicate })).toString("base64"), signatures: [] };
}

export function refusalsOf(resources: readonly Resource[], run?: Run): readonly string[] {
  return reviewed(resources, run).refusals;
}

/** The canary with a new image: an update that nothing is wrong with. */
export function updated(of: Of = {}): Resource[] {
  return workload("canary", { image: two, ...of });
}

/** The same with another container before or after it. */
export function withContainer(
  part: "before" | "after",
  state: Record<string, unknown>,
  of: Of = {},
): Resource[] {
  return updated(of).map((each) =>
    each.urn.includes("Container") ? { ...each, [part]: { ...each[part], ...state } } : each,
  );
}

/** The pack has judged one resource and the stack. */
export const fullPack = [
  {
    policyAnalyzeSummaryEvent: {
      policyPackName: "clawforce-fleet",
      resourceUrn: "",
      passed: ["digest-pinned"],
    },
  },
  { policyAnalyzeStackSummaryEvent: { policyPackName: "clawforce-fleet" } },
];
