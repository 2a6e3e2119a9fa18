import type { PolicyResource } from "@pulumi/policy";
import { containerType } from "./fleet-facts.ts";
import { read } from "./guarded-read.ts";
import { BehindNames, type NamedState, namedStates } from "./named-states.ts";
import { NotedRead, type ReadProblem } from "./noted-read.ts";
import { podIdentity, podKinds } from "./pod-kinds.ts";
import type { StackGraph } from "./stack-graph.ts";
import type { State } from "./state.ts";
import type { StateMount } from "./state-mount.ts";
import { stateMountsOf } from "./state-mounts.ts";

/** A mount as it is in its stack. */
export interface PlacedMount {
  resource: PolicyResource;
  mount: StateMount;
  /** Tells a container from all others of the stack. */
  user: string;
  /** Tells a pod, or a container outside of any, from all others. */
  pod: string;
  /** All that the mounted state is: its name and what is behind it. */
  places: readonly State[];
}

/** A mount and the resource that has it. */
export interface OwnMount {
  resource: PolicyResource;
  mount: StateMount;
}

/** All state that the resources of a stack mount. */
export interface StackState {
  mounts: readonly PlacedMount[];
  names: readonly NamedState[];
  problems: readonly (ReadProblem & { resource: PolicyResource })[];
  /** Mounts of what a container mounts that is no resource of the stack. */
  outside: readonly OwnMount[];
}

export function stackStateOf(graph: StackGraph): StackState {
  const problems: (ReadProblem & { resource: PolicyResource })[] = [];
  const own = graph.resources.flatMap((resource) => {
    const state = stateMountsOf(resource);
    problems.push(...state.problems.map((problem) => ({ ...problem, resource })));
    return state.mounts.map((mount) => ({ resource, mount }));
  });
  const names = graph.resources.flatMap((resource) => {
    const noted = new NotedRead();
    const named = namedStates(noted, resource);
    problems.push(...noted.problems.map((problem) => ({ ...problem, resource })));
    return named;
  });
  const taken = new TakenMounts(graph, own);
  const behind = new BehindNames(names);
  const bases = basesOf(graph);
  const mounts = own.flatMap((each) =>
    taken.resolved(each).map(({ mount, place }) => {
      const object = objectKey(each.resource, mount.object);
      const pod = bases.get(object) ?? object;
      const user = `${pod} ${mount.container}`;
      return { resource: each.resource, mount, pod, user, places: behind.placesOf([place]) };
    }),
  );
  return { mounts, names, problems, outside: taken.outside };
}

/** Replaces "all that another container mounts" by that. */
class TakenMounts {
  readonly outside: OwnMount[] = [];
  /** By name and by id; one name can be there on two hosts. */
  readonly #containers = new Map<string, PolicyResource[]>();
  readonly #mounts = new Map<PolicyResource, StateMount[]>();

  constructor(graph: StackGraph, mounts: readonly OwnMount[]) {
    for (const container of graph.ofType(containerType)) {
      for (const key of ["name", "id"]) {
        const name = read(container.props, key);
        if (typeof name === "string")
          this.#containers.set(name, [...(this.#containers.get(name) ?? []), container]);
      }
    }
    for (const { resource, mount } of mounts) {
      const before = this.#mounts.get(resource);
      if (before === undefined) this.#mounts.set(resource, [mount]);
      else before.push(mount);
    }
  }

  resolved(own: OwnMount): { mount: StateMount; place: State }[] {
    const { state } = own.mount;
    if (state.kind === "container") return this.#taken(state.name, own, []);
    return [{ mount: own.mount, place: owned(state, own.resource) }];
  }

  /** @param passed - the containers on the way, which can take each other's mounts in a circle. */
  #taken(
    text: string,
    own: OwnMount,
    passed: readonly PolicyResource[],
  ): { mount: StateMount; place: State }[] {
    // `name` or `name:ro`; Docker also takes the slash that it puts before names itself.
    const [name = "", mode] = text.replace(/^\//, "").split(":");
    const others = this.#containers.get(name) ?? [];
    if (others.length === 0) this.outside.push(own);
    return others
      .filter((other) => !passed.includes(other))
      .flatMap((other) =>
        (this.#mounts.get(other) ?? []).flatMap(({ state, readOnly }) => {
          if (state.kind === "container") return this.#taken(state.name, own, [...passed, other]);
          const mount = { ...own.mount, state, readOnly: readOnly || mode === "ro" };
          return [{ mount, place: owned(state, other) }];
        }),
      );
  }
}

/** A volume without a name is told from others by its container. */
function owned(state: State, { urn }: PolicyResource): State {
  return state.kind === "anonymous"
    ? { kind: "device", id: `of ${urn} without a name`, below: state.below }
    : state;
}

function objectKey({ urn }: PolicyResource, object: string): string {
  return `${urn} ${object}`;
}

/** The object that a patch changes, where the stack has it: both are one pod. */
function basesOf(graph: StackGraph): Map<string, string> {
  const bases = new Map<string, string>();
  const patches: [identity: string, key: string][] = [];
  for (const resource of graph.resources) {
    const kind = podKinds.get(resource.type);
    const identity = kind === undefined || kind.list ? undefined : podIdentity(new NotedRead(), resource, "");
    if (identity === undefined) continue;
    if (kind?.patch === true) patches.push([identity, objectKey(resource, "")]);
    else bases.set(identity, objectKey(resource, ""));
  }
  return new Map(
    patches.flatMap(([identity, key]) => {
      const base = bases.get(identity);
      return base === undefined ? [] : [[key, base] as const];
    }),
  );
}
