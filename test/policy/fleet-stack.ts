import { commandType, containerType, fleetTypes } from "../../policies/fleet-facts.ts";
import { unknownText } from "./props.ts";
import { idOf, type StackResource } from "./stack.ts";

/** A reference with a digest that is told by one letter: `image("a")`. */
export function image(letter: string, repository = "ghcr.io/acme/openclaw"): string {
  return `${repository}:2026.4.${letter.charCodeAt(0)}@sha256:${letter.repeat(64)}`;
}

/** A workload of a stack as a test writes it: defaults are those of a fleet member that does not change. */
export interface StackWorkload {
  name: string;
  /** Undefined for the control plane. */
  group?: string;
  role?: string;
  track?: string;
  wave?: number;
  image: string;
  /** Default: what it is to run. Empty text: there is no container yet. */
  from?: string;
  move?: string;
  evidence?: readonly unknown[];
  /** A control plane makes its container. */
  managed?: boolean;
  /** Id of its container; default: from its name, and not known at preview when it changes. */
  id?: string;
  /** More of what its component says of it. */
  judged?: object;
  /** More properties of its container. */
  container?: object;
  /** Of its container. */
  opts?: StackResource["opts"];
}

export interface StackGroup {
  agentImage?: string;
  waves?: readonly unknown[];
  wave?: number;
  candidate?: string;
  checksHash?: string;
  bake?: { length: number; requests: number };
}

export interface StackFleet {
  workloads: readonly StackWorkload[];
  /** By name; those that a workload names and that are not here have the defaults. */
  groups?: Readonly<Record<string, StackGroup>>;
  /** References of each agent image and of the control plane. */
  agentImages?: Readonly<Record<string, { stable: string; candidate?: string; previous?: string }>>;
  controlPlane?: { image: string; previous?: string };
}

const fleet = { type: "clawforce:fleet:Fleet", name: "fleet" };
export const stackType = "pulumi:pulumi:Stack";

/** The resources that the program makes of such a fleet, as a preview of it has shown them. */
export function fleetStack(given: StackFleet): StackResource[] {
  const groups = new Set(given.workloads.flatMap(({ group }) => (group === undefined ? [] : [group])));
  const root = { type: stackType, name: "clawforce-prod" };
  const resources: StackResource[] = [root, { ...fleet, parent: idOf(root) }];
  const inFleet = { parent: idOf(fleet) };
  for (const [name, references] of Object.entries(given.agentImages ?? {})) {
    resources.push({ type: fleetTypes.agentImage, name, props: references, ...inFleet });
    for (const reference of Object.values(references)) {
      resources.push(
        keptImage(`${name}-${digestPart(reference)}`, reference, `${name} ${fleetTypes.agentImage}`),
      );
    }
  }
  for (const name of groups)
    resources.push({ ...groupResource(name, given.groups?.[name] ?? {}), ...inFleet });
  const plane = given.workloads.find(({ group }) => group === undefined);
  if (plane !== undefined) {
    const props = given.controlPlane ?? { image: plane.image };
    const component = { type: fleetTypes.controlPlane, name: "control-plane", props, ...inFleet };
    resources.push(component);
    for (const reference of Object.values(props)) {
      resources.push(keptImage(`control-plane-${digestPart(reference)}`, reference, idOf(component)));
    }
  }
  const preparations = given.workloads.map((each, index) => {
    const before = given.workloads[index - 1];
    return preparation(each, before && preparationOf(before.name));
  });
  resources.push(...preparations);
  let last: string[] = [];
  for (const each of given.workloads) {
    resources.push(...workloadResources(each, [...preparations.map(idOf), ...last]));
    last = [`${each.name}-verification ${commandType}`];
  }
  return resources;
}

/** The same stack with one resource changed, or taken out where `change` gives nothing. */
export function changed(
  resources: readonly StackResource[],
  id: string,
  change: (resource: StackResource) => StackResource | undefined,
): StackResource[] {
  if (!resources.some((each) => idOf(each) === id)) throw new Error(`There is no resource ${id}.`);
  return resources.flatMap((each) => (idOf(each) === id ? (change(each) ?? []) : [each]));
}

/** The same stack with more properties of one resource; a property given as `undefined` is taken out. */
export function withProps(resources: readonly StackResource[], id: string, props: object): StackResource[] {
  return changed(resources, id, (each) => ({ ...each, props: { ...each.props, ...props } }));
}

export function preparationOf(workload: string): string {
  return `${workload}-preparation ${commandType}`;
}

function keptImage(name: string, reference: string, parent: string): StackResource {
  return {
    type: "docker:index/remoteImage:RemoteImage",
    name,
    props: { name: reference, keepLocally: true },
    parent,
  };
}

function digestPart(reference: string): string {
  return reference.slice(reference.lastIndexOf(":") + 1).slice(0, 12);
}

function groupResource(name: string, group: StackGroup): StackResource {
  const { agentImage = "agent", waves = [1, "100%"], wave = 0, candidate = "" } = group;
  const { checksHash = "0123456789abcdef", bake = { length: 0, requests: 0 } } = group;
  const judged = {
    candidate,
    stable: "",
    previous: "",
    canary: { state: "none", sentence: "" },
    checksHash,
    bake,
  };
  return { type: fleetTypes.group, name, props: { agentImage, waves, wave, judged } };
}

/** What a preparation and its container are replaced for, in tests: the image alone. */
export function triggerOf(workload: Pick<StackWorkload, "image">): string {
  return digestPart(workload.image);
}

function taskOf({ name, image: wanted }: StackWorkload): object {
  return {
    stdin: JSON.stringify({ workload: { name, image: wanted } }),
    environment: { CLAWFORCE_WORKLOAD_OF: `prod/${name}` },
  };
}

function preparation(workload: StackWorkload, before: string | undefined): StackResource {
  return {
    ...{ type: commandType, name: `${workload.name}-preparation`, parent: idOf(fleet) },
    props: {
      ...{ create: `operations/prepare${workload.managed === true ? "-managed" : ""}.ts` },
      ...{ interpreter: ["node"], update: "operations/keep-result.ts", ...taskOf(workload) },
      triggers: [triggerOf(workload)],
      stdout: isChanging(workload) ? unknownText : "{}",
    },
    dependsOn: before === undefined ? [] : [before],
  };
}

function moveOf(workload: string): { type: string; name: string } {
  return { type: commandType, name: `${workload}-move` };
}

const programs: Readonly<Record<string, string>> = { serving: "serve", verification: "verify" };

function isChanging({ image: wanted, from = wanted }: StackWorkload): boolean {
  return from !== wanted;
}

function workloadResources(workload: StackWorkload, after: readonly string[]): StackResource[] {
  const { name, group, from = workload.image, wave = 0 } = workload;
  const { role = group === undefined ? "control-plane" : "fleet" } = workload;
  const { track = group === undefined ? "control-plane" : "runtime" } = workload;
  const changing = isChanging(workload);
  const { move = from === "" ? "first" : changing ? "forward" : "none" } = workload;
  const { managed = false } = workload;
  const component = { type: managed ? fleetTypes.managedWorkload : fleetTypes.workload, name };
  const inside = { parent: idOf(component) };
  const volume = { type: "docker:index/volume:Volume", name: `${name}-state` };
  const container = managed ? moveOf(name) : { type: containerType, name };
  const command = (what: string, takesId: boolean, dependsOn: string): StackResource => ({
    ...{ type: commandType, name: `${name}-${what}`, ...inside },
    props: {
      ...{
        create: `operations/${programs[what] ?? what}.ts`,
        interpreter: ["node"],
        update: "operations/keep-result.ts",
      },
      ...taskOf(workload),
      triggers: [changing ? unknownText : "id", "first"],
      stdout: changing ? unknownText : "{}",
    },
    dependsOn: [dependsOn],
    ...(takesId && { takes: { triggers: [idOf(container)] } }),
  });
  const whole = {
    ...component,
    parent: group === undefined ? `control-plane ${fleetTypes.controlPlane}` : `${group} ${fleetTypes.group}`,
    props: {
      running: changing ? unknownText : {},
      judged: {
        ...{ track, role, group: group ?? "", wave, image: workload.image, from, move, settings: "" },
        container: from === "" ? "" : `id-of-${name}`,
        previous: "",
        trigger: triggerOf(workload),
        pause: { hold: 300, drain: 40, unseen: 0, stopGrace: 30, coldPass: 2, start: 150 },
        evidence: workload.evidence ?? [],
        ...workload.judged,
      },
    },
  };
  if (managed) {
    const said = JSON.stringify({ workload: name, container: `id-of-${name}`, image: workload.image });
    const program = command("move-managed", false, "");
    const result = changing ? unknownText : said;
    const props = { ...program.props, triggers: [triggerOf(workload), "gate"], stdout: result };
    const move = { ...program, ...container, props, dependsOn: after };
    return [whole, move, command("verification", true, idOf(container))];
  }
  return [
    whole,
    {
      ...{ ...volume, ...inside },
      props: { name: `${name}-state`, labels: [{ label: "clawforce.stack", value: "prod" }] },
      opts: { protect: true, ignoreChanges: ["labels", "driverOpts"] },
    },
    {
      ...{ ...container, ...inside },
      props: {
        ...{ id: workload.id ?? (changing ? unknownText : `id-of-${name}`), name, image: workload.image },
        labels: [
          { label: "clawforce.stack", value: "prod" },
          { label: "clawforce.workload", value: name },
        ],
        volumes: [{ volumeName: `${name}-state`, containerPath: "/home/node/.openclaw", hostPath: "" }],
        ...{ mounts: [], ports: [], networkMode: "bridge", destroyGraceSeconds: 30, stopTimeout: 30 },
        ...workload.container,
      },
      opts: { deleteBeforeReplace: true, ...workload.opts },
      dependsOn: [...after, idOf(volume)],
    },
    command("serving", false, idOf(container)),
    command("gate", true, `${name}-serving ${commandType}`),
    command("verification", true, `${name}-gate ${commandType}`),
  ];
}
