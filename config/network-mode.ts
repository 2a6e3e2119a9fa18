import { z } from "zod";
import { fieldOf } from "./json.ts";
import type { Path, Problem } from "./problem.ts";

const otherContainer = /^container:([a-zA-Z0-9][a-zA-Z0-9_.-]*)$/;

/** A network that a container does not have for itself. */
export const networkMode = z
  .string()
  .refine(
    (mode) => mode === "host" || mode === "none" || otherContainer.test(mode),
    "no network mode of Docker's. Write host, none, or container:NAME with the name of a container. Compose's \"service:NAME\" is container:NAME here",
  );

/** The container whose network it is; undefined: of none. */
export function networkOwner(mode: string | undefined): string | undefined {
  return otherContainer.exec(mode ?? "")?.[1];
}

/**
 * The rules about a group's or the control plane's network mode.
 *
 * @param own - the names of the stack's containers
 */
export function networkModeProblems(path: Path, written: unknown, own: readonly string[]): Problem[] {
  const container = fieldOf(written, "container");
  const mode = networkMode.safeParse(fieldOf(container, "networkMode")).data;
  if (mode === undefined) return [];
  const owner = networkOwner(mode);
  const listed = fieldOf(written, "instances");
  const instances: unknown[] = Array.isArray(listed) ? listed : [];
  const at = (...rest: Path): Path => [...path, "container", ...rest];
  const useless = ["network", "networks", "ports", ...(owner === undefined ? [] : ["extraHosts"])];
  return [
    ...useless
      .filter((key) => fieldOf(container, key) !== undefined)
      .map((key) => ({
        path: at(key),
        message: `with \`networkMode: ${mode}\` the container has no network of its own, and Docker would not heed this. Remove one of them.`,
      })),
    ...[
      { place: written, at: path },
      ...instances.map((place, index) => ({ place, at: [...path, "instances", index] })),
    ]
      .flatMap(({ place, at: where }) =>
        ["publish", "hosts", "aliases"].map((key) => ({ key, place, where })),
      )
      .filter(({ key, place }) => fieldOf(place, key) !== undefined)
      .map(({ key, where }) => ({ path: [...where, key], message: unreachable(key, mode) })),
    // Of those in the host's network the rule about ports of the host speaks.
    ...(instances.length > 1 && owner !== undefined
      ? [
          {
            path: at("networkMode"),
            message: `${instances.length} instances would listen on the same port of one network. Write a group for each, with a \`port\` of its own.`,
          },
        ]
      : []),
    ...(owner !== undefined && own.includes(owner)
      ? [
          {
            path: at("networkMode"),
            message: `${owner} is made anew by updates of this stack, and this container would lose its network with it. Write a \`network\` that both are in.`,
          },
        ]
      : []),
  ];
}

/** Where a container in the network of the host is told its port. */
export function hostNetworkPort(path: Path, container: unknown): Path | undefined {
  if (fieldOf(container, "networkMode") !== "host") return undefined;
  return [...path, "container", fieldOf(container, "port") === undefined ? "networkMode" : "port"];
}

function unreachable(key: string, mode: string): string {
  if (key === "aliases") {
    return `with \`networkMode: ${mode}\` the container is in no network that could know it by a name. Remove one of them.`;
  }
  return key === "hosts"
    ? `the ingress reaches a container by its network, and with \`networkMode: ${mode}\` it has none of its own. Remove one of them.`
    : `with \`networkMode: ${mode}\` Docker publishes no port. Remove one of them.`;
}
