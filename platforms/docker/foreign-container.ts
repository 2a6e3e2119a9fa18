import type Docker from "dockerode";

export const stackLabel = "clawforce.stack";
const workloadLabel = "clawforce.workload";

/** A container under the name of a workload that is not this stack's. */
export interface ForeignContainer {
  image: string;
  state: string;
  /** The stack that made it, when one did. */
  stack?: string;
  /** What it writes to: "the volume bot-a-state". */
  places: string[];
}

interface Described {
  labels: Readonly<Record<string, string>>;
  image: string;
  state: string;
  mounts: readonly Pick<Docker.ContainerInfo["Mounts"][number], "Type" | "Name" | "Source" | "RW">[];
}

/** Whether the stack made the container, and for this workload: by the labels that it has given it. */
function isOwn(
  labels: Readonly<Record<string, string>>,
  { stack, name }: { stack: string; name: string },
): boolean {
  return ownWorkload(labels, stack) === name;
}

/** The workload that a stack has made a container for; undefined: it has not. */
export function ownWorkload(labels: Readonly<Record<string, string>>, stack: string): string | undefined {
  return labels[stackLabel] === stack ? labels[workloadLabel] : undefined;
}

/** Undefined for a container that this stack made for this workload. */
export function foreignContainer(
  workload: { stack: string; name: string },
  { labels, image, state, mounts }: Described,
): ForeignContainer | undefined {
  if (isOwn(labels, workload)) {
    return undefined;
  }
  const owner = labels[stackLabel];
  const places = mounts
    .filter(({ RW, Type }) => RW !== false && (Type === "volume" || Type === "bind"))
    .map(({ Type, Name, Source }) => (Type === "volume" ? `the volume ${Name}` : `the directory ${Source}`));
  return { image, state, ...(owner !== undefined && { stack: owner }), places };
}

/** What it is and what to do, so that no way of following it leaves two gateways on one state or loses it. */
export function describeForeign(
  { stack: ours, name }: { stack: string; name: string },
  { image, state, stack, places }: ForeignContainer,
): string {
  const made = stack === undefined ? "that no stack created" : `that belongs to the stack ${stack}`;
  const has =
    places.length === 0 ? "its state is in the container itself" : `it writes to ${places.join(", ")}`;
  return (
    `a container called ${name} is there ${made} (${state}; ${image}; ${has}). Nothing was touched. ` +
    "A container that is only renamed goes on writing to its state. One that is removed can take its state with it. " +
    "To keep it: give the workload another name and another state. " +
    `To take over from it: \`fleet adopt --stack ${ours} --container ${name}\` prints what the stack file needs for that, and what would be lost. ` +
    `With \`adopt: ${name}\` in the instance, \`pulumi up\` stops it after a snapshot and keeps it under another name. If the new one fails, it serves again.`
  );
}
