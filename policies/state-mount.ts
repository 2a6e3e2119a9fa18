import type { State } from "./state.ts";

/** One mount of state. */
export interface StateMount {
  /** Where it stands: `volumes[0]`, `spec.template.spec.containers[0].volumeMounts[1]`. */
  path: string;
  state: State;
  readOnly: boolean;
  /** Of Kubernetes: which object of a list (`items[1]`, empty: the resource itself) and which container of its pod. */
  object: string;
  container: string;
  /** Runs to its end before the containers of its pod start. */
  before: boolean;
}
