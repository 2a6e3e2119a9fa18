import { hostname } from "node:os";
import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import { OperationFailure } from "../failure.ts";
import { type HeldLock, type LockHolder, type LockRequest, lockName, whileHeld } from "../lock.ts";
import { inspectContainer, isNotFound } from "./client.ts";
import { ensureImage } from "./image.ts";

const lockLabel = "clawforce.lock";

/** Seconds without a beat after which a holder counts as dead: its machine lost power, or is cut off. */
const patience = 60;
const beatSeconds = 10;
/** Seconds that lie between the creation and the start of a lock at most; one that takes longer is left over. */
const startPatience = 15;

/** Ends when its input does, which is when the process of the holder ends, and when no line comes in for `patience`. */
const script = `while read -r -t ${patience} _; do :; done`;

/**
 * Runs `work` while no other deployer, on whatever machine, holds the same lock. The lock is a container on the Docker
 * host, because what it guards is there: its name is given once at a time, and it ends with the process that made it.
 */
export async function withHostLock<T>(
  docker: Docker,
  request: LockRequest,
  work: () => Promise<T>,
): Promise<T> {
  await ensureImage(docker, request.image);
  const unstarted = new Map<string, number>();
  const take = () => taken(docker, request, unstarted);
  return whileHeld(request, { where: "on this Docker host", patience, interval: 0.3, take }, work);
}

/** All locks that are held on a Docker host. */
export async function hostLocks(docker: Docker): Promise<LockHolder[]> {
  const found = await docker.listContainers({ filters: { label: [lockLabel] } });
  return found.map(({ Labels }) => holderIn(Labels));
}

/** Ids of locks whose container does not run: they hold nothing, and the next one who wants them removes them. */
export async function deadHostLocks(docker: Docker): Promise<{ id: string; holder: LockHolder }[]> {
  const filters = { label: [lockLabel], status: ["created", "exited", "dead"] };
  const found = await docker.listContainers({ all: true, filters });
  return found.map(({ Id, Labels }) => ({ id: Id, holder: holderIn(Labels) }));
}

function holderIn(labels: Readonly<Record<string, string>>): LockHolder {
  const label = (name: string) => labels[`${lockLabel}.${name}`] ?? "";
  return {
    kind: labels[lockLabel] ?? "",
    of: label("of"),
    purpose: label("purpose"),
    host: label("host"),
    pid: Number(label("pid")),
    since: label("since"),
  };
}

/** What is left of a holder that is gone is removed, and then it can be had. */
async function taken(
  docker: Docker,
  request: LockRequest,
  unstarted: Map<string, number>,
): Promise<HeldLock | { holder: LockHolder } | undefined> {
  const own = await created(docker, request);
  const held = own && (await started(own, request));
  if (held !== undefined) {
    return held;
  }
  const other = await inspectContainer(docker, lockName(request));
  if (other === undefined) {
    return undefined;
  }
  if (isOver(other, unstarted)) {
    await removeStopped(docker, other.Id);
    return undefined;
  }
  return { holder: holderIn(other.Config.Labels) };
}

/** Undefined when there is one of this name. */
async function created(docker: Docker, request: LockRequest): Promise<Docker.Container | undefined> {
  try {
    return await docker.createContainer({
      name: lockName(request),
      Image: request.image,
      Entrypoint: [],
      Cmd: ["bash", "-c", script],
      User: "65534:65534",
      Labels: labelsOf(request),
      AttachStdin: true,
      AttachStdout: true,
      OpenStdin: true,
      StdinOnce: true,
      HostConfig: { NetworkMode: "none", AutoRemove: true, Memory: 64 * 1024 * 1024, PidsLimit: 16 },
    });
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 409) {
      return undefined;
    }
    throw error;
  }
}

function labelsOf({ kind, of, purpose }: LockRequest): Record<string, string> {
  return {
    [lockLabel]: kind,
    [`${lockLabel}.of`]: of,
    [`${lockLabel}.purpose`]: purpose,
    [`${lockLabel}.host`]: hostname(),
    [`${lockLabel}.pid`]: String(process.pid),
    [`${lockLabel}.since`]: new Date().toISOString(),
  };
}

/** Undefined when another one took it for left over and removed it before it was started. */
async function started(container: Docker.Container, request: LockRequest): Promise<HeldLock | undefined> {
  let stream: NodeJS.ReadWriteStream;
  try {
    stream = await container.attach({ stream: true, hijack: true, stdin: true, stdout: true });
    await container.start();
  } catch (error) {
    await removeForced(container);
    if (isNotFound(error)) {
      return undefined;
    }
    throw error;
  }
  let released = false;
  const lost = new Promise<never>((_, reject) => {
    const fail = () => {
      if (!released) {
        reject(new OperationFailure(describeLost(request)));
      }
    };
    stream.once("end", fail);
    stream.once("close", fail);
    stream.once("error", fail);
  });
  lost.catch(() => {});
  stream.on("error", () => {});
  stream.resume();
  const beat = setInterval(() => stream.write("\n"), beatSeconds * 1000);
  return {
    lost,
    release: async () => {
      released = true;
      clearInterval(beat);
      stream.end();
      try {
        await removeForced(container);
      } finally {
        // An engine that hangs would never close its side, and that would keep this process from ending.
        (stream as Duplex).destroy();
      }
    },
  };
}

/** Whether its holder is gone for certain. One that was just created is about to be started. */
function isOver({ Id, State }: Docker.ContainerInspectInfo, unstarted: Map<string, number>): boolean {
  if (State.Status !== "created") {
    return State.Status === "exited" || State.Status === "dead";
  }
  const since = unstarted.get(Id) ?? Date.now();
  unstarted.set(Id, since);
  return Date.now() - since > startPatience * 1000;
}

/** By its id and without force: whatever runs under it by now stays. */
export async function removeStopped(docker: Docker, id: string): Promise<void> {
  try {
    await docker.getContainer(id).remove();
  } catch (error) {
    if (!isGoing(error)) {
      throw error;
    }
  }
}

async function removeForced(container: Docker.Container): Promise<void> {
  try {
    await container.remove({ force: true });
  } catch (error) {
    if (!isGoing(error)) {
      throw error;
    }
  }
}

/** Gone, being removed, or started meanwhile. */
function isGoing(error: unknown): boolean {
  return isNotFound(error) || (error as { statusCode?: number }).statusCode === 409;
}

function describeLost({ kind, of }: LockRequest): string {
  return (
    `the lock ${lockName({ kind, of })} on the Docker host is gone. Somebody else may work on the same, so this work was given up. ` +
    "Either the Docker engine was restarted, or this machine stood still. Run `fleet recover`, then try again."
  );
}
