import { canonical, isInside, type Place, stateAt, valid } from "./collisions.ts";
import { mounts } from "./container-options-schema.ts";
import { controlPlaneContainer, gatewayContainer } from "./container-schema.ts";
import { fieldOf } from "./json.ts";
import { hostNetworkPort } from "./network-mode.ts";
import type { Path, Problem } from "./problem.ts";
import { tokenCommand } from "./secrets.ts";
import { hasPlaceName } from "./state-places.ts";

type Shape = typeof gatewayContainer.shape | typeof controlPlaneContainer.shape;

/** The rules about one container's own keys. */
export function containerProblems(
  path: Path,
  container: unknown,
  track: "gateway" | "control-plane",
): Problem[] {
  const shape: Shape = track === "gateway" ? gatewayContainer.shape : controlPlaneContainer.shape;
  const state = valid(shape.stateDirectory, fieldOf(container, "stateDirectory"));
  return [
    ...mountProblems([...path, "container", "mounts"], fieldOf(container, "mounts"), state),
    ...variableProblems([...path, "container", "secrets"], fieldOf(container, "secrets"), container, shape),
  ];
}

/** The same about what an instance has for itself. */
export function instanceSecretProblems(path: Path, instance: unknown, container: unknown): Problem[] {
  const secrets = fieldOf(instance, "secrets");
  return variableProblems([...path, "secrets"], secrets, container, gatewayContainer.shape);
}

/** A variable that is given twice: Docker takes one of them, and nobody says which. */
function variableProblems(path: Path, written: unknown, container: unknown, shape: Shape): Problem[] {
  const secrets = valid(shape.secrets, written) ?? {};
  const plain = valid(shape.environment, fieldOf(container, "environment")) ?? {};
  const token =
    "tokenVariable" in shape ? valid(shape.tokenVariable, fieldOf(container, "tokenVariable")) : undefined;
  return Object.keys(secrets).flatMap((variable) => {
    const where = [...path, variable];
    if (variable === token) {
      return [
        {
          path: where,
          message: `the gateway's token goes there by itself. Take it out; ${tokenCommand} sets it.`,
        },
      ];
    }
    return Object.hasOwn(plain, variable)
      ? [{ path: where, message: "`environment` gives the same variable. Take it out of one of them." }]
      : [];
  });
}

/** The same about what an instance sees for itself. */
export function instanceMountProblems(path: Path, instance: unknown, container: unknown): Problem[] {
  const { shape } = gatewayContainer;
  const state = valid(shape.stateDirectory, fieldOf(container, "stateDirectory"));
  return mountProblems([...path, "mounts"], fieldOf(instance, "mounts"), state);
}

function mountProblems(path: Path, written: unknown, state: string | undefined): Problem[] {
  const all = valid(mounts, written) ?? [];
  return all.flatMap((mount, index) => {
    if (mount.kind === "tmpfs") return [];
    const message = mountProblem(mount, state);
    return message === undefined ? [] : [{ path: [...path, index, "target"], message }];
  });
}

function mountProblem(
  { target, readOnly, state: isState }: { target: string; readOnly: boolean; state?: true | undefined },
  state: string | undefined,
): string | undefined {
  if (isState && readOnly)
    return `${target} is read-only and state. What a gateway can't write to need not come back: take one of them out.`;
  if (isState && !hasPlaceName(target))
    return `${target} is too long for a place of the state. Mount it under a shorter path.`;
  if (state === undefined || !isInside(canonical(target), canonical(state))) return undefined;
  if (canonical(target) === canonical(state))
    return `${target} is where the state is mounted. Name its volume or folder as the state, and take this mount out.`;
  return isState
    ? undefined
    : `${target} is inside of ${state}, where the state is. A snapshot of the state would miss it. Write \`state: true\` beside it, or move its files into the state and take this mount out.`;
}

/**
 * Where the further places of a state are, as these mounts say.
 *
 * @param own - what stands in place of those with the same target.
 */
export function placesIn(
  path: Path,
  written: unknown,
  own: readonly { target: string }[] = [],
): Place["states"] {
  const all = valid(mounts, written) ?? [];
  return all.flatMap((mount, index) => {
    if (mount.kind === "tmpfs" || mount.state !== true) return [];
    if (own.some(({ target }) => target === mount.target)) return [];
    const { kind, source } = mount;
    const location = kind === "volume" ? { volume: source } : { directory: source };
    return [{ ...stateAt([...path, index, "source"], location), isMount: true as const }];
  });
}

/** The ports of the host that a container listens on beside the one of `publish`. */
export function portsOf(
  path: Path,
  container: unknown,
  track: "gateway" | "control-plane" = "gateway",
): Place["ports"] {
  const { shape } = track === "gateway" ? gatewayContainer : controlPlaneContainer;
  const ports = valid(gatewayContainer.shape.ports, fieldOf(container, "ports")) ?? [];
  const at = hostNetworkPort(path, container);
  const port = valid(shape.port, fieldOf(container, "port"));
  return [
    ...ports.flatMap(({ host, protocol }, index) =>
      protocol === "tcp" ? [{ path: [...path, "container", "ports", index, "host"], port: host }] : [],
    ),
    ...(at === undefined || port === undefined ? [] : [{ path: at, port }]),
  ];
}
