import { canonical, isInside, type Place, valid } from "./collisions.ts";
import { controlPlaneContainer, gatewayContainer } from "./container-schema.ts";
import { fieldOf } from "./json.ts";
import type { Path, Problem } from "./problem.ts";
import { tokenCommand } from "./secrets.ts";

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
    ...mountProblems(path, container, shape, state),
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

function mountProblems(path: Path, container: unknown, shape: Shape, state: string | undefined): Problem[] {
  const mounts = valid(shape.mounts, fieldOf(container, "mounts")) ?? [];
  return mounts.flatMap((mount, index) => {
    if (state === undefined || mount.kind === "tmpfs" || !isInside(canonical(mount.target), canonical(state)))
      return [];
    return [
      {
        path: [...path, "container", "mounts", index, "target"],
        message: `${mount.target} is inside of ${state}, where the state is. A snapshot of the state would miss it. Move its files into the state, and take this mount out.`,
      },
    ];
  });
}

/** The ports of the host that a container publishes beside the one of `publish`. */
export function portsOf(path: Path, container: unknown): Place["ports"] {
  const ports = valid(gatewayContainer.shape.ports, fieldOf(container, "ports")) ?? [];
  return ports.flatMap(({ host, protocol }, index) =>
    protocol === "tcp" ? [{ path: [...path, "container", "ports", index, "host"], port: host }] : [],
  );
}
