import type { Adoption } from "../platforms/adoption.ts";

type Made = Pick<Adoption, "container" | "state" | "compose" | "settings" | "mounts">;

/**
 * What Compose does with containers that it has made, and what its file needs: it knows them by their labels, which the old
 * container keeps under its new name.
 */
export function composeText(adoptions: readonly Made[]): string[] {
  const projects = new Set(adoptions.flatMap(({ compose }) => compose?.project ?? []));
  return [...projects].flatMap((project) =>
    aboutProject(
      project,
      adoptions.filter(({ compose }) => compose?.project === project),
    ),
  );
}

function aboutProject(project: string, made: readonly Made[]): string[] {
  const services = [...new Set(made.map(({ compose }) => compose?.service ?? ""))];
  const volumes = [...new Set(made.flatMap(volumesOf))].filter((name) => name.startsWith(`${project}_`));
  const inOtherNetworks = made.filter(({ settings }) => "networkMode" in settings);
  return [
    `Compose: its project ${project} made ${made.map(({ container }) => container).join(", ")}. Change its file before you go on:`,
    `  services: \`profiles: [adopted]\` in ${services.join(", ")}`,
    ...volumes.map((name) => {
      const key = name.slice(project.length + 1);
      return `  volumes: \`${key}: {external: true, name: ${name}}\``;
    }),
    "Compose leaves both alone then, now and later. `docker compose up` says so with `no service selected` if there is no other service.",
    "Nobody may run `docker compose up` with the file as it was: see docs/adopt.md.",
    ...inOtherNetworks.map(
      ({ container }) =>
        `It would start the old ${container} beside the new one, on the same state. Two gateways on one state destroy it.`,
    ),
    "",
  ];
}

function volumesOf({ state, mounts = [] }: Made): string[] {
  return [
    ...("volume" in state ? [state.volume] : []),
    ...mounts.flatMap(({ kind, source }) => (kind === "volume" ? [source] : [])),
  ];
}
