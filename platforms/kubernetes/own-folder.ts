import { OperationFailure } from "../failure.ts";
import type { Cluster } from "./cluster.ts";
import { type FoundUnit, ownContainer } from "./found-unit.ts";
import { note } from "./in-place.ts";
import { runJob } from "./job.ts";
import { ownedAnnotation } from "./labels.ts";
import { mountsOf } from "./unit.ts";

/** Volumes of a unit's pod that hold its state: see `podTemplate`. */
const stateVolumes = ["state", "backups"];
/** Seconds. */
const deadline = 300;

/**
 * Gives the top folder of each claim of a unit's state to the unit's user, once. A new claim belongs to root, and the group
 * that Kubernetes gives it may write there but not change its mode, as OpenClaw's own migration does.
 */
export async function ownStateFolders(cluster: Cluster, name: string, found: FoundUnit): Promise<void> {
  const { metadata, spec } = found.controller;
  const pod = spec.template.spec;
  const { runAsUser: user, runAsGroup: group = user } = pod.securityContext ?? {};
  if (typeof user !== "number" || user === 0) return;
  const owner = `${user}:${String(group)}`;
  if (metadata.annotations?.[ownedAnnotation] === owner) return;
  const container = ownContainer({ name, spec: pod });
  const ofState = (container.volumeMounts ?? []).filter((mount) => stateVolumes.includes(mount.name));
  const places = mountsOf({ ...container, volumeMounts: ofState }, pod.volumes).map(({ from }, index) => ({
    ...{ from, at: `/clawforce/own/${index}`, readOnly: false },
  }));
  const { exitCode, stderr } = await runJob(cluster, {
    ...{ workload: name, purpose: "ownership of its state", image: container.image ?? "", deadline, places },
    argv: ["chown", owner, ...places.map(({ at }) => at)],
  });
  if (exitCode !== 0) {
    throw new OperationFailure(`chown of the state of ${name} ended with ${exitCode}: ${stderr.trim()}`);
  }
  await note(cluster, found, { [ownedAnnotation]: owner });
}
