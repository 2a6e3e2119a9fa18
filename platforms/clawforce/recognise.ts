/** The labels that a control plane gives the containers that it makes. */
const managerLabel = "managed-by";

/** Clawforce, and the program that it comes from. */
const controlPlanes = ["clawforce", "claworc"];

/**
 * The control plane that made a container and will make it again, undefined for all other containers. Such a container is
 * never replaced behind its back: its next restart would bring back what its database says.
 */
export function managingControlPlane(labels: Readonly<Record<string, string>>): string | undefined {
  const manager = labels[managerLabel];
  return manager !== undefined && controlPlanes.includes(manager) ? manager : undefined;
}
