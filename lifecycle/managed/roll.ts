import type { ManagedState, SetImageBy } from "../../platforms/control-plane.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { until } from "../../platforms/until.ts";
import { secondsSince } from "../update/step.ts";
import type { ManagedContext } from "./context.ts";

/** An image on the Docker host, by the reference that is set and by what it really is. */
interface WantedImage {
  reference: string;
  imageId: string;
}

/** An image that an instance ran, and how its row says so. */
export interface ReleaseOfInstance {
  /** For the instance's row; null follows the default image. */
  row: string | null;
  /** What must really run; it has to be on the host. */
  wanted: WantedImage;
  setImage: SetImageBy;
}

/** Brings an image to the host by its digest: a restart does not pull, and the control plane's own update can't. */
export async function prePull(
  { instance, progress }: ManagedContext,
  reference: string,
): Promise<WantedImage> {
  if (!reference.includes("@sha256:")) {
    throw new OperationFailure(
      `${reference} has no digest, so what it names can change. Write it with one: \`fleet pin\` finds it.`,
    );
  }
  const { how, imageId } = await instance.fetch(reference);
  progress(`pull: ${reference} ${how}`);
  return { reference, imageId };
}

/** Null lets it follow the default image. */
export async function setImage(
  { instance, progress }: ManagedContext,
  image: string | null,
  by: SetImageBy,
): Promise<void> {
  const way = await instance.setImage(image, by);
  progress(way === "none" ? "image: set already" : `image: set to ${image ?? "the default"} (${way})`);
}

/** Why an instance does not serve the wanted image; undefined when it does. */
export function shortfallOf(state: ManagedState, wanted: WantedImage): string | undefined {
  const { container } = state;
  if (container === undefined) return `it has no container (the control plane says: ${state.status})`;
  if (container.imageId !== wanted.imageId) return `it runs ${container.image}`;
  if (!shows(state.liveImageInfo ?? "", wanted)) {
    return `the control plane shows the image ${state.liveImageInfo ?? "of none"}`;
  }
  if (!container.running) return `its container ended with exit code ${container.exitCode}`;
  if (container.health !== undefined && container.health !== "healthy")
    return `its container is ${container.health}`;
  return state.status === "running" ? undefined : `the control plane says ${state.status}`;
}

/**
 * `REFERENCE (first digits of its id)`. The id is enough: what was started by its tag is the same image, and is not started anew
 * for another name.
 */
function shows(liveImageInfo: string, { reference, imageId }: WantedImage): boolean {
  const [, id = ""] = /\((\S+)\)$/.exec(liveImageInfo) ?? [];
  const isSame = id.length >= shortId && imageId.startsWith(id);
  return isSame || liveImageInfo.startsWith(`${reference} (`);
}

/** `sha256:` and twelve digits. */
const shortId = 19;

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
  { wanted, deadline }: { wanted: WantedImage /** Seconds. */; deadline: number },
): Promise<void> {
  const { instance, progress } = context;
  const began = performance.now();
  if (shortfallOf(await instance.read(), wanted) === undefined) {
    progress("restart: not needed");
    return;
  }
  if (!(await instance.restart()).answered) {
    progress("restart: no answer; looking at what runs");
  }
  await untilServing(context, wanted, deadline);
  progress(`restart: runs ${wanted.reference} (${secondsSince(began)} s)`);
}

/** Waits until the instance runs the wanted image and its container is healthy. */
export async function untilServing(
  { instance }: ManagedContext,
  wanted: WantedImage,
  deadline: number,
): Promise<void> {
  const { name } = instance;
  const failure = (shortfall: string, why = "") =>
    new OperationFailure(
      `${name} does not serve ${wanted.reference}${why}: ${shortfall}. Its log says why: \`docker logs ${name}\`.`,
    );
  await until(
    async () => {
      const state = await instance.read();
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
