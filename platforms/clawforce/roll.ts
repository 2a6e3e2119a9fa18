import { UnknownOutcome } from "../../lifecycle/control-plane/client.ts";
import { secondsSince } from "../../lifecycle/update/step.ts";
import { ensureImage } from "../docker/image.ts";
import { OperationFailure } from "../failure.ts";
import { until } from "../until.ts";
import type { SetImageOptions } from "./image.ts";
import { type ManagedContext, type ManagedState, readManaged } from "./instance.ts";

/** An image on the Docker host, by the reference that is set and by what it really is. */
export interface WantedImage {
  reference: string;
  imageId: string;
}

/** An image that an instance ran, and how its row says so. */
export interface ReleaseOfInstance {
  /** For the instance's row; null follows the default image. */
  row: string | null;
  /** What must really run; it has to be on the host. */
  wanted: WantedImage;
  setImage: Pick<SetImageOptions, "way" | "database">;
}

export interface ManagedRoll {
  kind: "managed-roll";
  instance: string;
  image: string;
  container: string;
  startedAt: string;
  /** False when it ran that image already. */
  restarted: boolean;
  seconds: number;
}

/** Brings an image to the host by its digest: a restart does not pull, and the control plane's own update can't. */
export async function prePull(context: ManagedContext, reference: string): Promise<WantedImage> {
  if (!reference.includes("@sha256:")) {
    throw new OperationFailure(
      `${reference} has no digest, so what it names can change. Write it with one: \`fleet pin\` finds it.`,
    );
  }
  const how = await ensureImage(context.docker, reference);
  context.progress(`pull: ${reference} ${how}`);
  return { reference, imageId: await imageIdOf(context, reference) };
}

async function imageIdOf({ docker }: ManagedContext, reference: string): Promise<string> {
  return (await docker.getImage(reference).inspect()).Id;
}

/** Why an instance does not serve the wanted image; undefined when it does. */
export function shortfallOf(state: ManagedState, wanted: WantedImage): string | undefined {
  const { container } = state;
  if (container === undefined) return `it has no container (the control plane says: ${state.status})`;
  if (container.imageId !== wanted.imageId) return `it runs ${container.image}`;
  if (!(state.liveImageInfo ?? "").startsWith(`${wanted.reference} (`)) {
    return `the control plane shows the image ${state.liveImageInfo ?? "of none"}`;
  }
  if (!container.running) return `its container ended with exit code ${container.exitCode}`;
  if (container.health !== undefined && container.health !== "healthy")
    return `its container is ${container.health}`;
  return state.status === "running" ? undefined : `the control plane says ${state.status}`;
}

/** More restarts by themselves than this: it will not come up. */
const mostRestarts = 2;

/** The statuses that nothing leaves by itself. */
const ended = ["error", "failed"];

/**
 * Has the control plane make the container anew, and waits until the wanted image is what really runs. Never judged by the
 * state of a task: one that succeeded may have changed nothing.
 */
export async function rollInstance(
  context: ManagedContext,
  options: { wanted: WantedImage /** Seconds. */; deadline: number },
): Promise<ManagedRoll> {
  const { client, instance } = context;
  const { wanted, deadline } = options;
  const began = performance.now();
  let state = await readManaged(context);
  const restarted = shortfallOf(state, wanted) !== undefined;
  if (restarted) {
    try {
      await client.restart(state.id);
    } catch (error) {
      if (!(error instanceof UnknownOutcome)) {
        throw error;
      }
      context.progress("restart: no answer; looking at what runs");
    }
    state = await untilServing(context, wanted, deadline);
  }
  const { container } = state;
  if (container === undefined) {
    throw new OperationFailure(`the container ${instance} is gone.`);
  }
  const seconds = secondsSince(began);
  context.progress(restarted ? `restart: runs ${wanted.reference} (${seconds} s)` : "restart: not needed");
  return {
    kind: "managed-roll",
    instance,
    image: wanted.reference,
    container: container.id,
    startedAt: container.startedAt,
    restarted,
    seconds,
  };
}

/** Waits until the instance runs the wanted image and its container is healthy. */
export async function untilServing(
  context: ManagedContext,
  wanted: WantedImage,
  deadline: number,
): Promise<ManagedState> {
  const failure = (shortfall: string, why = "") =>
    new OperationFailure(
      `${context.instance} does not serve ${wanted.reference}${why}: ${shortfall}. Its log says why: \`docker logs ${context.instance}\`.`,
    );
  return until(
    async () => {
      const state = await readManaged(context);
      const shortfall = shortfallOf(state, wanted);
      if (shortfall === undefined) return { found: state };
      const hopeless =
        ended.includes(state.status) ||
        (state.container?.imageId === wanted.imageId && state.container.restarts > mostRestarts);
      if (hopeless) throw failure(shortfall);
      return { waitsFor: shortfall };
    },
    { deadline, interval: 0.5, late: (shortfall) => failure(shortfall, ` after ${deadline} s`) },
  );
}
