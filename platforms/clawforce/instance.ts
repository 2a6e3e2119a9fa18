import type Docker from "dockerode";
import type { ControlPlaneClient } from "../../lifecycle/control-plane/client.ts";
import { inspectContainer } from "../docker/client.ts";
import { OperationFailure } from "../failure.ts";
import { managingControlPlane } from "./recognise.ts";

/** One instance that a running control plane made, and the two ways to it. */
export interface ManagedContext {
  /** Name of the instance and of its container: `bot-support-1`. */
  instance: string;
  /** The way through which it is changed. */
  client: ControlPlaneClient;
  /** The host that it runs on: images are pulled there, and what really runs is read there. */
  docker: Docker;
  /** A line for the operator who watches. */
  progress: (line: string) => void;
}

/** What an instance is, by the word of the control plane and by that of the Docker host. */
export interface ManagedState {
  id: number;
  status: string;
  /** The reference in its row; null follows the default image. */
  containerImage: string | null;
  /** `<reference> (sha256:<12 digits>)`, as the control plane shows it. */
  liveImageInfo: string | null;
  /** Undefined when there is no container. */
  container: ManagedContainer | undefined;
}

export interface ManagedContainer {
  id: string;
  /** The reference that it was made with. */
  image: string;
  /** The image that it really runs. */
  imageId: string;
  startedAt: string;
  running: boolean;
  restarts: number;
  /** Undefined for an image without a health check. */
  health: string | undefined;
  exitCode: number;
}

export async function readManaged(context: ManagedContext): Promise<ManagedState> {
  const row = await context.client.instanceNamed(context.instance);
  return {
    id: row.id,
    status: row.status,
    containerImage: row.container_image ?? null,
    liveImageInfo: row.live_image_info ?? null,
    container: await readContainer(context),
  };
}

async function readContainer({ docker, instance }: ManagedContext): Promise<ManagedContainer | undefined> {
  const found = await inspectContainer(docker, instance);
  if (found === undefined) {
    return undefined;
  }
  if (managingControlPlane(found.Config.Labels ?? {}) === undefined) {
    throw new OperationFailure(
      `${instance} is a container that no control plane manages (it has no label managed-by): it is not touched. ` +
        "Name the instance as the control plane does, or take `managed` out of its group.",
    );
  }
  return {
    id: found.Id,
    image: found.Config.Image,
    imageId: found.Image,
    startedAt: found.State.StartedAt,
    running: found.State.Running && !found.State.Restarting,
    restarts: found.RestartCount,
    health: found.State.Health?.Status,
    exitCode: found.State.ExitCode,
  };
}

/** The gateway's token as its container has it, for the checks inside. Held in memory only. */
export function gatewayTokenOf(environment: readonly string[], variable: string): string {
  const entry = environment.find((each) => each.startsWith(`${variable}=`));
  return entry?.slice(variable.length + 1) ?? "";
}
